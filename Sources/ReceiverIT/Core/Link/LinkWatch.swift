internal import Account
internal import DiodeProtocol
internal import Time

/// What the sender says about itself, and whether it is heard at all.
///
/// ```text
///              first block                 silence_timeout without one
///  offline ───────────────▶ online ◀──┐  ┌──────────────▶ stale
///                              ▲      │  │                  │
///             all is well again │   degraded ◀── any block ──┘
///                              └── something is missing, or an alarm
/// ```
///
/// Silence is measured from the newest frame that brought something new, so that replayed frames cannot keep a dead link
/// alive.
struct LinkWatch: Sendable {
    private let silenceTimeout: Duration
    private(set) var state = LinkState.offline
    private(set) var since: UnixMilliseconds
    private(set) var reason = "nothing was heard yet"
    private(set) var beat: Beat?
    /// When something new last came.
    private(set) var heardAt: MonotonicInstant?
    private(set) var heardUntil: UnixMilliseconds?
    /// The sender's clock minus ours, over all beats: extremes of an offset that includes the way here.
    private(set) var clockOffsetMilliseconds: ClosedRange<Int64>?
    /// The same, of the newest beat that this process has heard.
    private var newestOffset: Int64?
    /// What the sender's key signed and what was refused since the last beat that was accepted.
    private var refused: RefusedStatement?

    /// - Parameter stored: what an earlier process had heard.
    init(silenceTimeout: Duration, restoring stored: StoredLink? = nil, time: UnixMilliseconds) {
        self.silenceTimeout = silenceTimeout
        since = time
        guard let stored, stored.heardUntil != nil else { return }
        state = .stale
        reason = Self.silenceSinceStart
        beat = stored.beat
        heardUntil = stored.heardUntil
        clockOffsetMilliseconds = stored.clockOffsetMilliseconds
    }

    private static let silenceSinceStart = "nothing was heard since the receiver started"

    /// A frame brought something new.
    mutating func hear(now: MonotonicInstant, time: UnixMilliseconds) {
        heardAt = now
        heardUntil = time
        if case .implausible = refused { return }
        refused = nil
    }

    /// What was signed and is refused is the reason why the link is not well, until a beat is accepted or something new is heard.
    mutating func note(_ refused: RefusedStatement) { self.refused = refused }

    /// A beat was accepted.
    mutating func note(_ beat: Beat, time: UnixMilliseconds) {
        self.beat = beat
        refused = nil
        let offset = Int64(clamping: beat.clock.rawValue) - Int64(clamping: time.rawValue)
        newestOffset = offset
        let known = clockOffsetMilliseconds ?? offset...offset
        clockOffsetMilliseconds = min(known.lowerBound, offset)...max(known.upperBound, offset)
    }

    /// The sender's clock against ours by the newest beat; nil before the first.
    var clockDifference: ClockDifference? { newestOffset.map(ClockDifference.init(milliseconds:)) }

    /// What the sender's clock shows when ours shows `time`, less the time that a beat is on its way; nil before the first beat.
    func sourceClock(at time: UnixMilliseconds) -> UnixMilliseconds? {
        guard let newestOffset else { return nil }
        let (sum, isOver) = Int64(clamping: time.rawValue).addingReportingOverflow(newestOffset)
        return isOver || sum < 0 ? nil : UnixMilliseconds(rawValue: UInt64(sum))
    }

    /// Works the state out again.
    /// - Parameter missing: records in open gaps.
    /// - Returns: the state if it changed.
    mutating func update(missing: UInt64, now: MonotonicInstant, time: UnixMilliseconds) -> LinkState? {
        let (next, why) = judge(missing: missing, now: now)
        reason = why
        guard next != state else { return nil }
        state = next
        since = time
        return next
    }

    /// When silence becomes staleness.
    var nextDeadline: MonotonicInstant? {
        guard state != .stale, state != .offline, let heardAt else { return nil }
        return heardAt.advanced(by: silenceTimeout)
    }

    /// In a quiet plant the link is stale between two beats whatever the sender does; in words.
    private var shortTimeout: String? {
        guard let beat, silenceTimeout < .milliseconds(beat.periodMilliseconds) else { return nil }
        return
            "silence_timeout is \(silenceTimeout), less than the \(beat.periodMilliseconds) ms between the sender's beats:"
            + " raise it to three periods or more"
    }

    private func judge(missing: UInt64, now: MonotonicInstant) -> (LinkState, String) {
        guard let heardAt else {
            return heardUntil == nil
                ? (.offline, refused?.description ?? "nothing was heard yet")
                : (.stale, refused?.description ?? Self.silenceSinceStart)
        }
        if heardAt.advanced(by: silenceTimeout) <= now {
            return (.stale, refused?.description ?? shortTimeout ?? "nothing was heard for \(silenceTimeout)")
        }
        if let refused { return (.degraded, refused.description) }
        if missing > 0 { return (.degraded, "\(missing) records are missing") }
        if let alarm = beat?.alarms.first { return (.degraded, "the sender says: \(alarm)") }
        if let broker = beat?.broker, !broker.isOnline { return (.degraded, "the sender has no OT broker") }
        if beat?.isDurable == false { return (.degraded, "the sender cannot write its journal") }
        if let shortTimeout { return (.degraded, shortTimeout) }
        let clock = clockDifference
        return (clock?.isGrave ?? false ? .degraded : .online, clock?.words ?? "")
    }
}
