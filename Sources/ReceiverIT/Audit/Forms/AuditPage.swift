internal import DiodeProtocol

/// The report as one page that an auditor can keep, print and mail: nothing in it is loaded from elsewhere and nothing runs.
///
/// Lists are cut where a reader would give up, and say how much was left out, so that ten thousand gaps stay below a megabyte; JSON and
/// CSV have everything. All text from outside is escaped, and the page's own policy allows styles alone.
struct AuditPage {
    private let report: AuditReport

    init(_ report: AuditReport) { self.report = report }

    var text: String {
        let names = report.links.map { Self.escaped($0.link) }.joined(separator: ", ")
        var text = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta name="generator" content="\(Self.escaped(report.madeBy))">
            <title>Audit of \(names), \(ShownTime.text(report.generatedAt)) UTC</title>
            <style>
            \(PageStyle.css)
            </style>
            </head>
            <body>

            """
        for link in report.links { text += PageSections(link, report: report).text }
        text += """
            <footer>
            <p>Made by \(Self.escaped(report.madeBy)) on \(ShownTime.text(report.generatedAt)) UTC, exit \
            \(report.exit.rawValue). All times are UTC. A gap is a run of records that did not come in time: open while it can still \
            be filled, healed once it was, lost once the sender no longer has it. Every record that the sender numbered is \
            counted once: sent = delivered + late + missing + lost.</p>
            </footer>
            </body>
            </html>

            """
        return text
    }

    /// Text in HTML, as content or in a quoted attribute.
    static func escaped(_ text: String) -> String {
        let line = ShownText.line(text)
        guard line.utf8.contains(where: { "&<>\"'".utf8.contains($0) }) else { return line }
        var result = ""
        for scalar in line.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
