/// One measured figure, and that of a peer that did the same work in the same run.
struct BenchRow {
    let name: String
    let value: Double
    let unit: String
    let peer: (name: String, value: Double)?

    init(_ name: String, _ value: Double, _ unit: String, peer: (name: String, value: Double)? = nil) {
        self.name = name
        self.value = value
        self.unit = unit
        self.peer = peer
    }

    /// Our figure divided by the peer's: above 1 is faster where the unit is a rate.
    var ratio: Double? { peer.flatMap { $0.value == 0 ? nil : value / $0.value } }

    /// Prints the rows in columns: name, figure, unit, peer with its figure, ratio.
    static func printTable(_ rows: [BenchRow]) {
        let cells = rows.map { row in
            [
                row.name, shown(row.value), row.unit,
                row.peer.map { "\($0.name) \(shown($0.value))" } ?? "",
                row.ratio.map { "× \(shown($0))" } ?? "",
            ]
        }
        let widths = (0..<5).map { column in cells.map { $0[column].count }.max() ?? 0 }
        for cell in cells {
            let columns = cell.enumerated().map { column, text in
                let padding = String(repeating: " ", count: widths[column] - text.count)
                return column == 0 || column == 2 ? text + padding : padding + text
            }
            print("  " + columns.joined(separator: "  "))
        }
    }

    /// Three significant digits, without exponents.
    private static func shown(_ value: Double) -> String {
        var scale = 1.0
        while abs(value) * scale < 100, scale < 1e6, value != 0 { scale *= 10 }
        let digits = Int((value * scale).rounded(.toNearestOrAwayFromZero))
        let decimals = String(String(Int(scale)).count - 1)
        guard scale > 1 else { return String(digits) }
        let fraction = String(digits % Int(scale))
        let zeros = String(repeating: "0", count: (Int(decimals) ?? 0) - fraction.count)
        return "\(digits / Int(scale)).\(zeros)\(fraction)"
    }
}

/// A case found that a result is not what it must be; nothing is timed then.
struct WrongResult: Error, CustomStringConvertible {
    let name: String

    var description: String { "wrong result: \(name)" }
}
