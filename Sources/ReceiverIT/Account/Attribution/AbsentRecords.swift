/// Records that have numbers and are not here. Each of them is in one of the three.
public struct AbsentRecords: Hashable, Sendable {
    /// Gone for good.
    public var lost: UInt64 = 0
    /// They may still come.
    public var missing: UInt64 = 0
    /// One of both: they lie in gaps of which some are lost and some are open.
    public var lostOrMissing: UInt64 = 0

    public init(lost: UInt64 = 0, missing: UInt64 = 0, lostOrMissing: UInt64 = 0) {
        self.lost = lost
        self.missing = missing
        self.lostOrMissing = lostOrMissing
    }

    public var sum: UInt64 { lost.plus(missing).plus(lostOrMissing) }

    /// Adds other records, and stops at the most that an account says.
    public mutating func add(_ other: AbsentRecords) {
        lost.add(records: other.lost)
        missing.add(records: other.missing)
        lostOrMissing.add(records: other.lostOrMissing)
    }

    /// What is left once some of these records have been named. Records that are one of both are taken from what is left of lost and missing
    /// together, so that the sum is exact.
    public func without(_ named: AbsentRecords) -> AbsentRecords {
        let all = sum.minus(named.sum)
        let lost = lost.minus(named.lost).minus(named.lostOrMissing)
        let missing = missing.minus(named.missing).minus(named.lostOrMissing)
        return AbsentRecords(lost: lost, missing: missing, lostOrMissing: all.minus(lost.plus(missing)))
    }
}
