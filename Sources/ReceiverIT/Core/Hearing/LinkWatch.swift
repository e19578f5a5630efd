internal import Account
internal import DiodeProtocol
internal import Time

/// What the sender says about itself, whether it is heard at all, and how late: what of it the link is judged by (`LinkVerdict`).
///
/// Silence is measured from the newest beat that was accepted: a newer one, of the newest epoch. Nothing else keeps a link alive: not records or
/// slices, not symbols of one block that somebody held back, not what is played again (ADR 0025).
struct LinkWatch: Sendable {
    private let silenceTimeout: Duration
    private let freshness: Freshness
    private(set) var verdict: LinkVerdict
    private(set) var since: UnixMilliseconds
    private(set) var facts: LinkFacts
    private(set) var beat: Beat?
    /// How the newest beat came.
    private(set) var form: WireForm?
    private var lag = BeatLag()
    /// When a beat was last accepted.
    private var heardAt: MonotonicInstant?
    private(set) var heardUntil: UnixMilliseconds?
    /// When something new of another channel last came.
    private var othersAt: MonotonicInstant?
    /// The sender's clock minus ours, over all beats: extremes of an offset that includes the way here.
    private(set) var clockOffsetMilliseconds: ClosedRange<Int64>?
    /// The same, of the newest beat that this process has heard.
    private var newestOffset: Int64?
    /// What the sender's key signed and what was refused since the last beat that was accepted.
    private var refused: RefusedStatement?

    /// - Parameters:
    ///   - stored: what an earlier process had heard.
    ///   - form: how the newest beat of it came.
    ///   - clockOffsetMilliseconds: the sender's clock minus ours, over all beats of it.
    init(
        silenceTimeout: Duration, freshness: Freshness, restoring stored: SenderRow? = nil, form: WireForm? = nil,
        clockOffsetMilliseconds: ClosedRange<Int64>? = nil, time: UnixMilliseconds
    ) {
        self.silenceTimeout = silenceTimeout
        self.freshness = freshness
        since = time
        facts = LinkFacts()
        facts.freshness = freshness
        if let stored, stored.heardUntil != nil {
            beat = stored.beat
            self.form = form
            heardUntil = stored.heardUntil
            self.clockOffsetMilliseconds = clockOffsetMilliseconds
            facts.hearing = .notSinceStart
        }
        verdict = facts.verdict
    }

    var state: LinkState { verdict.state }

    /// A frame of another channel brought something new.
    mutating func hearOther(now: MonotonicInstant) { othersAt = now }

    /// What was signed and is refused is the reason why the link is not well, until a beat is accepted.
    mutating func note(_ refused: RefusedStatement) { self.refused = refused }

    /// What of the paths, and of the link's senders, is not well; nil: nothing.
    mutating func note(pathTrouble: String?) { facts.pathTrouble = pathTrouble }
    mutating func note(senderTrouble: String?) { facts.senderTrouble = senderTrouble }

    /// A beat was accepted.
    /// - Parameter isFirst: of its epoch.
    mutating func note(
        _ beat: Beat, _ form: WireForm?, isFirst: Bool, now: MonotonicInstant, time: UnixMilliseconds
    ) {
        self.beat = beat
        self.form = form
        heardAt = now
        heardUntil = time
        refused = nil
        lag.note(beat, isFirst: isFirst, now: now)
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

    /// Judges again.
    /// - Parameter missing: records in open gaps.
    /// - Returns: whether the state changed.
    mutating func update(missing: UInt64, now: MonotonicInstant, time: UnixMilliseconds) -> Bool {
        collect(missing: missing, now: now)
        let before = verdict.state
        verdict = facts.verdict
        guard verdict.state != before else { return false }
        since = time
        return true
    }

    /// When silence becomes staleness.
    var nextDeadline: MonotonicInstant? {
        guard !state.isSilent, let heardAt else { return nil }
        return heardAt.advanced(by: silenceTimeout)
    }

    private mutating func collect(missing: UInt64, now: MonotonicInstant) {
        if let heardAt {
            let isSilent = heardAt.advanced(by: silenceTimeout) <= now
            facts.hearing = isSilent ? .silent(silenceTimeout) : .heard
        }
        facts.hearsOthers = hearsOthers(now)
        facts.refused = refused?.description
        facts.shortTimeout = shortTimeout
        facts.lag = lag.lag
        facts.missing = missing
        facts.alarm = beat?.alarms.first
        facts.otBrokerFault = beat?.broker.flatMap { $0.isOnline ? nil : $0.reason }
        facts.isDurable = beat?.isDurable
        facts.clock = clockDifference
    }

    /// Whether others still come where beats do not: what came right behind the last beat is of the same time as that, so that a link that is cut
    /// is not taken for one that lets some frames through.
    private func hearsOthers(_ now: MonotonicInstant) -> Bool {
        guard let othersAt, othersAt.advanced(by: silenceTimeout) > now else { return false }
        return heardAt.map { $0.advanced(by: silenceTimeout / 2) < othersAt } ?? true
    }

    /// In a quiet plant the link is stale between two beats whatever the sender does; in words.
    private var shortTimeout: String? {
        guard let beat, silenceTimeout < .milliseconds(beat.periodMilliseconds) else { return nil }
        return
            "silence_timeout is \(silenceTimeout.words), less than the \(beat.periodMilliseconds) ms between the sender's beats:"
            + " raise it to three periods or more"
    }
}
