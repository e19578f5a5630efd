import Account
import Deliveries
import DiodeProtocol
import EventLog
import MQTT
import MQTTProtocol
import Outbox
import ReadBack
import TestKit

@testable import Republish

/// A broker that refuses in its own way, a publisher before it, and a queue behind that.
struct RefusingBroker {
    let broker: MisbehavingBroker
    let queue: UnstoredQueue
    let publisher: Publisher

    /// - Parameters:
    ///   - options: of the misbehaving broker.
    ///   - longestPause: between two connections.
    init(
        _ options: [String: String], maximumQoS: QoS = .exactlyOnce, longestPause: Duration = .milliseconds(200)
    ) async throws {
        broker = try await MisbehavingBroker.start(options)
        queue = try UnstoredQueue(bytes: 64 << 20)
        var connection = ConnectionSettings(host: "127.0.0.1", port: broker.port)
        connection.reconnectMinimum = .milliseconds(20)
        connection.reconnectMaximum = longestPause
        var settings = PublisherSettings(
            link: "plant-a", connection: connection, mapper: TopicMapper(prefix: "", own: [try TopicFilter("#")]))
        settings.maximumQoS = maximumQoS
        publisher = try Publisher(
            settings, output: queue.output, readBack: try ReadBackMailbox(wakeup: queue.output.wakeup),
            log: EventLog(threshold: .error))
        publisher.post(LinkStatus(state: .online))
        try publisher.start()
    }

    /// Records of one topic or of several in turn, with sequences that follow each other.
    func append(
        _ topics: [String], _ sequences: ClosedRange<UInt64>, qos: QualityOfService = .atLeastOnce,
        retain: Bool = false, payload: (UInt64) -> [UInt8] = { Array("\($0)".utf8) }
    ) {
        queue.append(
            sequences.map {
                testDelivery(
                    topics[Int($0) % topics.count], payload($0), sequence: $0, qos: qos, retain: retain)
            })
    }

    /// Waits until everything has an answer.
    func isDone(_ timeout: Duration = .seconds(40)) async -> Bool {
        await eventually(timeout) { queue.output.load.waiting == 0 && queue.output.load.taken == 0 }
    }

    /// Publishes of the plant that the broker took, in order.
    var arrived: [MisbehavingBroker.Event] {
        broker.publishes.filter { $0.reason == 0 && !($0.topic ?? "").hasPrefix("diode/") }
    }

    func stop() { publisher.stop(drain: .zero) }
}
