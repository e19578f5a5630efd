extension Duration {
    /// Whole nanoseconds, never negative, at most `UInt64.max`.
    @inlinable public var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return .max }
        let (sum, carried) = whole.addingReportingOverflow(UInt64(attoseconds) / 1_000_000_000)
        return carried ? .max : sum
    }

    /// Whole milliseconds, never negative, at most `UInt64.max`.
    @inlinable public var milliseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000)
        guard !overflow else { return .max }
        let (sum, carried) = whole.addingReportingOverflow(UInt64(attoseconds) / 1_000_000_000_000_000)
        return carried ? .max : sum
    }
}
