/// A table of the page. Cells are HTML already.
struct PageTable {
    private let columns: [String]
    private let numbers, unbroken: Set<Int>

    /// - Parameters:
    ///   - numbers: columns that stand to the right.
    ///   - unbroken: columns whose lines are not broken.
    init(_ columns: [String], numbers: Set<Int> = [], unbroken: Set<Int> = []) {
        self.columns = columns
        self.numbers = numbers
        self.unbroken = unbroken
    }

    func text(rows: [[String]]) -> String {
        var text = "<div class=\"scroll\"><table>\n"
        if columns.contains(where: { !$0.isEmpty }) {
            text += "<thead><tr>"
            for (index, column) in columns.enumerated() { text += cell("th", index, column) }
            text += "</tr></thead>\n"
        }
        text += "<tbody>\n"
        for row in rows {
            text += "<tr>"
            for (index, content) in row.enumerated() { text += cell("td", index, content) }
            text += "</tr>\n"
        }
        return text + "</tbody></table></div>\n"
    }

    private func cell(_ tag: String, _ index: Int, _ content: String) -> String {
        let style = numbers.contains(index) ? " class=\"n\"" : unbroken.contains(index) ? " class=\"w\"" : ""
        return "<\(tag)\(style)>\(content)</\(tag)>"
    }
}
