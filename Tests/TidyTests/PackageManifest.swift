/// What Package.swift says: its targets, their arrows and the Debian packages it names.
///
/// It reads the text, in the handful of forms that our Package.swift uses (`room("X", [...])`, `command`, `tests`, `system` and
/// `.target(name:)`); `unknownFolders` finds what it could not read.
struct PackageManifest {
    struct Target: Equatable {
        let name: String
        let dependencies: Set<String>
        let folder: String
    }

    private(set) var targets: [String: Target] = [:]
    private(set) var debianPackages: [String] = []

    init(_ tree: ProjectTree) {
        let text = tree.lines(of: "Package.swift").map { line in
            line.text.firstRange(of: "//").map { line.text[..<$0.lowerBound] } ?? line.text
        }.joined(separator: "\n")
        let lists = Self.namedLists(text)
        for call in text.matches(of: /(?:\b(room|command|tests|system)\(\s*|(\.target)\(\s*name:\s*)"([^"]+)"/) {
            let kind = String(call.output.1 ?? "target")
            let name = String(call.output.3)
            let arguments = Self.restOfCall(text, from: call.range.upperBound).replacing(
                /exclude:\s*\[[^\]]*\]/, with: "")
            var dependencies = Set<String>()
            if kind != "system" {
                for list in arguments.matches(of: /\[([^\]]*)\]/) {
                    dependencies.formUnion(Self.strings(list.output.1))
                }
                for plus in arguments.matches(of: /\+\s*([a-z]\w*)/) {
                    dependencies.formUnion(lists[String(plus.output.1)] ?? [])
                }
            }
            if kind == "tests" { dependencies.formUnion(["TestKit", "Time"]) }
            let path = arguments.firstMatch(of: /path:\s*"([^"]+)"/).map { String($0.output.1) }
            let folder = path ?? (kind == "tests" ? "Tests/" : "Sources/") + name
            targets[name] = Target(name: name, dependencies: dependencies, folder: folder + "/")
            if kind == "system" {
                let quoted = Self.strings(arguments.prefix { $0 != ":" })
                if let package = quoted.dropFirst().first { debianPackages.append(package) }
            }
        }
    }

    /// Everything that `name` reaches by arrows, without itself.
    func reach(of name: String) -> Set<String> {
        var found = Set<String>()
        var open = [name]
        while let next = open.popLast() {
            for dependency in targets[next]?.dependencies ?? [] where found.insert(dependency).inserted {
                open.append(dependency)
            }
        }
        return found
    }

    /// The target whose folder holds this file.
    func target(holding path: String) -> Target? {
        targets.values.filter { path.hasPrefix($0.folder) }.max { $0.folder.count < $1.folder.count }
    }

    /// Folders of sources that no target claims: the manifest changed its form, or a target was forgotten.
    static func unknownFolders(_ tree: ProjectTree) -> [Finding] {
        let manifest = PackageManifest(tree)
        var findings = manifest.targets.values.filter { !tree.contains($0.folder) }.map {
            Finding("Package.swift", "target \($0.name) has no folder \($0.folder)")
        }
        for path in tree.paths(ending: ".swift") where path.hasPrefix("Sources/") || path.hasPrefix("Tests/") {
            if path.split(separator: "/").count > 2, manifest.target(holding: path) == nil {
                findings.append(Finding(path, "belongs to no target of Package.swift"))
            }
        }
        return findings.sorted { $0.description < $1.description }
    }

    /// `let shared: [Target.Dependency] = [ … ]`
    private static func namedLists(_ text: String) -> [String: [String]] {
        var lists: [String: [String]] = [:]
        for list in text.matches(of: /let (\w+): \[Target\.Dependency\] = \[([^\]]*)\]/) {
            lists[String(list.output.1)] = strings(list.output.2)
        }
        return lists
    }

    /// What stands between `start` and the parenthesis that closes the call.
    private static func restOfCall(_ text: String, from start: String.Index) -> Substring {
        var depth = 1
        var index = start
        while index < text.endIndex {
            if text[index] == "(" { depth += 1 }
            if text[index] == ")" { depth -= 1 }
            if depth == 0 { return text[start..<index] }
            index = text.index(after: index)
        }
        return text[start...]
    }

    private static func strings(_ text: some StringProtocol) -> [String] {
        String(text).matches(of: /"([^"]*)"/).map { String($0.output.1) }
    }
}
