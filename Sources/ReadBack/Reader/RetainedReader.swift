internal import Collections
internal import DiodeProtocol
internal import EventLog
internal import MQTT
package import MQTTProtocol
internal import ReadBack
package import ReadBackCore
internal import Threading

/// What of the IT broker a link may read, and how.
package struct ReadingScope: Sendable {
    /// The link's name.
    package var link: String
    /// Server, version, TLS, credentials.
    package var connection: ConnectionSettings
    /// How often the IT broker is read beside each connection.
    package var period: Duration
    /// What is read.
    package var filters: [TopicFilter]
    /// The filters leave nothing out, so that MQTT 3.1.1 cannot tell what is the link's.
    package var isEverything: Bool
    /// A topic of the IT broker as the plant knows it; nil if it cannot be the link's.
    package var plantTopic: @Sendable (RawSpan) -> [UInt8]?
    /// Is told of each value that ends by itself: its topic as the plant knows it, and how many seconds are left of it.
    package var ends: @Sendable ([UInt8], UInt32) -> Void
    /// What can be on the IT broker.
    package var expectations: RetainedExpectations

    package init(
        link: String, connection: ConnectionSettings, period: Duration, filters: [TopicFilter], isEverything: Bool,
        plantTopic: @escaping @Sendable (RawSpan) -> [UInt8]?, ends: @escaping @Sendable ([UInt8], UInt32) -> Void,
        expectations: RetainedExpectations
    ) {
        self.link = link
        self.connection = connection
        self.period = period
        self.filters = filters
        self.isEverything = isEverything
        self.plantTopic = plantTopic
        self.ends = ends
        self.expectations = expectations
    }
}

/// Reads what the IT broker retains of a link, over a connection of its own, and hands it over to be compared.
///
/// Ours is what bears our `diode-link`, and no copy that somebody made where `diode-topic` names its topic. MQTT 3.1.1 has no properties:
/// there ours is what lies under the link's prefix or `own`, and if that is everything, nothing can be told.
final class RetainedReader: Sendable {
    private let fetcher: RetainedSetFetcher
    private let ended = Lock(false)

    /// Starts to read.
    /// - Parameters:
    ///   - wakeup: signalled at the end.
    ///   - changed: what becomes of the connection that reads.
    init(
        _ scope: ReadingScope, version: ProtocolVersion, mailbox: ReadBackMailbox, wakeup: Wakeup, log: EventLog,
        changed: @escaping @Sendable (ConnectionState) -> Void
    ) throws {
        var connection = scope.connection
        let name = connection.clientIdentifier.isEmpty ? "diode-recv-\(scope.link)" : connection.clientIdentifier
        connection.clientIdentifier = "\(name)-read"
        let linkBytes = Array(scope.link.utf8)
        fetcher = try RetainedSetFetcher(
            connection, filters: scope.filters,
            received: { message in
                // What is too large to be kept, or malformed, was not put there by us.
                guard message.loss == nil else { return }
                var stamp: Stamp?
                var isOurs = true
                var secondsLeft: UInt32?
                if version == .v5 {
                    guard let origin = MessageOrigin(message.properties), origin.link == linkBytes else { return }
                    stamp = origin.stamp
                    isOurs = origin.topic == [UInt8](copying: message.topic)
                    secondsLeft = origin.secondsLeft
                }
                guard let topic = scope.plantTopic(message.topic) else { return }
                if isOurs, let secondsLeft { scope.ends(topic, secondsLeft) }
                var hasher = SymbolHasher()
                _ = mailbox.put(
                    RetainedValue(
                        topic: topic, stamp: stamp, value: hasher.value(message.payload), isOurs: isOurs))
            },
            changed: changed,
            finished: { [ended] report in
                if !report.isComplete {
                    log.info(
                        "it_broker.unread",
                        report.failure?.description ?? "the IT broker does not show all that it retains",
                        ["link": .text(scope.link)])
                }
                mailbox.finish(isComplete: report.isComplete, scope.expectations)
                ended.withLock { $0 = true }
                wakeup.signal()
            })
        try fetcher.start()
    }

    /// Whether everything was read, or it was given up.
    var isEnded: Bool { ended.withLock { $0 } }

    /// Waits for the end, early if it is not over.
    func stop() { fetcher.stop() }
}
