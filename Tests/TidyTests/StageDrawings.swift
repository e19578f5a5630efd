/// A folder's entry file draws its part of the journey: it lists every other file and every folder beside it once, in order.
///
/// The form is `//   FrameListener.swift — what it does`, for a folder `//   Order/ — what it does`. The entry file of a folder
/// `Sources/X` is `X.swift`, of a command `diode-send` `DiodeSend.swift`. A folder that holds folders only and is no target, as
/// `Sources/Shared`, needs no entry file.
enum StageDrawings {
    /// How many Swift files a folder holds at most beside its entry file: as many as a reader takes in from one list.
    static let mostFiles = 15

    static func findings(in tree: ProjectTree) -> [Finding] {
        var files: [String: [String]] = [:]
        for path in tree.paths(ending: ".swift") where isDrawn(folder(of: path)) {
            files[folder(of: path), default: []].append(path)
        }
        for target in PackageManifest(tree).targets.values where files[target.folder] == nil {
            if isDrawn(target.folder), files.keys.contains(where: { $0.hasPrefix(target.folder) }) {
                files[target.folder] = []
            }
        }
        return files.keys.sorted().flatMap { folder in
            findings(
                folder: folder, files: files[folder] ?? [],
                folders: Set(files.keys.compactMap { nextFolder(from: folder, to: $0) }), in: tree)
        }
    }

    private static func findings(
        folder: String, files: [String], folders: Set<String>, in tree: ProjectTree
    ) -> [Finding] {
        let entry = folder + entryName(of: folder)
        guard files.contains(entry) else { return [Finding(folder, "has no entry file \(entryName(of: folder))")] }
        var findings: [Finding] = []
        var listed: Set<String> = []
        let parts = Set(files.map { String($0.dropFirst(folder.count)) }).union(folders)
            .subtracting([entryName(of: folder)])
        for line in tree.lines(of: entry) {
            guard let match = line.text.wholeMatch(of: /\/\/ +(\S+\.swift|[^\s\/]+\/) — \S.*/) else { continue }
            let name = String(match.output.1)
            if !listed.insert(name).inserted {
                findings.append(Finding(entry, line: line.number, "lists \(name) twice"))
            }
            if !parts.contains(name) {
                findings.append(
                    Finding(entry, line: line.number, "lists \(name), which is not another part of this folder"))
            }
        }
        for part in parts.sorted() where !listed.contains(part) {
            findings.append(Finding(folder + part, "is missing in the drawing of \(entry)"))
        }
        if files.count - 1 > mostFiles {
            findings.append(
                Finding(folder, "holds \(files.count - 1) files beside its entry file, more than \(mostFiles)"))
        }
        return findings
    }

    /// Whether a folder has a drawing: sources, benchmarks, demo, and of the tests what more than one of them stands on.
    private static func isDrawn(_ folder: String) -> Bool {
        let parts = folder.split(separator: "/")
        guard parts.count > 1 else { return false }
        switch parts[0] {
        case "Sources", "Benchmarks", "Demo": return true
        case "Tests": return !parts[1].hasSuffix("Tests") || parts.contains("Fixtures")
        default: return false
        }
    }

    private static func folder(of path: String) -> String {
        path.split(separator: "/").dropLast().joined(separator: "/") + "/"
    }

    /// `Order/` for a way from `Sources/X/` to `Sources/X/Order/Deep/`; nil if the latter does not lie in the former.
    private static func nextFolder(from folder: String, to other: String) -> String? {
        guard other.hasPrefix(folder) else { return nil }
        return other.dropFirst(folder.count).split(separator: "/").first.map { $0 + "/" }
    }

    private static func entryName(of folder: String) -> String {
        let name = folder.split(separator: "/").last ?? ""
        guard name.contains("-") else { return name + ".swift" }
        return name.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined() + ".swift"
    }
}
