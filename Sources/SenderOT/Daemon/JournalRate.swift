internal import Time

/// At which rate the journal was written lately: no clock.
///
/// ```text
/// start ── 60 s ── 10 min ──▶
///   none │ the lesser of the last two │ the last ten minutes
///        │ halves of a minute         │
/// ```
/// A start brings the whole retained set at once, which is no rate. So before ten minutes have passed only what both halves of the last
/// minute have brought counts.
struct JournalRate: Sendable {
    private static let step: UInt64 = 10_000_000_000
    private static let stepsOfHalf = 3
    private static let stepsOfWhole = 60

    private struct Mark {
        let at: MonotonicInstant
        let bytes: UInt64
    }

    /// At least a step apart, ascending; at most ``stepsOfWhole`` and one.
    private var marks: [Mark] = []

    /// - Parameter bytes: what has been written since the start.
    /// - Returns: bytes a second; nil before the first minute is over.
    mutating func note(_ bytes: UInt64, at now: MonotonicInstant) -> UInt64? {
        if marks.last.map({ now.nanoseconds >= $0.at.nanoseconds &+ Self.step }) ?? true {
            marks.append(Mark(at: now, bytes: bytes))
            if marks.count > Self.stepsOfWhole + 1 { marks.removeFirst() }
        }
        let half = Self.stepsOfHalf
        if marks.count > Self.stepsOfWhole { return rate(from: 0, to: marks.count - 1) }
        guard marks.count > 2 * half else { return nil }
        let last = marks.count - 1
        return min(rate(from: last - half, to: last), rate(from: last - 2 * half, to: last - half))
    }

    private func rate(from: Int, to: Int) -> UInt64 {
        let seconds = max((marks[to].at.nanoseconds - marks[from].at.nanoseconds) / 1_000_000_000, 1)
        return (marks[to].bytes - min(marks[from].bytes, marks[to].bytes)) / seconds
    }
}
