/// docs/WIRE.md numbers its rules; a rule that says MUST has a test that names it, and nobody names a rule that is not there.
enum WireRules {
    static let document = "docs/WIRE.md"

    static func findings(in tree: ProjectTree) -> [Finding] {
        var findings: [Finding] = []
        var rules: [String: (line: Int, must: Bool)] = [:]
        var current: String?
        for line in tree.lines(of: document) {
            if let rule = line.text.firstMatch(of: /^- \*\*(W-\d+)\*\*/) {
                let id = String(rule.output.1)
                if rules[id] != nil { findings.append(Finding(document, line: line.number, "\(id) is defined twice")) }
                rules[id] = (line.number, false)
                current = id
            } else if !line.text.hasPrefix("  ") {
                current = nil
            }
            if let id = current, line.text.contains(/\bMUST\b/) { rules[id]?.must = true }
        }
        var tested = Set<String>()
        // The samples of these rules are no tests of the wire.
        let readers = (tree.paths(ending: ".swift") + tree.paths(ending: ".md")).filter { path in
            path != document && !path.hasPrefix("Tests/TidyTests/")
        }
        for path in readers {
            for line in tree.lines(of: path) where line.text.contains("W-") {
                for id in ids(in: line.text) where rules[id] == nil {
                    findings.append(Finding(path, line: line.number, "names \(id), which \(document) does not define"))
                }
            }
            if path.hasPrefix("Tests/") { tested.formUnion(testNames(tree.files[path] ?? "").flatMap(ids)) }
        }
        for (id, rule) in rules.sorted(by: { $0.value.line < $1.value.line }) where rule.must && !tested.contains(id) {
            findings.append(Finding(document, line: rule.line, "no test is named for \(id)"))
        }
        return findings
    }

    private static func ids(in text: some StringProtocol) -> [String] {
        String(text).matches(of: /\bW-\d+\b/).map { String($0.output) }
    }

    private static func testNames(_ text: String) -> [String] {
        guard text.contains("@Test") else { return [] }
        return text.matches(of: /@(?:Test|Suite)\(\s*"([^"]*)"/).map { String($0.output.1) }
    }
}
