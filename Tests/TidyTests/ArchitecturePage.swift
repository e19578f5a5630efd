/// docs/ARCHITECTURE.md shows the project as it is: every room has its line, every stage of the drawing is a file.
///
/// A room is a target of Swift below `Sources`; its line names its folder, as `Sources/Shared/MQTT`.
enum ArchitecturePage {
    static let document = "docs/ARCHITECTURE.md"

    static func findings(in tree: ProjectTree) -> [Finding] {
        let text = tree.files[document] ?? ""
        let rooms = PackageManifest(tree).targets.values.map { String($0.folder.dropLast()) }.filter {
            $0.hasPrefix("Sources/") && !tree.paths(under: $0 + "/", ending: ".swift").isEmpty
        }
        let nameless = rooms.sorted().filter { !text.contains("`\($0)`") }
        return nameless.map { Finding(document, "does not say what `\($0)` is for") } + stages(in: tree)
    }

    /// In a fenced drawing, the word after the border of a box is a stage, `│ GapTracker   order, once, holes │`, or a folder.
    private static func stages(in tree: ProjectTree) -> [Finding] {
        let paths = tree.paths(under: "Sources/", ending: ".swift").map { $0.split(separator: "/") }
        let files = Set(paths.compactMap(\.last))
        let folders = Set(paths.flatMap { $0.dropLast() })
        var fenced = false
        return tree.lines(of: document).flatMap { line -> [Finding] in
            if line.text.hasPrefix("```") { fenced.toggle() }
            guard fenced else { return [] }
            return line.text.matches(of: /│ ([A-Z][A-Za-z]+)/).map(\.output.1)
                .filter { !files.contains($0 + ".swift") && !folders.contains($0) }
                .map { Finding(document, line: line.number, "draws \($0), which no source file is named for") }
        }
    }
}
