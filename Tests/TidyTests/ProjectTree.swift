import Foundation

/// The text files of a project, by path relative to its root: what every rule of this folder looks at.
///
/// A rule is a pure function from a tree to findings, so that a test can plant a defect and see it found.
struct ProjectTree: Sendable {
    /// Path → text. Files that are not UTF-8 are left out.
    private(set) var files: [String: String]

    init(files: [String: String]) {
        self.files = files
    }

    /// Reads the folder at `root`, without `.git` and without the folders and endings that its `.gitignore` names.
    ///
    /// - Throws: what the file system says when a folder or file cannot be read.
    init(root: URL) throws {
        let ignored = Self.ignoredNames(root: root)
        files = [:]
        try read(folder: root, prefix: "", ignored: ignored)
    }

    /// This project, found from this file's own place in it.
    static func ownProject(filePath: String = #filePath) throws -> ProjectTree {
        let root = URL(fileURLWithPath: filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return try ProjectTree(root: root)
    }

    /// The paths below `folder` (with its final slash; "" is everything) that end in `ending`, in order.
    func paths(under folder: String = "", ending: String = "") -> [String] {
        files.keys.filter { $0.hasPrefix(folder) && $0.hasSuffix(ending) }.sorted()
    }

    /// The lines of a file with their numbers from 1; none if there is no such file.
    func lines(of path: String) -> [(number: Int, text: Substring)] {
        guard let text = files[path] else { return [] }
        return text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map { ($0 + 1, $1) }
    }

    /// Whether a file or folder of this name exists.
    func contains(_ path: String) -> Bool {
        let folder = path.hasSuffix("/") ? path : path + "/"
        return files[path] != nil || folder == "/" || files.keys.contains { $0.hasPrefix(folder) }
    }

    private mutating func read(folder: URL, prefix: String, ignored: IgnoredNames) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() {
            let place = folder.appendingPathComponent(name)
            let values = try place.resourceValues(forKeys: [.isDirectoryKey, .isSymbolicLinkKey])
            // `.git` is a folder, or in a second work tree of one repository a file.
            if values.isSymbolicLink == true || name == ".git" { continue }
            if values.isDirectory == true {
                if ignored.folders.contains(name) || ignored.folders.contains(prefix + name) { continue }
                try read(folder: place, prefix: prefix + name + "/", ignored: ignored)
            } else if !ignored.endings.contains(where: name.hasSuffix),
                let text = String(data: try Data(contentsOf: place), encoding: .utf8)
            {
                files[prefix + name] = text
            }
        }
    }

    private struct IgnoredNames {
        var folders: Set<String> = []
        var endings: [String] = []
    }

    /// Understands the two forms of line that our `.gitignore` uses: `folder/` and `*.ending`.
    private static func ignoredNames(root: URL) -> IgnoredNames {
        var names = IgnoredNames()
        let text = (try? String(contentsOf: root.appendingPathComponent(".gitignore"), encoding: .utf8)) ?? ""
        for line in text.split(separator: "\n") {
            if line.hasSuffix("/") {
                names.folders.insert(String(line.dropLast().drop { $0 == "/" }))
            } else if line.hasPrefix("*.") {
                names.endings.append(String(line.dropFirst()))
            }
        }
        return names
    }
}

/// One place that breaks a rule.
struct Finding: Equatable, CustomStringConvertible {
    let path: String
    let line: Int?
    let complaint: String

    init(_ path: String, line: Int? = nil, _ complaint: String) {
        self.path = path
        self.line = line
        self.complaint = complaint
    }

    var description: String {
        "\n\(path)\(line.map { ":\($0)" } ?? ""): \(complaint)"
    }
}
