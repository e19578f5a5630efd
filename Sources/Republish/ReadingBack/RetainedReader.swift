import DiodeProtocol
import EventLog
import MQTT
import Outbox
import Threading
internal import MQTTProtocol
internal import Deliveries

/// Reads what the IT broker retains of a link, over a connection of its own, and hands it over to be compared (ADR 0013).
///
/// Ours is what bears our `diode-link`. MQTT 3.1.1 has no properties: there ours is what lies under the link's prefix or `own`, and
/// if that is everything, nothing can be told.
final class RetainedReader: Sendable {
    private let fetcher: RetainedSetFetcher
    private let readBack: ReadBack
    private let ended = Lock(false)

    /// Starts to read.
    /// - Parameter wakeup: signalled at the end.
    init(
        _ settings: PublisherSettings, version: ProtocolVersion, readBack: ReadBack, wakeup: Wakeup, log: EventLog
    ) throws {
        self.readBack = readBack
        var connection = settings.connection
        let name = connection.clientIdentifier.isEmpty ? "diode-recv-\(settings.link)" : connection.clientIdentifier
        connection.clientIdentifier = "\(name)-read"
        let (mapper, link, linkBytes) = (settings.mapper, settings.link, Array(settings.link.utf8))
        fetcher = try RetainedSetFetcher(
            connection, filters: mapper.filters,
            received: { message in
                var stamp: Stamp?
                if version == .v5 {
                    guard let origin = MessageOrigin(message.properties), origin.link == linkBytes else { return }
                    stamp = origin.stamp
                }
                guard let topic = mapper.plantTopic(of: message.topic) else { return }
                var hasher = SymbolHasher()
                _ = readBack.put(RetainedValue(topic: topic, stamp: stamp, value: hasher.value(message.payload)))
            },
            finished: { [ended] report in
                if !report.isComplete {
                    log.info(
                        "it_broker.unread",
                        report.failure?.description ?? "the IT broker does not show all that it retains",
                        ["link": .text(link)])
                }
                readBack.finish(isComplete: report.isComplete) { topic in mapper.admits(topic) }
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
