internal import MQTT
internal import MQTTProtocol
internal import Time

/// What the publisher says and asks for itself, beside the records of the link: status, notices, the head. The IT broker may refuse it, by a code
/// or by ending the connection at it, and the records go on all the same.
///
/// ```text
///          three connections in a row ended while something of ours had no answer
///  said ──────────────────────────────────────────────────────────────────────────▶ withheld, for a minute
///   ▲                                                                                    │        ▲
///   └── a connection ended with all of it answered ◀── said again ◀──────────────────────┘        │ longer each time, up to an hour
///                                                          └── ended once, without an answer ─────┘
/// ```
/// A network that breaks so fast looks the same; it costs a minute without a status, and no record. While all is withheld, the broker is asked for
/// an UNSUBSCRIBE where an answer is needed: no account needs a right to that.
struct OwnMessages: Sendable {
    private static let strikeLimit = 3
    private static let pauses = Duration.seconds(60)...Duration.seconds(3_600)

    /// Where all of it stands, for people.
    private let place: String
    private var nextToken = Settler.firstOtherToken
    private var pause = pauses.lowerBound
    private var strikes = 0
    /// When what is withheld is tried again.
    private(set) var withheldUntil: MonotonicInstant?

    // Of this connection.
    private var unanswered = 0
    /// The broker refused something in a code.
    private var isRefused = false

    init(link: String) { place = "diode/\(link)/…" }

    var areWithheld: Bool { withheldUntil != nil }

    /// What status says of it.
    var lacks: [String] {
        guard areWithheld || isRefused else { return [] }
        return ["the IT broker does not take our status (\(place)): nobody there learns how the link is"]
    }

    // MARK: What is said and asked

    /// A message, at QoS 1 if the broker takes that. If there is no room for it, the next one tells more anyway.
    mutating func publish(
        _ topic: String, _ payload: [UInt8], retain: Bool, over connection: Connection, _ concessions: Concessions
    ) -> Bool {
        guard !areWithheld else { return false }
        nextToken &+= 1
        do throws(PublishRefusal) {
            try connection.publish(
                topic: topic, payload: payload, qos: min(.atLeastOnce, concessions.maximumQoS),
                retain: retain && concessions.mayRetain, token: nextToken)
            sent()
            return true
        } catch {
            return false
        }
    }

    /// Asks for what is retained.
    mutating func subscribe(_ subscription: Subscription, over connection: Connection) throws(PublishRefusal) {
        try connection.subscribe([subscription])
        sent()
    }

    /// Something was said or asked, and has no answer yet.
    mutating func sent() { unanswered += 1 }

    /// Asks for an answer that no right is needed for.
    func ask(_ topic: String, over connection: Connection) { try? connection.unsubscribe([topic]) }

    // MARK: What becomes of it

    /// The broker answered publishes.
    /// - Returns: whether `lacks` has changed.
    mutating func settled(_ settlements: [Settlement]) -> Bool {
        let wasRefused = isRefused
        for settlement in settlements where settlement.token >= Settler.firstOtherToken {
            switch settlement.outcome {
            case .delivered: answered()
            case .refused(let code):
                answered()
                if RefusalMeaning(code) == .never { isRefused = true }
            case .tooLarge:
                answered()
                isRefused = true
            case .received, .unknown, .notSent: break
            }
        }
        return isRefused != wasRefused
    }

    /// The broker answered something of ours.
    mutating func answered() {
        unanswered = max(0, unanswered - 1)
    }

    /// The connection is gone.
    /// - Parameter isTrial: a record was on trial, and is to blame.
    mutating func lost(_ end: ConnectionEnd, isTrial: Bool, now: MonotonicInstant) {
        defer { (unanswered, isRefused) = (0, false) }
        guard !areWithheld, end.meaning != .later else { return }
        guard unanswered > 0, !isTrial else {
            (strikes, pause) = (0, Self.pauses.lowerBound)
            return
        }
        strikes += 1
        guard strikes >= Self.strikeLimit else { return }
        // The next time once is enough.
        strikes = Self.strikeLimit - 1
        withheldUntil = now.advanced(by: pause)
        pause = min(pause * 2, Self.pauses.upperBound)
    }

    /// - Returns: whether what was withheld is to be said now.
    mutating func retry(now: MonotonicInstant) -> Bool {
        guard let due = withheldUntil, due <= now else { return false }
        withheldUntil = nil
        return true
    }
}
