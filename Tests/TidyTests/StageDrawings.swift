/// A module's entry file draws its journey: it lists every other file of the folder once, in order.
///
/// The form is `//   1. FrameListener.swift — what it does`, numbered from 1. The entry file of `Sources/X` is `X.swift`,
/// of a command `diode-send` `DiodeSend.swift`. It holds for every target but the folders of tests.
enum StageDrawings {
    private static let folders: Set<String> = ["Sources", "Tests", "Demo", "Benchmarks"]

    static func findings(in tree: ProjectTree) -> [Finding] {
        let modules = tree.paths(ending: ".swift").filter { path in
            let parts = path.split(separator: "/")
            return parts.count > 2 && folders.contains(String(parts[0])) && !parts[1].hasSuffix("Tests")
        }
        let byFolder = Dictionary(grouping: modules) { path in
            path.split(separator: "/").prefix(2).joined(separator: "/") + "/"
        }
        return byFolder.keys.sorted().flatMap { folder in
            findings(folder: folder, files: byFolder[folder] ?? [], in: tree)
        }
    }

    private static func findings(folder: String, files: [String], in tree: ProjectTree) -> [Finding] {
        let entry = folder + entryName(of: folder)
        guard tree.files[entry] != nil else { return [Finding(folder, "has no entry file \(entryName(of: folder))")] }
        var findings: [Finding] = []
        var listed: [String] = []
        for line in tree.lines(of: entry) {
            guard let match = line.text.wholeMatch(of: /\/\/ +([0-9]+)\. (\S+\.swift) — \S.*/) else { continue }
            let name = String(match.output.2)
            if Int(match.output.1) != listed.count + 1 {
                findings.append(
                    Finding(entry, line: line.number, "stage \(match.output.1) should be \(listed.count + 1)"))
            }
            if listed.contains(name) { findings.append(Finding(entry, line: line.number, "lists \(name) twice")) }
            if !files.contains(folder + name) || folder + name == entry {
                findings.append(
                    Finding(entry, line: line.number, "lists \(name), which is not another file of this folder"))
            }
            listed.append(name)
        }
        for file in files where file != entry && !listed.contains(String(file.dropFirst(folder.count))) {
            findings.append(Finding(file, "is missing in the drawing of \(entry)"))
        }
        return findings
    }

    private static func entryName(of folder: String) -> String {
        let name = folder.split(separator: "/").last ?? ""
        guard name.contains("-") else { return name + ".swift" }
        return name.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined() + ".swift"
    }
}
