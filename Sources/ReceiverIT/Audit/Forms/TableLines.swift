/// Lines that fit a width, and rows of columns in them.
struct TableLines {
    let width: Int
    private(set) var text = ""

    init(width: Int) { self.width = width }

    /// A line as it is, cut at the width.
    mutating func line(_ line: String = "") {
        text += ShownText.keepingStart(line, columns: width)
        text += "\n"
    }

    /// A line that must not be cut.
    mutating func whole(_ line: String) { text += line + "\n" }

    /// A heading over a section.
    mutating func heading(_ title: String) {
        line()
        line("  " + title)
    }

    /// Words in as many lines as they need, each indented.
    mutating func wrapped(_ words: String, indent: Int) {
        let margin = String(repeating: " ", count: indent)
        var line = ""
        for word in words.split(separator: " ") {
            let next = line.isEmpty ? margin + word : line + " " + word
            if ShownText.columns(next) > width, !line.isEmpty {
                self.line(line)
                line = margin + word
            } else {
                line = next
            }
        }
        if !line.isEmpty { self.line(line) }
    }

    /// Rows of equal columns: each as wide as its widest cell, two spaces between, numbers to the right.
    mutating func rows(_ rows: [[String]], rightAligned: Set<Int> = [], indent: Int = 4) {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            rows.map { column < $0.count ? ShownText.columns($0[column]) : 0 }.max() ?? 0
        }
        for row in rows {
            var line = String(repeating: " ", count: indent)
            for (column, cell) in row.enumerated() {
                let gap = String(repeating: " ", count: widths[column] - ShownText.columns(cell))
                if column > 0 { line += "  " }
                line += rightAligned.contains(column) ? gap + cell : cell + (column == row.count - 1 ? "" : gap)
            }
            self.line(line)
        }
    }
}
