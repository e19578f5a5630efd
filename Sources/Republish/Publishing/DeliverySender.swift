internal import Account
internal import Deliveries
internal import DiodeProtocol
internal import MQTT
internal import MQTTProtocol
internal import Outbox
internal import Sparkplug
internal import Time

/// Hands one delivery to what publishes it: under which topic, at which QoS, with which properties.
struct DeliverySender {
    /// What late records came to, since it was last moved out.
    struct LateCounts {
        var toTopic: UInt64 = 0
        var marked: UInt64 = 0
    }

    private let settings: PublisherSettings
    private var addressing: Addressing
    /// What is published at a higher QoS goes at this one.
    private(set) var maximumQoS: QoS
    private var mayRetain = true
    private var late = LateCounts()

    init(_ settings: PublisherSettings) {
        self.settings = settings
        maximumQoS = settings.maximumQoS
        addressing = Addressing(settings)
    }

    /// Properties of the plant that bore a name of ours.
    var renamedProperties: UInt64 { addressing.renamedProperties }

    /// Moves out what late records came to.
    mutating func takeLateCounts() -> LateCounts {
        defer { late = LateCounts() }
        return late
    }

    /// What the broker cannot do.
    mutating func conceded(_ concessions: Concessions) {
        (maximumQoS, mayRetain) = (min(settings.maximumQoS, concessions.maximumQoS), concessions.mayRetain)
    }

    func qos(of delivery: borrowing Delivery) -> QoS { min(settings.qos(of: delivery), maximumQoS) }

    /// Whether it goes at QoS 2, unless an edge node speaks for it.
    func isExactlyOnce(_ queued: QueuedDelivery) -> Bool {
        qos(of: queued.delivery) == .exactlyOnce && StateTopic.birth(of: queued.delivery.topic) == nil
    }

    enum Attempt {
        case accepted
        /// An edge node has it, and will answer.
        case passedOn
        /// It will not be published; this became of it.
        case answered(Disposition)
        case noRoom
    }

    /// Hands a delivery to what publishes it.
    mutating func attempt(
        _ queued: QueuedDelivery, over connection: Connection, _ edgeNodes: EdgeNodeConnections,
        _ handOvers: inout HandOvers, now: MonotonicInstant
    ) -> Attempt {
        let delivery = queued.delivery
        if StateTopic.birth(of: delivery.topic) != nil {
            edgeNodes.take(queued)
            return .passedOn
        }
        switch addressing.rule(delivery, now: now) {
        case .answered(let disposition): return .answered(disposition)
        case .goes(let address, let retain):
            guard !edgeNodes.takes(delivery) else {
                edgeNodes.take(queued)
                return .passedOn
            }
            let attempt = hand(queued, to: address, retain: retain, over: connection, &handOvers)
            if delivery.lateness == .superseded, case .accepted = attempt {
                if address == .late { late.toTopic += 1 } else { late.marked += 1 }
            }
            return attempt
        }
    }

    private mutating func hand(
        _ queued: QueuedDelivery, to address: Addressing.Address, retain: Bool, over connection: Connection,
        _ handOvers: inout HandOvers
    ) -> Attempt {
        let qos = qos(of: queued.delivery)
        do throws(PublishRefusal) {
            try connection.publish(
                topic: addressing.topic(address, of: queued.delivery), payload: queued.delivery.payload,
                qos: qos, retain: retain && mayRetain, properties: addressing.properties,
                held: qos == .exactlyOnce ? handOvers.packet(queued.position) : nil, token: queued.position.rawValue)
            if qos == .exactlyOnce { handOvers.sent(queued.position) }
            return .accepted
        } catch {
            switch error {
            case .queueFull, .stopped: return .noRoom
            case .invalidTopic, .invalidProperties: return .answered(.dead(.invalid))
            case .tooLarge: return .answered(.dead(.tooLarge))
            }
        }
    }
}
