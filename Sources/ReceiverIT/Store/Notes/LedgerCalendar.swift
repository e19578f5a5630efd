internal import DiodeProtocol
package import Time

/// What time alone brings into the ledger: balances, and steps of the clock.
///
/// A balance stands for the instant a quarter of an hour ends, in UTC, so that a day begins with one in every zone. It is noted by the
/// first transaction behind that instant, before its changes, and so is the account as of the last one before it.
package struct LedgerCalendar: Sendable {
    private static let quarter: UInt64 = 900_000
    /// Clocks are also slewed, by far less between two looks.
    private static let stepMilliseconds: Int64 = 1_000

    private var lastQuarter: UInt64
    /// Real time minus monotonic time.
    private var offset: Int64

    package init(time: UnixMilliseconds, now: MonotonicInstant) {
        lastQuarter = time.rawValue / Self.quarter
        offset = Self.offset(time, now)
    }

    /// The instant that a balance is due for; nil if none is. Each is asked for until `noted`.
    package func dueBalance(_ time: UnixMilliseconds) -> UnixMilliseconds? {
        let quarter = time.rawValue / Self.quarter
        return quarter > lastQuarter ? UnixMilliseconds(rawValue: quarter * Self.quarter - 1) : nil
    }

    package mutating func noted(_ balance: UnixMilliseconds) { lastQuarter = (balance.rawValue + 1) / Self.quarter }

    /// By how many milliseconds the clock was set since the last call; nil if it was not. A machine that slept steps too.
    package mutating func step(_ time: UnixMilliseconds, now: MonotonicInstant) -> Int64? {
        let next = Self.offset(time, now)
        defer { offset = next }
        let step = next - offset
        guard abs(step) >= Self.stepMilliseconds else { return nil }
        lastQuarter = min(lastQuarter, time.rawValue / Self.quarter)
        return step
    }

    private static func offset(_ time: UnixMilliseconds, _ now: MonotonicInstant) -> Int64 {
        Int64(clamping: time.rawValue) - Int64(clamping: now.nanoseconds / 1_000_000)
    }
}
