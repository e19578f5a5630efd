internal import DiodeProtocol
internal import MQTT
internal import MQTTProtocol
internal import Time

/// Keeps `diode/<link>/head` on the IT broker: the newest signed head of the receiver's ledger, retained. No will touches it, so that it outlives
/// a receiver that is killed.
///
/// ```text
///  connected ─▶ SUBSCRIBE ─┬─▶ what an earlier process left ─▶ the receiver compares it with its ledger ─┬─▶ ours is published
///                          └─▶ nothing for a while ───────────────────────────────────────────────────┘
/// ```
/// What is there is compared before it is replaced: a receiver whose database was put back finds a head there that its ledger does not have.
struct RetainedHead: Sendable {
    /// A head with its signature is shorter.
    private static let byteLimit = 1_024
    /// The broker sends what it retains at once, if there is anything.
    private static let patience = Duration.seconds(5)

    let topic: String
    private var head: String?
    private var published: String?
    /// Nothing is published before: what is retained may still come; nil: there is no connection.
    private var waitsUntil: MonotonicInstant?
    /// What came was compared, or nothing came.
    private var isCompared = false

    init(link: String) { topic = "diode/\(link)/head" }

    mutating func set(_ head: String?) { self.head = head ?? self.head }

    /// - Returns: what is to be subscribed to, over this connection and before anything is published.
    mutating func connectionBegan(now: MonotonicInstant) -> Subscription {
        published = nil
        isCompared = false
        waitsUntil = now.advanced(by: Self.patience)
        return Subscription(topic, qos: .atMostOnce)
    }

    /// - Returns: the head that the broker retains, if these messages have it and none came before over this connection.
    mutating func heard(_ messages: [PublisherMailbox.HostMessage]) -> String? {
        guard !isCompared, let message = messages.first(where: { $0.topic.elementsEqual(topic.utf8) }) else {
            return nil
        }
        isCompared = true
        guard message.payload.count <= Self.byteLimit else { return nil }
        return String(decoding: message.payload, as: UTF8.self)
    }

    /// What was heard was compared.
    /// - Parameter isNoted: the ledger has it, or says that it has not; else it stays where it is until the next connection.
    mutating func compared(isNoted: Bool, now: MonotonicInstant) { waitsUntil = isNoted ? now : nil }

    /// When there is something to publish, if nothing changes before.
    var nextDeadline: MonotonicInstant? { head == published ? nil : waitsUntil }

    /// What is to be published now.
    mutating func due(now: MonotonicInstant) -> (topic: String, payload: [UInt8])? {
        guard let waitsUntil, waitsUntil <= now, let head, head != published else { return nil }
        // From now on what comes back is ours.
        isCompared = true
        published = head
        return (topic, Array(head.utf8))
    }
}
