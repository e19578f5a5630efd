/// The index of docs/adr is the folder, and what supersedes what is said on both pages and in the index.
///
/// A page begins with `# 0009 Title`; its state stands before its first section. There a sentence with "supersedes" links to the
/// pages of which it takes over a part, one with "superseded" to those that took over a part of it.
enum DecisionPages {
    static let folder = "docs/adr/"
    static let index = "docs/adr/README.md"

    private struct Page {
        let path: String
        let number: String
        let title: Substring?
        let hasState: Bool
        let relations: Relations
    }

    private struct Relations: Equatable {
        var supersedes: Set<String> = []
        var supersededBy: Set<String> = []

        /// Reads sentences.
        init(_ text: String) {
            for sentence in text.split(separator: /[.;]\s|\.$/) {
                let links = sentence.matches(of: /\]\((\d{4})-[^)]*\)/).map { String($0.output.1) }
                if sentence.contains("upersedes") { supersedes.formUnion(links) }
                if sentence.contains("uperseded") { supersededBy.formUnion(links) }
            }
        }
    }

    static func findings(in tree: ProjectTree) -> [Finding] {
        let pages = tree.paths(under: folder, ending: ".md").filter { $0 != index }.map { page($0, in: tree) }
        return pages.flatMap(form) + mutual(pages) + rows(pages, in: tree)
    }

    private static func page(_ path: String, in tree: ProjectTree) -> Page {
        let number = String(path.dropFirst(folder.count).prefix(4))
        let head = tree.lines(of: path).prefix { !$0.text.hasPrefix("## ") }.map(\.text)
        let title = head.first?.wholeMatch(of: /# (\d{4}) (\S.*)/).flatMap { $0.output.1 == number ? $0.output.2 : nil }
        // One sentence for the whole list below "Superseded in part:".
        let text = head.dropFirst().joined(separator: " ").replacing(";", with: ",")
        return Page(
            path: path, number: number, title: title, hasState: head.contains { $0.hasPrefix("State: ") },
            relations: Relations(text))
    }

    private static func form(_ page: Page) -> [Finding] {
        (page.title == nil ? [Finding(page.path, line: 1, "does not begin with `# \(page.number) ` and a title")] : [])
            + (page.hasState ? [] : [Finding(page.path, "has no line `State: …` before its first section")])
    }

    private static func mutual(_ pages: [Page]) -> [Finding] {
        let relations = Dictionary(pages.map { ($0.number, $0.relations) }, uniquingKeysWith: { first, _ in first })
        return pages.flatMap { page in
            page.relations.supersedes.sorted().filter { relations[$0]?.supersededBy.contains(page.number) != true }
                .map { Finding(page.path, "supersedes \($0), which does not say so") }
                + page.relations.supersededBy.sorted().filter {
                    relations[$0]?.supersedes.contains(page.number) != true
                }
                .map { Finding(page.path, "is superseded by \($0), which does not say so") }
        }
    }

    private static func rows(_ pages: [Page], in tree: ProjectTree) -> [Finding] {
        var findings: [Finding] = []
        var last = ""
        var listed: Set<String> = []
        for line in tree.lines(of: index) {
            guard let match = line.text.wholeMatch(of: /\| \[(\d{4})\]\(([^)]+)\) \| (.+) \| (.+) \|/) else { continue }
            func complain(_ text: String) { findings.append(Finding(index, line: line.number, text)) }
            let number = String(match.output.1)
            if number <= last { complain("lists \(number) behind \(last)") }
            last = number
            listed.insert(folder + match.output.2)
            guard let page = pages.first(where: { $0.path == folder + match.output.2 }), page.number == number else {
                complain("lists \(number), which is not \(match.output.2)")
                continue
            }
            if let title = page.title, title != match.output.3 { complain("calls \(number) otherwise than its page") }
            if Relations(String(match.output.4)) != page.relations {
                complain("does not say of \(number) what its page says it supersedes or is superseded by")
            }
        }
        return findings + pages.filter { !listed.contains($0.path) }.map { Finding($0.path, "is missing in \(index)") }
    }
}
