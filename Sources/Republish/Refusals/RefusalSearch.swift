internal import DiodeProtocol
internal import MQTTProtocol
internal import Outbox
internal import Time

/// Finds the record at which an IT broker ends the connection, or which it never answers: MQTT 3.1.1 has no other way to refuse one.
/// Repeated for ever, such a record would keep everything behind it. A network that breaks looks the same, so a record dies only of evidence
/// that a network cannot give.
///
/// ```text
///     twice: ended, nothing settled; unanswered     ended with one record alone on its way
///  at ease ───────────────────────────────▶ single ───────────────────────────────────────▶ doubting ─▶ three strikes: dead
///     ▲                                one record at a time                                   │
///     ├── 64 in a row settled ───────────────┘                                                │
///     └── the suspect was answered, or a connection ended that did not have it ───────────────┘
///
///  doubting, on each connection:  control ─────────▶ draining ─────────▶ exposed ─────────▶ answered: no suspect
///             without the suspect, for some time,   nothing else is      the suspect alone  ended soon: a strike
///             and then an answer                     on its way
/// ```
///
/// | seen | proves |
/// |---|---|
/// | DISCONNECT with a code that is final, one record alone on its way | that record is refused |
/// | DISCONNECT with a code that means later | nothing of any record |
/// | the connection ended while it had no record, or before control was over | the network: no suspect |
/// | it ended in control, with other records on their way | nothing; the next control is without any from behind the suspect |
/// | control was over, and it ended at the suspect within a tenth of the time that it had stood | a strike |
/// | a message of ours behind the suspect is answered, the suspect is not, for 5 s | a strike |
/// | control was over, and it ended at the suspect later than that, or neither was answered | half a strike; the next control is ten times as long as that took |
/// | three strikes in a row, each after a control twice as long as the one before | the suspect is refused |
///
/// A network that breaks every so often, or each connection after some time, ends a connection within control, or while nothing is on its
/// way, or once within that tenth; not three times in a row with twice the time before it. A topic of which a record was refused already is
/// doubted at once, and one strike is enough (``RefusalMemory``).
struct RefusalSearch: Sendable {
    /// What tells records apart here.
    struct Suspect: Sendable, Equatable {
        let position: OutboxPosition
        /// A hash: what comes behind it on its topic waits with it.
        let topic: Int
    }

    enum Rule: Equatable {
        case goes
        /// The suspect, or what has to stay behind it.
        case withheld
        /// Nothing but the suspect is looked for: this one, and all behind it, waits.
        case waits
        /// The broker refuses it.
        case dead
    }

    private enum Phase {
        case atEase
        case single(settled: Int)
        case doubting(Doubt)
    }

    private struct Doubt {
        let suspect: Suspect
        /// In halves.
        var strikes: Int
        /// How long a connection has to stand before it gets the suspect.
        var control = RefusalSearch.firstControl
        /// Nothing from behind the suspect is on its way in control.
        var isQuiet = false

        var quietly: Doubt {
            var doubt = self
            doubt.isQuiet = true
            return doubt
        }
    }

    private static let losses = 2
    /// In halves.
    private static let (strike, strikes) = (2, 6)
    private static let calm = 64
    private static let firstControl = Duration.milliseconds(500)
    private static let longestControl = Duration.seconds(60)
    /// How long the only record on its way may stay without an answer.
    private static let patience = Duration.seconds(5)

    private var phase = Phase.atEase
    /// Connections in a row that ended with records on their way and had settled none.
    private var fruitless = 0
    /// What is not to be tried again.
    private var dead: OutboxPosition?

    // Of this connection.
    private var connectedAt = MonotonicInstant(nanoseconds: 0)
    private var answeredAt: MonotonicInstant?
    private var hasTakenOurs = false
    private var hasSettled = false
    /// Records on their way, and the newest of them.
    private(set) var inFlight = 0
    private var newest: Suspect?
    private var newestAt = MonotonicInstant(nanoseconds: 0)
    /// When the suspect was handed over, and whether something behind it was answered.
    private var exposedAt: MonotonicInstant?
    private var isProbeAnswered = false
    private var isProbeWanted = false
    /// Control asked for an answer.
    private var isProbeSent = false

    // MARK: What may be published

    var isSearching: Bool {
        if case .atEase = phase { false } else { true }
    }

    /// How many deliveries may be on their way, out of so many.
    func window(_ usual: Int) -> Int {
        if case .single = phase { 1 } else { usual }
    }

    /// Whether deliveries may be published now.
    var mayPublish: Bool {
        switch phase {
        case .atEase: true
        // A broker that takes nothing at all, not even our status, is given no record to fail at.
        case .single: hasTakenOurs
        case .doubting(let doubt): !isControlOver(doubt)
        }
    }

    /// Whether a record may go that is next in order.
    func rule(_ position: OutboxPosition, topic: @autoclosure () -> Int) -> Rule {
        if dead == position { return .dead }
        guard case .doubting(let doubt) = phase, position >= doubt.suspect.position else { return .goes }
        if topic() == doubt.suspect.topic { return .withheld }
        return doubt.isQuiet ? .waits : .goes
    }

    /// Whether the broker has answered anything over this connection.
    var hasAnswer: Bool { answeredAt != nil }

    /// Whether the suspect is on its way.
    var isExposed: Bool { exposedAt != nil }

    /// Whether the suspect is to be published now, alone.
    var isReady: Bool {
        guard case .doubting(let doubt) = phase else { return false }
        return exposedAt == nil && inFlight == 0 && isControlOver(doubt)
    }

    /// Moves out whether a message of our own is to be published: its answer shows that the broker works.
    mutating func takeProbe(now: MonotonicInstant) -> Bool {
        if case .doubting(let doubt) = phase, exposedAt == nil, inFlight == 0, !isControlOver(doubt),
            connectedAt.advanced(by: doubt.control) <= now, !isProbeSent
        {
            isProbeSent = true
            return true
        }
        defer { isProbeWanted = false }
        return isProbeWanted
    }

    /// The connection has stood long enough without the suspect, and the broker has answered since.
    private func isControlOver(_ doubt: Doubt) -> Bool {
        guard let answeredAt else { return false }
        return connectedAt.advanced(by: doubt.control) <= answeredAt
    }

    // MARK: What happens

    mutating func connected(at now: MonotonicInstant) {
        connectedAt = now
    }

    /// A delivery was handed to the connection.
    mutating func published(_ position: OutboxPosition, topic: Int, at now: MonotonicInstant) {
        newest = Suspect(position: position, topic: topic)
        newestAt = now
        inFlight += 1
    }

    /// The suspect was handed to the connection, by `published` too. A message of ours goes behind it.
    mutating func exposed(at now: MonotonicInstant) {
        exposedAt = now
        isProbeWanted = true
        isProbeAnswered = false
    }

    /// A topic of which the broker has refused a record already has another one.
    mutating func doubt(_ suspect: Suspect) {
        guard case .atEase = phase else { return }
        phase = .doubting(Doubt(suspect: suspect, strikes: Self.strikes - Self.strike))
    }

    /// The suspect does not come any more.
    mutating func acquit() {
        phase = .atEase
        exposedAt = nil
    }

    /// The broker answered: deliveries, whatever it said of them, or messages of our own.
    /// - Returns: whether it was the suspect that was answered.
    mutating func settled(deliveries: Int, others: Int, at now: MonotonicInstant) -> Bool {
        guard deliveries > 0 || others > 0 else { return false }
        answeredAt = now
        if others > 0 {
            hasTakenOurs = true
            isProbeAnswered = true
        }
        guard deliveries > 0 else { return false }
        hasSettled = true
        inFlight = max(0, inFlight - deliveries)
        fruitless = 0
        switch phase {
        case .atEase: return false
        case .single(let settled):
            phase = settled + deliveries >= Self.calm ? .atEase : .single(settled: settled + deliveries)
            return false
        case .doubting:
            guard exposedAt != nil else { return false }
            acquit()
            return true
        }
    }

    /// The broker has messages of QoS 2, and waits for their release. It works; but it may end the connection at the release, so that no record is
    /// acquitted. Between the two lies a transaction of our own: patience begins anew.
    mutating func received(at now: MonotonicInstant) {
        (answeredAt, newestAt) = (now, now)
        if exposedAt != nil { exposedAt = now }
    }

    /// When the connection has to be looked at again.
    var deadline: MonotonicInstant? {
        switch phase {
        case .atEase: return nil
        case .single: return inFlight > 0 ? newestAt.advanced(by: Self.patience) : nil
        case .doubting(let doubt):
            if let exposedAt { return exposedAt.advanced(by: Self.patience) }
            let end = connectedAt.advanced(by: doubt.control)
            return isProbeSent || inFlight > 0 ? end.advanced(by: Self.patience) : end
        }
    }

    /// Whether the broker has been silent for too long.
    func isOverdue(now: MonotonicInstant) -> Bool {
        switch phase {
        case .atEase: return false
        case .single: return deadline.map { $0 <= now } ?? false
        case .doubting(let doubt):
            if let exposedAt { return exposedAt.advanced(by: Self.patience) <= now }
            return (inFlight > 0 || !isControlOver(doubt))
                && connectedAt.advanced(by: doubt.control).advanced(by: Self.patience) <= now
        }
    }

    /// The connection is gone, and everything on its way with it.
    /// - Returns: the record that the broker refuses; `rule` says so when it comes again.
    mutating func lost(_ end: ConnectionEnd, at now: MonotonicInstant) -> OutboxPosition? {
        defer { forgetConnection() }
        switch phase {
        case .atEase: return lostAtEase(end)
        case .single:
            guard inFlight > 0, let newest else {
                // It ended without a record: whatever ends connections here is none.
                if end.meaning != .later { acquit() }
                return nil
            }
            switch end.meaning {
            case .never: return die(newest.position)
            case .later: return nil
            case .unclear:
                phase = .doubting(Doubt(suspect: newest, strikes: 0))
                return nil
            }
        case .doubting(let doubt): return lost(end, doubt, at: now)
        }
    }

    private mutating func lostAtEase(_ end: ConnectionEnd) -> OutboxPosition? {
        guard inFlight > 0, let newest else { return nil }
        switch end.meaning {
        case .later: return nil
        case .never:
            if inFlight == 1 { return die(newest.position) }
            phase = .single(settled: 0)
        case .unclear:
            fruitless = hasSettled ? 0 : fruitless + 1
            // Others may well be answered where one is not.
            if fruitless >= Self.losses || end == .unanswered { phase = .single(settled: 0) }
        }
        return nil
    }

    private mutating func lost(
        _ end: ConnectionEnd, _ doubt: Doubt, at now: MonotonicInstant
    ) -> OutboxPosition? {
        var doubt = doubt
        guard end.meaning != .later else { return nil }
        guard let exposedAt else {
            if inFlight > 0 {
                // Of what is before the suspect, even a quiet control has some on their way.
                phase = doubt.isQuiet ? .single(settled: 0) : .doubting(doubt.quietly)
            } else {
                acquit()
                fruitless = 0
            }
            return nil
        }
        if end.meaning == .never { return die(doubt.suspect.position) }
        let (stood, exposure) = (connectedAt.duration(to: exposedAt), exposedAt.duration(to: now))
        let isStrike = end == .unanswered ? isProbeAnswered : exposure * 10 <= stood
        doubt.strikes += isStrike ? Self.strike : Self.strike / 2
        if doubt.strikes >= Self.strikes { return die(doubt.suspect.position) }
        doubt.control = min(
            max(doubt.control * 2, stood * 2, isStrike ? .zero : exposure * 10), Self.longestControl)
        phase = .doubting(doubt)
        return nil
    }

    private mutating func die(_ position: OutboxPosition) -> OutboxPosition {
        dead = position
        phase = .atEase
        // Where there was one there may be more.
        fruitless = Self.losses - 1
        return position
    }

    /// The connection gives way to another one, with nothing on its way: that says nothing of any record.
    mutating func replaced() { forgetConnection() }

    private mutating func forgetConnection() {
        (hasTakenOurs, hasSettled, inFlight, newest) = (false, false, 0, nil)
        (answeredAt, exposedAt, isProbeAnswered, isProbeWanted, isProbeSent) = (nil, nil, false, false, false)
    }
}
