internal import DiodeProtocol
internal import Time

/// Decides when the next slice of the state is due, so that a round covers all of it in one period, steadily (ADR 0011).
///
/// ```text
/// hash     0 ├────────┼─────┼───────────────┼─────┤ 2⁶⁴      a slice that begins at h is due at
/// time   round     slice  slice           slice  next round    round + h / 2⁶⁴ · period
/// ```
///
/// Hashes are spread evenly, so the state's slices are spread evenly over the period, whatever their number. If slices leave
/// more slowly than that (the link gives them a tenth of its rate when it is busy), the round takes longer: what was missed is not
/// made up for in a burst, except for `catchUp` of it. The length of the last round goes into the beat.
struct Carousel {
    private let period: UInt64
    private let catchUp: UInt64

    private(set) var hasBegun = false
    /// Rounds are counted from 1 in each epoch, slices from 0 in each round.
    private(set) var round: UInt64 = 0
    private(set) var slice: UInt64 = 0
    /// Where the next slice begins.
    private(set) var from = TopicHash(rawValue: 0)
    /// From the beginning of the last complete round to its end, or to the next one's beginning if that was later.
    private(set) var lastRound: Duration?
    private var roundBegan: UInt64 = 0
    /// When the round would have begun if all of it had been in time.
    private var roundShouldBegin: UInt64 = 0

    /// - Parameter period: above zero.
    init(period: Duration) {
        precondition(period > .zero, "a round has a period")
        self.period = period.nanoseconds
        catchUp = self.period / 16
    }

    /// Starts the first round: what the slots hold is the whole state.
    mutating func begin(_ now: MonotonicInstant) {
        guard !hasBegun else { return }
        hasBegun = true
        startRound(now.nanoseconds)
    }

    /// When the next slice is due; nil before the first round.
    var deadline: MonotonicInstant? { hasBegun ? MonotonicInstant(nanoseconds: due) : nil }

    /// Says that the slice that begins at `from` was made.
    mutating func made(through to: TopicHash, isLast: Bool, now: MonotonicInstant) {
        let late = now.nanoseconds > due ? now.nanoseconds - due : 0
        if late > catchUp { roundShouldBegin += late - catchUp }
        guard isLast else {
            slice += 1
            from = TopicHash(rawValue: to.rawValue + 1)
            return
        }
        let end = max(roundShouldBegin + period, now.nanoseconds)
        lastRound = .nanoseconds(Int64(end - roundBegan))
        startRound(end)
    }

    private mutating func startRound(_ at: UInt64) {
        round += 1
        slice = 0
        from = TopicHash(rawValue: 0)
        roundBegan = at
        roundShouldBegin = at
    }

    private var due: UInt64 { roundShouldBegin + from.rawValue.multipliedFullWidth(by: period).high }
}
