/// What a file says to people.
enum Prose {
    /// Comments; of a Markdown document all that is not code. Nothing of what only machines read.
    static func lines(of path: String, in tree: ProjectTree) -> [(line: Int, text: Substring)] {
        let lines = tree.lines(of: path)
        if path.hasSuffix(".md") {
            var fenced = false
            return lines.compactMap { line in
                if line.text.hasPrefix("```") { fenced.toggle() }
                return fenced ? nil : (line.number, line.text)
            }
        }
        if path.hasSuffix(".json") { return [] }
        let mark = [".swift", ".c", ".h", ".json5"].contains(where: path.hasSuffix) ? "//" : "#"
        return lines.compactMap { line in
            line.text.ranges(of: mark).first { range in
                range.lowerBound == line.text.startIndex || line.text[line.text.index(before: range.lowerBound)] != ":"
            }.map { (line.number, line.text[$0.upperBound...]) }
        }
    }
}
