/// A table of the page. Cells are HTML already.
///
/// On a narrow screen each row is a card: a cell below the other, each with its column's name beside it (`PageStyle`). So nothing lies beyond
/// the edge.
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
        let name = tag == "td" && index < columns.count ? columns[index] : ""
        return "<\(tag)\(style)\(name.isEmpty ? "" : " data-name=\"\(name)\"")>\(content)</\(tag)>"
    }
}
