internal import DiodeProtocol

/// The report as one page that an auditor can keep, print and mail: nothing in it is loaded from elsewhere and nothing runs.
///
/// Lists are cut where a reader would give up, and say how much was left out, so that ten thousand gaps stay below a megabyte; JSON and
/// CSV have everything. All text from outside is escaped, and the page's own policy allows styles alone.
struct AuditPage {
    private let report: AuditReport

    init(_ report: AuditReport) { self.report = report }

    var text: String {
        let names =
            report.links.count > 3
            ? "\(report.links.count) links" : report.links.map { Self.escaped($0.link) }.joined(separator: ", ")
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
        if report.links.count > 1 { text += overview }
        for link in report.worstFirst { text += PageSections(link, report: report).text }
        text += """
            <footer>
            <h2>What the words mean</h2>
            <p>\(AuditGlossary.exitCode)</p>
            \(Self.exits)
            <p>\(AuditGlossary.epoch)</p>
            <p>\(AuditGlossary.gap) \(AuditGlossary.sums)</p>
            <p>\(Self.escaped(AuditGlossary.atMost))</p>
            <p>Made by \(Self.escaped(report.madeBy)) on \(ShownTime.text(report.generatedAt)) UTC, exit \
            \(report.exit.rawValue). All times are UTC.</p>
            </footer>
            </body>
            </html>

            """
        return text
    }

    /// One row a link, the worst first.
    private var overview: String {
        let lines = report.worstFirst.map(LinkSummary.init).map { summary in
            "<li>\(Self.code(summary.exit)) <b>\(Self.escaped(summary.link.link))</b> "
                + "<small>\(summary.lost) lost, \(summary.missing) missing</small> "
                + "<span>\(Self.escaped(summary.reason))</span></li>\n"
        }
        return
            "<main>\n<section>\n<h2>\(report.summary)</h2>\n<ul class=\"links\">\n\(lines.joined())</ul>\n</section>\n</main>\n"
    }

    private static func code(_ exit: AuditExit) -> String {
        "<b class=\"code exit\(exit.rawValue)\">exit \(exit.rawValue)</b>"
    }

    private static var exits: String {
        let rows = AuditGlossary.exits.map { [code($0.exit), $0.text] }
        return PageTable(["", ""], unbroken: [0]).text(rows: rows)
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
