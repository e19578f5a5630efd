/// The double entry of one epoch. At every instant `sent = delivered + late + missing + lost`.
public struct EpochAccount: Sendable, Equatable {
    /// Records that came in order.
    public package(set) var delivered: UInt64 = 0
    /// Records that filled a gap, or came after a newer epoch had begun.
    public package(set) var late: UInt64 = 0
    /// Records in open gaps.
    public package(set) var missing: UInt64 = 0
    /// Records that the sender shed, or whose gap was given up.
    public package(set) var lost: UInt64 = 0
    /// Records that came and became void with the sender's power: it repeats them under new numbers. Outside of the sum.
    public package(set) var repeated: UInt64 = 0

    public init() {}

    /// Every record up to the newest decided one.
    public var sent: UInt64 { delivered.plus(late).plus(missing).plus(lost) }

    // What moves from one side to another is at most what is there: who has the sender's key can contradict himself so that two
    // statements take the same records, and the sum has to hold then, too.

    /// Records of gaps came after all.
    package mutating func heal(_ records: UInt64, wereLost: Bool) {
        let moved = min(records, wereLost ? lost : missing)
        if wereLost { lost -= moved } else { missing -= moved }
        late += moved
    }

    /// Records of open gaps are given up.
    package mutating func lose(_ records: UInt64) {
        let moved = min(records, missing)
        missing -= moved
        lost += moved
    }

    /// Records that came stand for some that the sender shed.
    package mutating func shed(_ records: UInt64, wereLate: Bool) {
        let moved = min(records, wereLate ? late : delivered)
        if wereLate { late -= moved } else { delivered -= moved }
        lost += moved
    }

    /// Takes out records that became void, so that the sum holds for what is left, whatever is still known of them.
    /// - Parameters:
    ///   - records: how many, at most ``sent``.
    ///   - missing: of these, those in open gaps.
    ///   - lost: of these, those that are known to be lost. A sender that contradicts itself, and holes without end, leave more of them
    ///     than anybody remembers.
    /// - Returns: how many of them had come: they are `repeated` now.
    package mutating func void(_ records: UInt64, missing: UInt64, lost: UInt64) -> UInt64 {
        var rest = records
        func take(_ count: inout UInt64, atMost limit: UInt64 = .max) {
            let taken = min(rest, count, limit)
            count -= taken
            rest -= taken
        }
        take(&self.missing, atMost: missing)
        take(&self.lost, atMost: lost)
        let others = rest
        take(&delivered)
        take(&late)
        let came = others - rest
        take(&self.lost)
        take(&self.missing)
        repeated.add(records: came)
        return came
    }

    package static func + (a: EpochAccount, b: EpochAccount) -> EpochAccount {
        var sum = a
        sum.delivered.add(records: b.delivered)
        sum.late.add(records: b.late)
        sum.missing.add(records: b.missing)
        sum.lost.add(records: b.lost)
        sum.repeated.add(records: b.repeated)
        return sum
    }
}
