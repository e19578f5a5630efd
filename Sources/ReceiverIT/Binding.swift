import DiodeProtocol
import Storage

// Values of this room as columns.

extension Statement {
    /// Binds values one behind the other, the first as parameter `first`.
    mutating func bind(from first: Int, _ values: [UInt64?]) {
        for (offset, value) in values.enumerated() {
            if let value { bind(first + offset, unsigned: value) } else { bindNull(first + offset) }
        }
    }

    /// Runs with these values, counted from parameter 1.
    mutating func run(_ values: UInt64?...) throws(StorageError) {
        bind(from: 1, values)
        try run()
    }

    /// A number that may be NULL.
    borrowing func optional(_ column: Int) -> UInt64? { isNull(column) ? nil : unsigned(column) }

    /// Epoch and sequence side by side, both or neither NULL.
    borrowing func stamp(_ column: Int) -> Stamp? {
        guard !isNull(column) else { return nil }
        return Stamp(
            epoch: Epoch(rawValue: unsigned(column)), sequence: SequenceNumber(rawValue: unsigned(column + 1)))
    }

    borrowing func bytes(_ column: Int) -> [UInt8] { blob(column).withUnsafeBytes { Array($0) } }
}
