/// The table of threads in docs/ARCHITECTURE.md has every name that the source gives to a `WorkerThread`, and no other.
enum ThreadTable {
    static let document = "docs/ARCHITECTURE.md"

    static func findings(in tree: ProjectTree) -> [Finding] {
        let (rows, complaints) = rows(in: tree)
        var started: Set<Substring> = []
        var findings = complaints
        for path in tree.paths(under: "Sources/", ending: ".swift")
        where tree.files[path]?.contains("WorkerThread(") == true {
            let code = tree.lines(of: path).map { line in
                line.text.firstRange(of: "//").map { line.text[..<$0.lowerBound] } ?? line.text
            }
            let text = code.joined(separator: "\n")
            let names = text.matches(of: /\bWorkerThread\(\s*name: "([^"\\]+)"/).map(\.output.1)
            if text.ranges(of: "WorkerThread(").count > names.count {
                findings.append(Finding(path, "starts a thread whose name is not written there"))
            }
            for name in names where started.insert(name).inserted && !rows.contains(name) {
                findings.append(Finding(path, "starts the thread \(name), which \(document) does not list"))
            }
        }
        return findings
            + rows.subtracting(started).sorted().map {
                Finding(document, "lists the thread \($0), which nobody starts")
            }
    }

    /// The names in the second column of the table below the heading `Threads`.
    private static func rows(in tree: ProjectTree) -> (names: Set<Substring>, complaints: [Finding]) {
        var names: Set<Substring> = []
        var complaints: [Finding] = []
        var isInside = false
        for line in tree.lines(of: document) {
            if line.text.hasPrefix("## ") { isInside = line.text == "## Threads" }
            guard isInside, let name = line.text.firstMatch(of: /^\|[^|]+\| `([^`]+)`/)?.output.1 else { continue }
            if !names.insert(name).inserted {
                complaints.append(Finding(document, line: line.number, "lists the thread \(name) twice"))
            }
        }
        return (names, complaints)
    }
}
