import MQTT
import Threading

/// What other threads tell the publisher: the connection's answers, new status, the wish to stop. Each is taken in the order
/// in which it came.
///
/// Bounded by the window: there are no more answers than publishes under way, and status only keeps its newest.
final class PublisherMailbox: Sendable {
    /// Something from a connection; `generation` counts the connections of this publisher.
    enum Message: Sendable {
        case changed(ConnectionState, generation: UInt64)
        case settled([Settlement], generation: UInt64)
        case status(LinkStatus)
        case notice(GapNotice)
        case stop(drain: Duration)
    }

    private let messages = Lock<[Message]>([])
    let wakeup: Wakeup

    init() throws(SystemError) { wakeup = try Wakeup() }

    func post(_ message: Message) {
        messages.withLock { $0.append(message) }
        wakeup.signal()
    }

    func take() -> [Message] {
        messages.withLock { messages in
            defer { messages = [] }
            return messages
        }
    }
}
