/// The list of mutants that `make mutants` builds: each one still applies, so that a change of a source reminds of those in it.
enum MutantList {
    static let path = "Tests/mutants/accounting.txt"

    private struct Mutant {
        let name: String
        let line: Int
        var meaning = ""
        var suite: String?
        var file = ""
        var old = ""
        var new = ""
    }

    /// How many there are.
    static func count(in tree: ProjectTree) -> Int { mutants(in: tree).count }

    static func findings(in tree: ProjectTree) -> [Finding] {
        var findings: [Finding] = []
        var names: Set<String> = []
        for mutant in mutants(in: tree) {
            func complain(_ text: String) {
                findings.append(Finding(path, line: mutant.line, "\(mutant.name) \(text)"))
            }
            if !names.insert(mutant.name).inserted { complain("is there twice") }
            if mutant.meaning.isEmpty { complain("does not say what goes wrong") }
            let places = tree.files[mutant.file].map { mutant.old.isEmpty ? 0 : $0.ranges(of: mutant.old).count } ?? 0
            if places != 1 { complain("applies in \(places) places of \(mutant.file)") }
            if mutant.old == mutant.new { complain("changes nothing") }
            if let suite = mutant.suite, !hasSuite(suite, in: tree) { complain("names no suite: \(suite)") }
        }
        return findings
    }

    /// Whether a folder of tests has the suite `Module.Suite`.
    private static func hasSuite(_ name: String, in tree: ProjectTree) -> Bool {
        let words = name.split(separator: ".")
        guard words.count == 2 else { return false }
        return tree.files.contains { path, text in
            path.hasPrefix("Tests/\(words[0])/") && text.contains("struct \(words[1]) {")
        }
    }

    private static func mutants(in tree: ProjectTree) -> [Mutant] {
        var mutants: [Mutant] = []
        for (number, text) in tree.lines(of: path) {
            if text.hasPrefix("## ") {
                mutants.append(Mutant(name: String(text.dropFirst(3)), line: number))
                continue
            }
            guard var mutant = mutants.popLast() else { continue }
            if text.hasPrefix("file: ") {
                mutant.file = String(text.dropFirst(6))
            } else if text.hasPrefix("test: ") {
                mutant.suite = String(text.dropFirst(6))
            } else if text.hasPrefix("-") {
                mutant.old += text.dropFirst() + "\n"
            } else if text.hasPrefix("+") {
                mutant.new += text.dropFirst() + "\n"
            } else {
                mutant.meaning += text
            }
            mutants.append(mutant)
        }
        return mutants
    }
}
