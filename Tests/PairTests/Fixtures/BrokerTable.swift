/// The table of docs/BROKERS.md, from the cases and limitations that the tests hold the brokers to.
enum BrokerTable {
    static let rows = [FidelityCase.before] + FidelityCase.live

    /// Markdown: a row for each case, a column for each broker, and the notes.
    static var text: String {
        let columns = BrokerColumn.allCases
        var lines = [
            "| case | " + columns.map(\.rawValue).joined(separator: " | ") + " |",
            "|---|" + String(repeating: "---|", count: columns.count),
        ]
        for row in rows {
            let cells = columns.map { column in
                let notes = column.limitations(row).map(letter).joined(separator: " ")
                return notes.isEmpty ? "✓" : notes
            }
            lines.append("| \(row.name) | " + cells.joined(separator: " | ") + " |")
        }
        lines.append("")
        lines += BrokerLimitation.allCases.map { "- **\(letter($0))**: \($0.rawValue)" }
        return lines.joined(separator: "\n")
    }

    private static func letter(_ limitation: BrokerLimitation) -> String {
        let index = BrokerLimitation.allCases.firstIndex(of: limitation) ?? 0
        return String(Array("abcdefghijklmnopqrstuvwxyz")[index])
    }
}
