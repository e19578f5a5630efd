/// What the documents point at exists: files, headings, `make` targets and the source files they name.
enum DocumentLinks {
    static func findings(in tree: ProjectTree) -> [Finding] {
        let targets = Set(
            tree.lines(of: "Makefile").compactMap {
                $0.text.firstMatch(of: /^([a-z-]+):(?:[^=]|$)/).map { String($0.output.1) }
            })
        return tree.paths(ending: ".md").flatMap { document in
            var fenced = false
            return tree.lines(of: document).flatMap { line -> [Finding] in
                if line.text.hasPrefix("```") { fenced.toggle() }
                var complaints = makeTargets(line.text, fenced: fenced, known: targets)
                if !fenced {
                    complaints += links(line.text, from: document, in: tree) + paths(line.text, in: tree)
                }
                return complaints.map { Finding(document, line: line.number, $0) }
            }
        }
    }

    /// `[text](place#heading)`, relative to the document.
    private static func links(_ line: Substring, from document: String, in tree: ProjectTree) -> [String] {
        line.matches(of: /\]\(([^)\s]+)\)/).compactMap { match in
            let parts = match.output.1.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
            if match.output.1.contains("://") || match.output.1.hasPrefix("mailto:") { return nil }
            let path = parts[0].isEmpty ? document : resolve(String(parts[0]), from: document)
            guard tree.contains(path) else { return "links to \(path), which does not exist" }
            if parts.count == 2, path.hasSuffix(".md"), !headings(of: path, in: tree).contains(String(parts[1])) {
                return "links to heading #\(parts[1]), which \(path) does not have"
            }
            return nil
        }
    }

    /// `Sources/…`, `Tests/…`, `docs/…`, `deploy/…` between backticks; placeholders (`X`, `*`, `…`) are left alone.
    private static func paths(_ line: Substring, in tree: ProjectTree) -> [String] {
        line.matches(of: /`((?:Sources|Tests|docs|deploy|Fuzz|Demo|Benchmarks)\/[A-Za-z0-9_.\/-]+)`/).compactMap {
            match in
            let path = String(match.output.1)
            let placeholder = path.split(separator: "/").contains { $0 == "X" || $0 == "X.swift" || $0 == "XTests" }
            return placeholder || tree.contains(path) ? nil : "names \(path), which does not exist"
        }
    }

    /// `make demo` in code: between backticks or at the start of a fenced line.
    private static func makeTargets(_ line: Substring, fenced: Bool, known: Set<String>) -> [String] {
        let found =
            fenced
            ? line.matches(of: /(?:^|\$ |&& |sudo )make ([a-z-]+)/).map { String($0.output.1) }
            : line.matches(of: /`(?:sudo )?make ([a-z-]+)[^`]*`/).map { String($0.output.1) }
        return found.filter { !known.contains($0) }.map { "names `make \($0)`, which the Makefile does not have" }
    }

    private static func resolve(_ link: String, from document: String) -> String {
        var parts = document.split(separator: "/").dropLast().map(String.init)
        for part in link.split(separator: "/") where part != "." {
            if part == ".." { parts = parts.dropLast() } else { parts.append(String(part)) }
        }
        return parts.joined(separator: "/")
    }

    /// The anchors that a forge gives to the headings of a document: lower case, punctuation dropped, spaces to dashes.
    private static func headings(of path: String, in tree: ProjectTree) -> Set<String> {
        var fenced = false
        return Set(
            tree.lines(of: path).compactMap { line in
                if line.text.hasPrefix("```") { fenced.toggle() }
                guard !fenced, let heading = line.text.wholeMatch(of: /#{1,6} +(.*)/) else { return nil }
                return String(
                    heading.output.1.lowercased().compactMap { character in
                        if character == " " { return "-" }
                        return character.isLetter || character.isNumber || character == "-" || character == "_"
                            ? character : nil
                    })
            })
    }
}
