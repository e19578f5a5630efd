/// docs/ARCHITECTURE.md shows the project as it is: every room has its line, every stage of the drawing is a file.
enum ArchitecturePage {
    static let document = "docs/ARCHITECTURE.md"

    static func findings(in tree: ProjectTree) -> [Finding] {
        let text = tree.files[document] ?? ""
        let rooms = Set(
            tree.paths(under: "Sources/", ending: ".swift").compactMap { $0.split(separator: "/").dropFirst().first })
        let nameless = rooms.sorted().filter { !text.contains("`Sources/\($0)`") }
        return nameless.map { Finding(document, "does not say what `Sources/\($0)` is for") }
            + stages(in: tree, rooms: rooms)
    }

    /// In a fenced drawing, the word after the border of a box is a stage: `│ GapTracker   order, once, holes │`.
    private static func stages(in tree: ProjectTree, rooms: Set<Substring>) -> [Finding] {
        let names = Set(tree.paths(under: "Sources/", ending: ".swift").compactMap { $0.split(separator: "/").last })
        var fenced = false
        return tree.lines(of: document).flatMap { line -> [Finding] in
            if line.text.hasPrefix("```") { fenced.toggle() }
            guard fenced else { return [] }
            return line.text.matches(of: /│ ([A-Z][A-Za-z]+)/).map(\.output.1)
                .filter { !names.contains($0 + ".swift") && !rooms.contains($0) }
                .map { Finding(document, line: line.number, "draws \($0), which no source file is named for") }
        }
    }
}
