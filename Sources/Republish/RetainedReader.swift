import DiodeProtocol
import EventLog
import MQTT
import Outbox
import Threading

/// Reads what the IT broker retains of a link, over a connection of its own, and hands it over to be compared (DESIGN D6).
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
                    guard let origin = Origin(message.properties), origin.link == linkBytes else { return }
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

    /// What a message says of where it came from.
    private struct Origin {
        var link: [UInt8] = []
        var stamp: Stamp?

        /// - Returns: nil for what is no list of properties.
        init?(_ properties: RawSpan) {
            var reader = PropertyReader(properties)
            while !reader.isAtEnd {
                do throws(CodecError) {
                    let property = try reader.next()
                    guard property.id == .userProperty else { continue }
                    // Ours stand behind the plant's, which may have the same names.
                    if property.bytes.isEqual(to: "diode-link") {
                        link = property.value.withUnsafeBytes { Array($0) }
                    } else if property.bytes.isEqual(to: "diode-seq") {
                        stamp = Self.stamp(property.value)
                    }
                } catch { return nil }
            }
        }

        /// `epoch:sequence`.
        private static func stamp(_ text: RawSpan) -> Stamp? {
            let parts = text.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }.split(separator: ":")
            guard parts.count == 2, let epoch = UInt64(parts[0]), let sequence = UInt64(parts[1]) else { return nil }
            return Stamp(epoch: Epoch(rawValue: epoch), sequence: SequenceNumber(rawValue: sequence))
        }
    }
}

extension RawSpan {
    fileprivate func isEqual(to text: StaticString) -> Bool {
        withUnsafeBytes { bytes in text.withUTF8Buffer { bytes.elementsEqual($0) } }
    }
}
