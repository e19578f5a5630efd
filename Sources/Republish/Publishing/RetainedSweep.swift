internal import Collections
internal import DiodeProtocol
public import MQTT
public import MQTTProtocol
internal import ReadBackReader
public import Threading
internal import Time

/// Why what a link left on the IT broker could not be deleted, in one line.
public enum RetainedSweepError: Error, Sendable, CustomStringConvertible {
    case connection(ConnectionError)
    case system(SystemError)
    /// Without MQTT 5 nothing tells whose a value is.
    case oldBroker
    case unread(RetainedSetReport)
    case undeleted(Int)

    public var description: String {
        switch self {
        case .connection(let error): "the IT broker: \(error)"
        case .system(let error): "\(error)"
        case .oldBroker:
            "the IT broker speaks MQTT 3.1.1 alone: nothing there tells what a link left; delete it by hand"
        case .unread(let report):
            "the IT broker does not show all that it retains: \(report.failure?.description ?? "some filters were refused")"
        case .undeleted(let count): "the IT broker did not take \(count) deletions"
        }
    }
}

/// Deletes what a link that is gone left on the IT broker: every retained value that bears its `diode-link` and is no copy, and its status
/// (docs/OPERATIONS.md, "A link that is gone"). Blocks the calling thread.
public final class RetainedSweep: Sendable {
    private static let patience = Duration.seconds(60)
    /// Topics that are held at once; what is left then is read again.
    private static let topicLimit = 65_536

    private struct State: Sendable {
        var topics: [[UInt8]] = []
        var hasMore = false
        var report: RetainedSetReport?
        var answered = 0
        var refused = 0
    }

    private let settings: ConnectionSettings
    private let link: String
    private let state = Lock(State())
    private let wakeup: Wakeup

    /// - Parameter settings: of the IT broker, with a client identifier that nobody else uses.
    public init(_ settings: ConnectionSettings, link: String) throws(RetainedSweepError) {
        self.settings = settings
        self.link = link
        do throws(SystemError) { wakeup = try Wakeup() } catch { throw .system(error) }
    }

    /// Reads what is there and deletes it.
    /// - Returns: how many values were deleted.
    public func run() throws(RetainedSweepError) -> UInt64 {
        var deleted: UInt64 = 0
        var hasMore = true
        var before: Set<[UInt8]> = []
        while hasMore {
            state.withLock { $0 = State() }
            try read()
            let found = state.withLock { $0 }
            // A broker that says yes and keeps them would be asked for ever.
            let kept = found.topics.count { before.contains($0) }
            guard kept == 0 else { throw .undeleted(kept) }
            before = Set(found.topics)
            hasMore = found.hasMore
            deleted += UInt64(found.topics.count)
            try delete(found.topics + (hasMore ? [] : own))
        }
        return deleted
    }

    /// What bears no `diode-link`.
    private var own: [[UInt8]] {
        [LinkStatusPublisher(link: link).statusTopic, RetainedHead(link: link).topic].map { Array($0.utf8) }
    }

    private func read() throws(RetainedSweepError) {
        let name = Array(link.utf8)
        let fetcher: RetainedSetFetcher
        do throws(ConnectionError) {
            fetcher = try RetainedSetFetcher(
                settings, filters: Self.everything,
                received: { [self] message in
                    guard let origin = MessageOrigin(message.properties), origin.link == name else { return }
                    let topic = [UInt8](copying: message.topic)
                    // What names another topic is a copy, and belongs to whoever made it.
                    if let written = origin.topic, written != topic { return }
                    state.withLock {
                        if $0.topics.count < Self.topicLimit { $0.topics.append(topic) } else { $0.hasMore = true }
                    }
                },
                finished: { [self] report in
                    state.withLock { $0.report = report }
                    wakeup.signal()
                })
        } catch { throw .connection(error) }
        do throws(SystemError) { try fetcher.start() } catch { throw .system(error) }
        while state.withLock({ $0.report == nil }) { wakeup.wait(timeout: .seconds(1)) }
        fetcher.stop()
        if let report = state.withLock({ $0.report }), !report.isComplete { throw .unread(report) }
    }

    private static var everything: [TopicFilter] {
        do throws(TopicFilter.Fault) { return [try TopicFilter("#")] } catch {
            preconditionFailure("# is a filter")
        }
    }

    private func delete(_ topics: [[UInt8]]) throws(RetainedSweepError) {
        let observer = Connection.Observer(
            changed: { _ in },
            received: { [self] batch in
                for index in batch.settlements.indices {
                    switch batch.settlements[index].outcome {
                    case .delivered: state.withLock { $0.answered += 1 }
                    case .refused, .tooLarge: state.withLock { $0.refused += 1 }
                    case .received, .unknown, .notSent: break
                    }
                }
                if !batch.settlements.isEmpty { wakeup.signal() }
            })
        let connection: Connection
        do throws(ConnectionError) { connection = try Connection(settings, observer: observer) } catch {
            throw .connection(error)
        }
        do throws(SystemError) { try connection.start() } catch { throw .system(error) }
        defer { connection.stop() }
        let end = MonotonicClock.now().advanced(by: Self.patience)
        for topic in topics {
            while true {
                do throws(PublishRefusal) {
                    try connection.publish(topic: topic.span.bytes, payload: RawSpan(), qos: .atLeastOnce, retain: true)
                    break
                } catch {
                    guard error == .queueFull, MonotonicClock.now() < end else { throw .undeleted(topics.count) }
                    wakeup.wait(timeout: .milliseconds(100))
                }
            }
        }
        while state.withLock({ $0.answered + $0.refused < topics.count }), MonotonicClock.now() < end {
            wakeup.wait(timeout: .milliseconds(100))
        }
        let left = topics.count - state.withLock { $0.answered }
        guard left == 0 else { throw .undeleted(left) }
    }
}
