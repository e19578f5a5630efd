/// How a link is, why, and what to do: the worst finding of its facts.
///
/// ```text
///            first beat                    no beat for silence_timeout, or lag ≥ freshness.stale
///  offline ─────────────▶ online ◀──┐  ┌──────────────▶ stale
///                            ▲      │  │                  │
///           all is well again │   degraded ◀── a beat ────┘
///                            └── lag ≥ freshness.degraded, something is missing, an alarm, a broker, the account or the disk is not in order
/// ```
public struct LinkVerdict: Sendable, Hashable {
    /// What the reason is about: a reason whose numbers alone have changed is no news.
    public enum Cause: Sendable, Hashable {
        case none, silence, refused, rejected, shortTimeout, lag, store, account, lost, missing, replica, sender, clock
        case otBroker, itBroker, path, senders
    }

    public let state: LinkState
    public let cause: Cause
    /// Why it is not online, as a sentence without a full stop; empty while it is.
    public let reason: String
    /// The next step for who looks after the link; empty where `reason` says it.
    public let advice: String

    public init(_ state: LinkState, _ cause: Cause = .none, reason: String = "", advice: String = "") {
        self.state = state
        self.cause = cause
        self.reason = reason
        self.advice = advice
    }

    /// Reason and advice in one line.
    public var line: String { advice.isEmpty ? reason : "\(reason): \(advice)" }

    /// Whether this is worth a line in the log: another state, another cause, or what others say of it. Numbers alone are no news.
    public func isNews(after before: LinkVerdict) -> Bool {
        guard state == before.state, cause == before.cause else { return true }
        return [.sender, .otBroker, .itBroker, .path, .senders].contains(cause)
            && reason.filter { !$0.isNumber } != before.reason.filter { !$0.isNumber }
    }
}

extension LinkFacts {
    public var verdict: LinkVerdict {
        unheard ?? late ?? degraded.first ?? LinkVerdict(.online, reason: clock?.words ?? "")
    }

    // MARK: Not heard

    private var unheard: LinkVerdict? {
        let (state, silence): (LinkState, String) =
            switch hearing {
            case .never: (.offline, "no beat of the sender was heard yet")
            case .notSinceStart: (.stale, "no beat of the sender was heard since the receiver started")
            case .silent(let time): (.stale, "no beat of the sender was heard for \(time.words)")
            case .heard: (.online, "")
            }
        guard state != .online else { return nil }
        if let refused { return LinkVerdict(state, .refused, reason: refused) }
        if let shortTimeout { return LinkVerdict(state, .shortTimeout, reason: shortTimeout) }
        if hearsOthers {
            return LinkVerdict(
                state, .silence, reason: "\(silence), although other frames of it come",
                advice: "look at what lies between the two: it lets some frames through and not others")
        }
        if let rejected {
            return LinkVerdict(
                state, .rejected, reason: "\(silence), and what comes is refused: \(rejected.words)",
                advice: rejected.advice)
        }
        return LinkVerdict(
            state, .silence, reason: silence,
            advice: "look at the sender's power and status, the fibre, the neighbour entry and the port in listen")
    }

    private var late: LinkVerdict? {
        guard let lag, lag.age >= freshness.stale else { return nil }
        return LinkVerdict(.stale, .lag, reason: lag.words, advice: Self.aboutLag)
    }

    private static let aboutLag =
        "something between sender and receiver holds frames back or plays them more slowly than they were sent"

    // MARK: Heard, and not well

    /// Everything that is not well with a link that is heard, what cannot be trusted first.
    private var degraded: [LinkVerdict] {
        var found: [LinkVerdict] = []
        func add(_ cause: LinkVerdict.Cause, _ reason: String?, _ advice: String = "") {
            if let reason { found.append(LinkVerdict(.degraded, cause, reason: reason, advice: advice)) }
        }
        let matters = account.matters
        add(
            .store, storeFault.map { "what is accepted is not stored: \($0)" },
            "make room on the disk of the receiver's state, or replace it")
        add(.refused, refused)
        for matter in matters where matter.weight == .broken { add(.account, matter.text, matter.advice) }
        if let itBroker, itBroker.state == .offline {
            add(.itBroker, Self.sentence("the IT broker is away", itBroker.reason), Self.aboutITBroker)
        }
        if let lag, lag.age >= freshness.degraded { add(.lag, lag.words, Self.aboutLag) }
        if missing > 0 {
            let reason = "\(missing) record\(missing == 1 ? " is" : "s are") missing"
            add(
                .missing, Self.sentence(reason, missingCause?.words ?? ""),
                missingCause?.advice ?? AccountMatters.resend)
        }
        for matter in matters where matter.weight == .open && missing == 0 { add(.missing, matter.text, matter.advice) }
        for matter in matters where matter.weight == .lost { add(.lost, matter.text, matter.advice) }
        add(
            .senders, senderTrouble,
            "look at diode-send status of both appliances: one has to speak and the other to stand by")
        add(
            .path, pathTrouble,
            "look at that diode, its fibre, the sender's interface in link.paths and the address in listen; until then nothing repairs what the others lose"
        )
        add(
            .replica, account.differs ? nil : agreement.atReplica,
            "the next snapshot rounds put it right; what is missing comes first")
        add(.sender, alarm.map { "the sender says: \($0)" }, "look at diode-send status")
        add(.otBroker, otBrokerFault.map { Self.sentence("the sender has no OT broker", $0) }, Self.aboutOTBroker)
        add(.sender, isDurable == false ? "the sender cannot write its journal" : nil, "look at the sender's disk")
        add(.store, diskTrouble, "make room on the disk of the receiver's state")
        if let itBroker, itBroker.state == .degraded {
            add(.itBroker, itBroker.reason, itBroker.advice.isEmpty ? Self.aboutITBroker : itBroker.advice)
        }
        add(.shortTimeout, shortTimeout)
        add(.clock, clock?.isGrave == true ? clock?.words : nil)
        return found
    }

    private static let aboutITBroker =
        "what comes waits for it; diode-recv check tests its address, certificate, account and password"
    private static let aboutOTBroker = "diode-send check tests its address, certificate, account and password"

    private static func sentence(_ what: String, _ why: String) -> String { why.isEmpty ? what : "\(what): \(why)" }
}

extension LinkFacts.Rejected {
    /// What came, in words.
    public var words: String {
        let count = "\(frames) frame\(frames == 1 ? "" : "s")"
        return switch kind {
        case .unknownLink: "\(count) of a key that is not paired here"
        case .formerKey: "\(count) of a key that has handed over to another one"
        case .revokedKey: "\(count) of the key in use, which was revoked"
        case .badSignature: "\(count) that this sender's key did not sign, damaged or forged"
        case .version: "\(count) of a wire version that this receiver cannot read"
        case .replayed:
            "\(count) of epochs or blocks that are over, from a recording or from a sender whose clock was set back"
        case .overBudget: "\(count) beyond what can be verified, a flood"
        case .malformed: "\(count) that are none of this protocol"
        }
    }

    /// What to do about it.
    public var advice: String {
        switch kind {
        case .unknownLink:
            "compare the fingerprint of the sender's card with the one in status; diode-recv pair --replace takes another"
        case .formerKey:
            "a sender runs with the key of before: start it with the key that diode-send rotate made, or pair its card (diode-recv pair --replace)"
        case .revokedKey:
            "make the sender a key that nobody else has (diode-send keygen) and pair its card (diode-recv pair --replace)"
        case .badSignature: "look for a second sender under the same card, or a device on the way that changes frames"
        case .version: "upgrade this receiver"
        case .replayed: "put the sender's clock right, or start it with --epoch above the newest in status"
        case .overBudget:
            "find who sends to this port; name the interface in listen and load the rules of deploy/nftables"
        case .malformed: "find who else sends to this port"
        }
    }
}
