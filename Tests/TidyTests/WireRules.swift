/// docs/WIRE.md numbers its rules, each once, and a rule that says MUST has a test that names it.
enum WireRules {
    static let document = "docs/WIRE.md"

    static func findings(in tree: ProjectTree) -> [Finding] {
        var findings: [Finding] = []
        var rules: [String: (line: Int, must: Bool)] = [:]
        var current: String?
        for line in tree.lines(of: document) {
            if let rule = line.text.firstMatch(of: definition) {
                let id = String(rule.output.1)
                if rules[id] != nil { findings.append(Finding(document, line: line.number, "\(id) is defined twice")) }
                rules[id] = (line.number, false)
                current = id
            } else if !line.text.hasPrefix("  ") {
                current = nil
            }
            if let id = current, line.text.contains(/\bMUST\b/) { rules[id]?.must = true }
        }
        let tests = tree.paths(under: "Tests/", ending: ".swift").filter { !$0.hasPrefix("Tests/TidyTests/") }
        let tested = Set(tests.flatMap { TestName.all(in: tree.files[$0] ?? "").flatMap { ids(in: $0.text) } })
        for (id, rule) in rules.sorted(by: { $0.value.line < $1.value.line }) where rule.must && !tested.contains(id) {
            findings.append(Finding(document, line: rule.line, "no test is named for \(id)"))
        }
        return findings
    }

    /// The rules that the document defines.
    static func defined(in tree: ProjectTree) -> Set<String> {
        Set(tree.lines(of: document).compactMap { $0.text.firstMatch(of: definition).map { String($0.output.1) } })
    }

    static func ids(in text: some StringProtocol) -> [String] {
        String(text).matches(of: /\bW-\d+\b/).map { String($0.output) }
    }

    private static var definition: Regex<(Substring, Substring)> { /^- \*\*(W-\d+)\*\*/ }
}
