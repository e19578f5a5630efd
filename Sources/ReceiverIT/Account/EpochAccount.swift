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
