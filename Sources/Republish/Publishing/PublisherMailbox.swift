internal import Account
internal import Collections
internal import MQTT
internal import MQTTProtocol
internal import Sparkplug
internal import Synchronization
internal import Threading

/// What other threads tell the publisher: the connection's answers, new status, the wish to stop. Each is taken in the order
/// in which it came.
///
/// Bounded by the window: there are no more answers than publishes under way, and status only keeps its newest.
final class PublisherMailbox: Sendable {
    /// Something from a connection; `generation` counts the connections of this publisher.
    enum Message: Sendable {
        case changed(ConnectionState, generation: UInt64)
        case settled([Settlement], generation: UInt64)
        /// A subscription, or an end of one, has its answer.
        case answered(generation: UInt64)
        /// What a host says of itself; the last delivery among it, to be acknowledged.
        case heard([HostMessage], through: DeliveryID?, generation: UInt64)
        case status(LinkStatus, LinkHearing?)
        case notice(GapEpisode)
        case stop(drain: Duration)
        /// From the connection of an edge node; generations of their own.
        case edgeNode(EdgeNodeID, EdgeNodeEvent, generation: UInt64)
        /// What becomes of a connection that reads the IT broker back.
        case reader(ConnectionState)
    }

    /// What the connection of an edge node has to tell.
    enum EdgeNodeEvent: Sendable {
        case changed(ConnectionState)
        case settled([Settlement])
        /// It hears commands from now on, unless the server refused one of them.
        case subscribed(isRefused: Bool)
        /// What hosts say; the last delivery among it, to be acknowledged.
        case heard([HostMessage], through: DeliveryID?)
    }

    /// A command, or the state of a host.
    struct HostMessage: Sendable {
        let topic: [UInt8]
        let payload: [UInt8]

        /// What is longer asks for nothing that is answered here.
        static let payloadLimit = 64 << 10

        init(_ message: InboundMessage) {
            topic = [UInt8](copying: message.topic)
            payload = [UInt8](copying: message.payload)
        }
    }

    /// What hosts say between two looks at it; beyond, it is not heard.
    private static let hostMessageLimit = 1_024

    private let messages = Lock<[Message]>([])
    private let hostMessages = Atomic<Int>(0)
    let wakeup: Wakeup

    init() throws(SystemError) { wakeup = try Wakeup() }

    func post(_ message: Message) {
        messages.withLock { $0.append(message) }
        wakeup.signal()
    }

    /// What one read of the publisher's connection brought.
    func post(_ batch: InboundBatch, generation: UInt64) {
        let settlements = Self.settlements(batch)
        if !settlements.isEmpty { post(.settled(settlements, generation: generation)) }
        for index in batch.subscriptions.indices {
            if batch.subscriptions[index].outcome != .connectionLost { post(.answered(generation: generation)) }
        }
        guard batch.messageCount > 0 else { return }
        let (heard, last) = hear(batch)
        post(.heard(heard, through: last, generation: generation))
    }

    /// What one read of an edge node's connection brought.
    func post(_ batch: InboundBatch, of node: EdgeNodeID, generation: UInt64) {
        let settlements = Self.settlements(batch)
        if !settlements.isEmpty { post(.edgeNode(node, .settled(settlements), generation: generation)) }
        for index in batch.subscriptions.indices {
            guard case .answered(let codes) = batch.subscriptions[index].outcome else { continue }
            post(.edgeNode(node, .subscribed(isRefused: codes.contains(where: \.isFailure)), generation: generation))
        }
        guard batch.messageCount > 0 else { return }
        let (heard, last) = hear(batch)
        post(.edgeNode(node, .heard(heard, through: last), generation: generation))
    }

    private static func settlements(_ batch: InboundBatch) -> [Settlement] {
        var settlements: [Settlement] = []
        settlements.reserveCapacity(batch.settlements.count)
        for index in batch.settlements.indices { settlements.append(batch.settlements[index]) }
        return settlements
    }

    private func hear(_ batch: InboundBatch) -> ([HostMessage], through: DeliveryID?) {
        var heard: [HostMessage] = []
        var last: DeliveryID?
        for index in 0..<batch.messageCount {
            let message = batch.message(at: index)
            last = message.delivery ?? last
            guard message.loss == nil, message.payload.byteCount <= HostMessage.payloadLimit,
                hostMessages.add(1, ordering: .relaxed).newValue <= Self.hostMessageLimit
            else { continue }
            heard.append(HostMessage(message))
        }
        return (heard, last)
    }

    func take() -> [Message] {
        hostMessages.store(0, ordering: .relaxed)
        return messages.withLock { messages in
            defer { messages = [] }
            return messages
        }
    }
}
