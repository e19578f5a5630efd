/// Which faults hit a receiver in which condition, how often.
public struct FaultCoverage: Sendable, CustomStringConvertible {
    private struct Cell: Hashable {
        var fault: SimulatedFault
        var condition: ReceiverCondition
    }

    private var counts: [Cell: Int] = [:]

    public init() {}

    public mutating func note(_ fault: SimulatedFault, in condition: ReceiverCondition) {
        counts[Cell(fault: fault, condition: condition), default: 0] += 1
    }

    public mutating func add(_ other: FaultCoverage) { counts.merge(other.counts, uniquingKeysWith: +) }

    /// How many faults there were.
    public var faults: Int { counts.values.reduce(0, +) }

    /// Combinations that never happened, by name.
    public var empty: [String] {
        SimulatedFault.allCases.flatMap { fault in
            ReceiverCondition.allCases.filter { counts[Cell(fault: fault, condition: $0)] == nil }
                .map { "\(fault.rawValue) × \($0.rawValue)" }
        }
    }

    /// The table: a row for each fault, a column for each condition.
    public var description: String {
        let head = [""] + ReceiverCondition.allCases.map(\.rawValue)
        let rows = SimulatedFault.allCases.map { fault in
            [fault.rawValue]
                + ReceiverCondition.allCases.map { String(counts[Cell(fault: fault, condition: $0)] ?? 0) }
        }
        let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
        return ([head] + rows).map { row in
            row.indices.map { column in
                let space = String(repeating: " ", count: widths[column] - row[column].count)
                return column == 0 ? row[column] + space : space + row[column]
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}
