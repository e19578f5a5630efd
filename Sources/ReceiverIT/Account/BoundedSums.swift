// Numbers that came from outside (from the link, a database, a ledger that somebody wrote) are added and subtracted here: a sum that does not
// fit stops at the end of its type instead of ending the process.

extension FixedWidthInteger {
    /// The sum, or the end of the type that it passes.
    package func plus(_ other: Self) -> Self {
        let (sum, isOver) = addingReportingOverflow(other)
        return isOver ? (other > 0 ? .max : .min) : sum
    }

    /// The difference, or the end of the type that it passes.
    package func minus(_ other: Self) -> Self {
        let (difference, isOver) = subtractingReportingOverflow(other)
        return isOver ? (other > 0 ? .min : .max) : difference
    }
}

extension UInt64 {
    /// The most that an account says of a link: four such numbers are still below 2⁶³.
    package static let mostRecords: UInt64 = 1 << 60

    /// Adds a number of records, and stops at ``mostRecords``. One epoch has less than 2⁴⁸ records (`Plausibility`), but whoever has
    /// the sender's key can announce as many epochs as they like.
    package mutating func add(records: UInt64) { self = Swift.min(plus(records), Self.mostRecords) }
}
