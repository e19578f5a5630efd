package import Account
internal import Collections
internal import Crypto
package import DiodeProtocol
internal import ReceiverITCore
package import Storage
internal import Time

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

    /// Binds what a slot adds to the digest; NULL if it holds nothing.
    mutating func bind(_ index: Int, hashOf slot: ReplicaSlot) {
        if slot.state == .held { bind(index, blob: slot.hash.bytes.span.bytes) } else { bindNull(index) }
    }

    /// A slot from its stamp and the hash that is in another column.
    borrowing func slot(_ stampColumn: Int, hash hashColumn: Int) -> ReplicaSlot {
        var slot = ReplicaSlot()
        guard let stamp = stamp(stampColumn) else { return slot }
        slot.stamp = stamp
        guard blob(hashColumn).byteCount == Digest32.byteCount else {
            slot.state = .tombstone
            return slot
        }
        slot.state = .held
        slot.hash = Digest32(loading: blob(hashColumn), at: 0)
        return slot
    }

    /// Numbers of these columns, where NULL is as good as 0.
    /// - Throws: `corrupt` for one that lies beyond 2⁶³: no number here does, and sums of such would not fit.
    borrowing func requireNumbers(
        _ columns: ClosedRange<Int>, of what: String, in database: borrowing Database
    ) throws(StorageError) {
        for column in columns where integer(column) < 0 {
            throw .corrupt(path: database.path, reason: "\(what) with the number \(unsigned(column))")
        }
    }

    /// A number that may be NULL.
    borrowing func optional(_ column: Int) -> UInt64? { isNull(column) ? nil : unsigned(column) }

    /// A time that may be NULL.
    borrowing func time(_ column: Int) -> UnixMilliseconds? { optional(column).map { UnixMilliseconds(rawValue: $0) } }

    /// A value that is stored as a word.
    /// - Throws: `corrupt` for a word that nobody here knows: no value of ours may stand for it.
    borrowing func value<Value: StoredWord>(
        _ column: Int, in database: borrowing Database
    ) throws(StorageError) -> Value {
        guard let value = Value(storedWord: text(column)) else {
            throw .corrupt(path: database.path, reason: "an unknown word \"\(text(column))\" for a \(Value.self)")
        }
        return value
    }

    /// Layer and reason side by side.
    /// - Throws: `corrupt` for words of which nobody here knows one.
    package borrowing func lossCause(_ column: Int, in database: borrowing Database) throws(StorageError) -> LossCause {
        guard let cause = LossCause(storedLayer: text(column), reason: text(column + 1)) else {
            throw .corrupt(
                path: database.path, reason: "a loss of the unknown cause \(text(column)), \(text(column + 1))")
        }
        return cause
    }

    /// Epoch and sequence side by side, both or neither NULL.
    package borrowing func stamp(_ column: Int) -> Stamp? {
        guard !isNull(column) else { return nil }
        return Stamp(
            epoch: Epoch(rawValue: unsigned(column)), sequence: SequenceNumber(rawValue: unsigned(column + 1)))
    }

    package borrowing func bytes(_ column: Int) -> [UInt8] { [UInt8](copying: blob(column)) }
}
