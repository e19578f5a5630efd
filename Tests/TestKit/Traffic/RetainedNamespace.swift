import MQTT
import Threading
import MQTTProtocol
public import Time

/// Many retained topics on a broker of this machine: five levels deep, as in a plant.
public enum RetainedNamespace {
    /// What it lies below.
    public static let filter = "acme/#"

    /// It did not come about.
    public struct Incomplete: Error, CustomStringConvertible {
        public let description: String
    }

    private static func settings(_ port: UInt16, _ name: String) -> ConnectionSettings {
        var settings = ConnectionSettings(host: "127.0.0.1", port: port)
        settings.clientIdentifier = "\(name)-\(UInt32.random(in: .min ... .max))"
        settings.publishWindow = 4_096
        return settings
    }

    private static func topic(_ number: Int) -> String {
        "acme/site\(number % 3)/area\(number / 3 % 40)/line\(number / 120 % 50)/cell\(number)/value"
    }

    /// Publishes so many, 60 bytes each, at QoS 1, and waits until the broker has them all.
    public static func fill(_ port: UInt16, topics: Int) async throws {
        let acknowledged = Lock(0)
        let connection = try Connection(
            settings(port, "fill"),
            observer: Connection.Observer(
                changed: { _ in },
                received: { batch in
                    let count = batch.settlements.indices.count
                    acknowledged.withLock { $0 += count }
                }))
        try connection.start()
        defer { connection.stop() }
        for number in 0..<topics {
            let payload = Array("{\"value\":\(number),\"unit\":\"bar\",\"quality\":\"good\",\"plc\":\"s7-1500\"}".utf8)
            while true {
                do throws(PublishRefusal) {
                    try connection.publish(
                        topic: topic(number), payload: payload, qos: .atLeastOnce, retain: true)
                    break
                } catch {
                    guard error == .queueFull else { throw Incomplete(description: "\(error)") }
                    try await Task.sleep(for: .milliseconds(1))
                }
            }
        }
        let isDone = await eventually(.seconds(60)) { acknowledged.withLock { $0 } == topics }
        guard isDone else {
            throw Incomplete(description: "the broker took \(acknowledged.withLock { $0 }) of \(topics)")
        }
    }

    /// How many a broker retains, read slice by slice.
    public static func count(_ port: UInt16) async throws -> Int {
        let found = Lock<RetainedSetReport?>(nil)
        let fetcher = try RetainedSetFetcher(
            settings(port, "count"), filters: [try TopicFilter(filter)], received: { _ in },
            finished: { report in found.withLock { $0 = report } })
        try fetcher.start()
        defer { fetcher.stop() }
        _ = await eventually(.seconds(60)) { found.withLock { $0 != nil } }
        guard let report = found.withLock({ $0 }), report.isComplete else {
            throw Incomplete(description: "the broker does not show what it retains")
        }
        return report.topics
    }
}

/// Counts the topics under which something has come from a broker since it was made.
public final class TopicCounter: Sendable {
    private struct State: Sendable {
        var topics: Set<Int> = []
        var newestAt = MonotonicInstant.distantPast
        var isSubscribed = false
    }

    private let state: Lock<State>
    private let connection: Connection

    /// Subscribes at QoS 0, and returns once the broker has said yes.
    public init(_ port: UInt16) async throws {
        var settings = ConnectionSettings(host: "127.0.0.1", port: port)
        settings.clientIdentifier = "counter-\(UInt32.random(in: .min ... .max))"
        let state = Lock(State())
        self.state = state
        connection = try Connection(
            settings,
            observer: Connection.Observer(
                changed: { _ in },
                received: { batch in
                    state.withLock { state in
                        if batch.subscriptions.indices.count > 0 { state.isSubscribed = true }
                        for index in 0..<batch.messageCount {
                            var hasher = Hasher()
                            batch.message(at: index).topic.withUnsafeBytes { hasher.combine(bytes: $0) }
                            if state.topics.insert(hasher.finalize()).inserted { state.newestAt = MonotonicClock.now() }
                        }
                    }
                }))
        try connection.start()
        try connection.subscribe([
            Subscription(RetainedNamespace.filter, qos: .atMostOnce, retainAsPublished: true, retainHandling: .send)
        ])
        guard await eventually(.seconds(10), { state.withLock { $0.isSubscribed } }) else {
            throw RetainedNamespace.Incomplete(description: "the broker did not answer")
        }
    }

    deinit { connection.stop() }

    /// Waits until there are so many, or none came for ten seconds.
    /// - Returns: how many there are, and when the last of them came.
    public func wait(for count: Int) async -> (topics: Int, newestAt: MonotonicInstant) {
        let beganAt = MonotonicClock.now()
        while true {
            let (topics, newestAt) = state.withLock { ($0.topics.count, $0.newestAt) }
            let quiet = max(beganAt, newestAt).duration(to: MonotonicClock.now())
            if topics >= count || quiet > .seconds(10) { return (topics, newestAt) }
            try? await Task.sleep(for: .milliseconds(5))
        }
    }
}
