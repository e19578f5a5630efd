/// What no source says, and how long a file may get.
///
/// This file has to spell what it forbids, and is the only one that may.
enum SourceText {
    static let ownPath = "Tests/TidyTests/SourceText.swift"
    static let longestFile = 450

    /// Traps on the way of input, unfinished thoughts, tests that do not run.
    static let forbiddenInCode = ["TODO", "FIXME", "XXX", "fatalError(", "try!", "as!", "XCTSkip", ".disabled("]

    /// Promises that the compiler cannot check: allowed with a comment that says why they hold.
    static let explainedInCode = ["@unchecked Sendable", "nonisolated(unsafe)"]

    /// Places that exist on one machine only.
    static let machineFolders = ["root", "home", "work", "farm", "tmp/h", "tmp/hub.git"]

    /// Names of tools that somebody writes with. The project speaks of itself.
    static let toolNames = ["claude", "chatgpt", "copilot", "subagent", "language model"]

    static func findings(in tree: ProjectTree) -> [Finding] {
        code(in: tree) + machines(in: tree) + lengths(in: tree)
    }

    private static func code(in tree: ProjectTree) -> [Finding] {
        tree.paths(ending: ".swift").filter { $0 != ownPath && $0 != "Package.swift" }.flatMap { path -> [Finding] in
            var findings: [Finding] = []
            var commented = false
            for line in tree.lines(of: path) {
                for word in forbiddenInCode where holds(line.text, word) {
                    findings.append(Finding(path, line: line.number, "holds \(word)"))
                }
                for word in explainedInCode where line.text.contains(word) && !commented && !line.text.contains("//") {
                    findings.append(
                        Finding(path, line: line.number, "\(word) without a comment that says why it is safe"))
                }
                let start = line.text.drop { $0 == " " }
                commented = start.hasPrefix("//") || (commented && start.hasPrefix("@"))
            }
            return findings
        }
    }

    private static func machines(in tree: ProjectTree) -> [Finding] {
        tree.paths().filter { $0 != ownPath && $0 != "LICENSE" }.flatMap { path -> [Finding] in
            var findings: [Finding] = []
            for folder in machineFolders where tree.files[path]?.contains("/\(folder)/") == true {
                for line in tree.lines(of: path) where isAbsolute("/\(folder)/", in: line.text) {
                    findings.append(Finding(path, line: line.number, "holds a path of one machine, /\(folder)/"))
                }
            }
            let lower = (tree.files[path] ?? "").lowercased()
            for name in toolNames where lower.contains(name) {
                findings.append(Finding(path, "holds the word \(name)"))
            }
            return findings
        }
    }

    private static func lengths(in tree: ProjectTree) -> [Finding] {
        tree.paths(under: "Sources/").compactMap { path in
            let count = tree.lines(of: path).count - 1
            return count > longestFile
                ? Finding(path, "has \(count) lines, more than \(longestFile): two ideas in one room?") : nil
        }
    }

    /// Whether `word` occurs, and not as a part of a longer word (the template `XXXXXX` of a temporary name is none).
    private static func holds(_ line: Substring, _ word: String) -> Bool {
        line.ranges(of: word).contains { range in
            let before = range.lowerBound == line.startIndex ? nil : line[line.index(before: range.lowerBound)]
            let after = range.upperBound == line.endIndex ? nil : line[range.upperBound]
            let opensWord = word.first.map { !$0.isLetter } == true || before.map { !isWord($0) } ?? true
            let closesWord = word.last.map { !$0.isLetter } == true || after.map { !isWord($0) } ?? true
            return opensWord && closesWord
        }
    }

    private static func isAbsolute(_ folder: String, in line: Substring) -> Bool {
        line.ranges(of: folder).contains { range in
            guard range.lowerBound != line.startIndex else { return true }
            let before = line[line.index(before: range.lowerBound)]
            return !isWord(before) && before != "." && before != "}" && before != "-"
        }
    }

    private static func isWord(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_"
    }
}
