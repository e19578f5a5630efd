import Glibc
import MQTT
import Synchronization
import Threading
import MQTTProtocol
import Time

/// Publishes numbered messages at a steady rate: two thirds at QoS 1, one third at QoS 2, on `topicCount` topics of which every
/// fourth is retained. A broker that is away is waited for; what it
/// may have had before it went is not published again.
public final class Load: Sendable {
    public static let topicCount = 60
    public static let filter = "load/#"
    /// Broker settings with which nothing is dropped while a subscriber is away.
    public static let brokerLines = ["max_queued_messages 0", "max_inflight_messages 20000", "set_tcp_nodelay true"]

    private let perSecond: Int
    private let connections: [Connection]
    private let settled: Tally
    private let stopping = Atomic<Bool>(false)
    private let published = Atomic<Int>(0)
    private let thread = Lock<WorkerThread?>(nil)

    /// What the broker said of the messages.
    private final class Tally: Sendable {
        let acknowledged = Atomic<Int>(0)
    }

    /// Starts to publish at the broker on this port of 127.0.0.1.
    public init(port: UInt16, perSecond: Int) throws {
        self.perSecond = perSecond
        let settled = Tally()
        self.settled = settled
        connections = try (0..<3).map { index in
            var settings = ConnectionSettings(host: "127.0.0.1", port: port)
            settings.clientIdentifier = "load-\(index)"
            settings.publishWindow = 4_096
            settings.reconnectMinimum = .milliseconds(20)
            settings.reconnectMaximum = .milliseconds(100)
            return try Connection(
                settings,
                observer: Connection.Observer(
                    changed: { _ in },
                    received: { batch in
                        for index in batch.settlements.indices {
                            guard case .delivered = batch.settlements[index].outcome else { continue }
                            settled.acknowledged.add(1, ordering: .relaxed)
                        }
                    }))
        }
        for connection in connections { try connection.start() }
        let started = try WorkerThread(name: "load") { [self] in run() }
        thread.withLock { $0 = started }
    }

    /// Messages that were published; their numbers are 0 up to this.
    public var count: Int { published.load(ordering: .acquiring) }
    /// Messages that the broker acknowledged.
    public var acknowledged: Int { settled.acknowledged.load(ordering: .acquiring) }

    /// Publishes no more and waits, for some time, until the broker has acknowledged what was published.
    public func stop() {
        stopping.store(true, ordering: .releasing)
        thread.withLock { $0 }?.join()
        for connection in connections { connection.stop(drain: .seconds(20)) }
    }

    /// Where a number is published.
    public static func topic(_ number: Int) -> String {
        let index = number % topicCount
        return "load/line\(index / 10)/cell\(index % 10)/value"
    }

    private func run() {
        let start = MonotonicClock.now()
        var number = 0
        while !stopping.load(ordering: .acquiring) {
            let due = Int(start.duration(to: MonotonicClock.now()) / .seconds(1) * Double(perSecond))
            // After a stall it goes on at its rate: what was not published then is not caught up with in one burst.
            let end = min(due, number + perSecond / 50)
            while number < end, publish(number) {
                number += 1
                published.store(number, ordering: .releasing)
            }
            // A rate is a matter of time: what has become due meanwhile is published next.
            usleep(2_000)
        }
    }

    /// - Returns: false while too much waits for the broker.
    private func publish(_ number: Int) -> Bool {
        let index = number % connections.count
        do throws(PublishRefusal) {
            try connections[index].publish(
                topic: Self.topic(number), payload: NumberedMessage.payload(number),
                qos: index == 2 ? .exactlyOnce : .atLeastOnce, retain: number % Self.topicCount % 4 == 0)
            return true
        } catch { return false }
    }
}
