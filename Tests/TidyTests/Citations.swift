/// Whatever a file cites as its reason is in this repository.
///
/// | form | where it is looked for | what it names |
/// |---|---|---|
/// | `P` `D` `C` and one or two digits, standing alone | comments, test names, Markdown | a heading of docs/PROMISES.md |
/// | `W-` and digits | everywhere | a rule of docs/WIRE.md |
/// | `WIRE §` and a number, and further ones behind a comma | everywhere | a heading of docs/WIRE.md |
/// | `ADR` and four digits, `adr/` and four digits | everywhere | a page of docs/adr |
/// | `docs/`…`.md`, maybe with a comma and a heading in quotes | everywhere | a document, its heading |
///
/// A document that is not here is no reason, so its name is refused. This file has to spell it, and the samples have to spell
/// what is wrong: these are not looked at.
enum Citations {
    static let promises = "docs/PROMISES.md"
    static let wire = "docs/WIRE.md"
    private static let unread = ["Tests/TidyTests/Citations.swift", "Tests/TidyTests/PlantedDefect"]
    /// What an entry of the promises says at least: who shows or argues it, or that nobody does.
    private static let grounds = ["- **Shown by** ", "- **Carried by** ", "- **Not yet**: "]

    /// What may be cited.
    private struct Known {
        let promises: Set<String>
        let rules: Set<String>
        let sections: Set<Substring>
        let pages: Set<Substring>
        let tree: ProjectTree
    }

    static func findings(in tree: ProjectTree) -> [Finding] {
        let (defined, complaints) = definitions(in: tree)
        let known = Known(
            promises: defined, rules: WireRules.defined(in: tree),
            sections: Set(headings(of: wire, in: tree).compactMap { $0.firstMatch(of: /^\d+(?:\.\d+)*/)?.output }),
            pages: Set(tree.paths(under: "docs/adr/", ending: ".md").map { $0.dropFirst("docs/adr/".count).prefix(4) }),
            tree: tree)
        var tested: Set<String> = []
        var findings = complaints
        for path in tree.paths() where !unread.contains(where: path.hasPrefix) {
            let names = path.hasSuffix(".swift") ? TestName.all(in: tree.files[path] ?? "") : []
            if path.hasPrefix("Tests/") { tested.formUnion(names.flatMap { ids(in: $0.text) }) }
            findings += names.filter { $0.text.hasPrefix("§") }.map {
                Finding(path, line: $0.line, "a test is named for a section of nothing")
            }
            for (line, text) in names.map({ ($0.line, $0.text[...]) }) + Prose.lines(of: path, in: tree) {
                findings += ids(in: text).filter { !known.promises.contains($0) }.map {
                    Finding(path, line: line, "cites \($0), which \(promises) does not define")
                }
            }
            for line in tree.lines(of: path) {
                findings += wrong(line.text, of: path, known).map { Finding(path, line: line.number, $0) }
            }
        }
        let untested = defined.filter { $0.hasPrefix("P") && !tested.contains($0) }.sorted()
        return findings + untested.map { Finding(promises, "no test is named for \($0)") }
    }

    /// What is wrong with the citations that are looked for everywhere.
    private static func wrong(_ line: Substring, of path: String, _ known: Known) -> [String] {
        var complaints = line.contains("DESIGN") ? ["cites a DESIGN that is not here"] : []
        if line.contains("W-") {
            complaints += WireRules.ids(in: line).filter { !known.rules.contains($0) }
                .map { "cites \($0), which \(wire) does not define" }
        }
        if line.contains("§") {
            complaints += wireSections(in: line, of: path).filter { !known.sections.contains($0) }
                .map { "cites WIRE §\($0), which \(wire) does not have" }
        }
        if line.contains("ADR") || line.contains("adr/") {
            complaints += decisions(in: line).filter { !known.pages.contains($0) }
                .map { "cites ADR \($0), which docs/adr does not have" }
        }
        if line.contains("docs/") { complaints += documents(in: line, known.tree) }
        if line.contains("](") { complaints += labels(in: line) }
        return complaints
    }

    /// The ids that are headings of the promises, and what is wrong with them.
    private static func definitions(in tree: ProjectTree) -> (defined: Set<String>, complaints: [Finding]) {
        var defined: Set<String> = []
        var complaints: [Finding] = []
        var current: (id: String, line: Int, isGrounded: Bool)?
        func close() {
            guard let entry = current, !entry.isGrounded else { return }
            complaints.append(Finding(promises, line: entry.line, "\(entry.id) does not say who shows or argues it"))
        }
        for line in tree.lines(of: promises) {
            if line.text.hasPrefix("#") {
                close()
                current = nil
                guard let match = line.text.wholeMatch(of: /### ([PDC][1-9][0-9]?) \S.*/) else { continue }
                let id = String(match.output.1)
                if !defined.insert(id).inserted {
                    complaints.append(Finding(promises, line: line.number, "\(id) is defined twice"))
                }
                current = (id, line.number, false)
            } else if grounds.contains(where: line.text.hasPrefix) {
                current?.isGrounded = true
            }
        }
        close()
        return (defined, complaints)
    }

    /// `P9` and the like: not a part of a longer word, of a path or of a number (`0xD7`, `U+C4`, `P-256`).
    static func ids(in text: some StringProtocol) -> [String] {
        let bytes = Array(text.utf8)
        var ids: [String] = []
        var index = 0
        while index < bytes.count {
            let start = index
            index += 1
            guard "PDC".utf8.contains(bytes[start]), start == 0 || !joins(bytes[start - 1], "_-.+/#\\") else {
                continue
            }
            while index < bytes.count, isDigit(bytes[index]) { index += 1 }
            guard 1...2 ~= index - start - 1, bytes[start + 1] != UInt8(ascii: "0"),
                index == bytes.count || !joins(bytes[index], "_")
            else { continue }
            ids.append(String(decoding: bytes[start..<index], as: UTF8.self))
        }
        return ids
    }

    private static func joins(_ byte: UInt8, _ marks: String) -> Bool {
        isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
            || marks.utf8.contains(byte)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

    /// `WIRE §6.1`, `docs/WIRE.md §5, §6`, `WIRE W-09, §5`; in the document itself every § but those of an RFC.
    private static func wireSections(in line: Substring, of path: String) -> [Substring] {
        let lists =
            path == wire
            ? [line.replacing(/RFC \d+ §[\d.]+(?:, §[\d.]+)*/, with: "")]
            : line.matches(of: /WIRE(?:\.md)?`?(?: W-\d+,)? (§[\d.]+(?:(?:, | and | to )§[\d.]+)*)/).map(\.output.1)
        return lists.flatMap { list in list.matches(of: /§(\d+(?:\.\d+)*)/).map(\.output.1) }
    }

    private static func decisions(in line: Substring) -> [Substring] {
        line.matches(of: /\bADR[ -]?(\d+)/).map(\.output.1) + line.matches(of: /\badr\/(\d+)/).map(\.output.1)
    }

    /// `docs/OPERATIONS.md, "Disks"`, whether or not the document is a link.
    private static func documents(in line: Substring, _ tree: ProjectTree) -> [String] {
        line.matches(of: /\b(docs\/[A-Za-z0-9_\/-]+\.md)(?:\]\([^)]*)?\)?(?:, "([^"]+)")?/).compactMap { match in
            let path = String(match.output.1)
            guard tree.files[path] != nil else { return "cites \(path), which does not exist" }
            guard let heading = match.output.2, !headings(of: path, in: tree).contains(heading) else { return nil }
            return "cites \"\(heading)\", which is no heading of \(path)"
        }
    }

    /// A link leads where its text says: `[ADR 0009](adr/0009-…)`, `[P9](PROMISES.md#p9-…)`.
    private static func labels(in line: Substring) -> [String] {
        let pages = line.matches(of: /\[(?:ADR )?(\d{4})\]\(([^)]*)\)/).filter { match in
            let name = match.output.2.split(separator: "/").last ?? ""
            return !name.hasPrefix(match.output.1 + "-")
        }
        let ids = line.matches(of: /\[([PDC]\d+)\]\(([^)]*)\)/).filter { match in
            !match.output.2.contains("PROMISES.md#" + match.output.1.lowercased() + "-")
        }
        return pages.map { "calls \($0.output.2) \($0.output.1)" } + ids.map { "calls \($0.output.2) \($0.output.1)" }
    }

    /// The texts of a document's headings.
    private static func headings(of path: String, in tree: ProjectTree) -> Set<Substring> {
        Set(tree.lines(of: path).compactMap { $0.text.wholeMatch(of: /#{1,6} +(.*)/)?.output.1 })
    }
}
