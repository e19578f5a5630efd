internal import Collections
internal import JSON

/// What belongs to one side of a diode and never crosses, whatever rules and filters say: commands to the plant, and the states of host
/// applications. The one list by which both sides refuse.
///
/// ```text
/// spBv1.0/group/NCMD/…, …/DCMD/…, spBv1.0/STATE/…     in each namespace, whatever follows the type
/// spBv1/0/group/NCMD/…                                where a broker has made slashes of the namespace's dots (RabbitMQ)
/// STATE/host                                          of Sparkplug 2.2, if the payload is the state of a host
/// ```
///
/// Anything else below `STATE/` is the plant's: MQTT has no reserved word STATE.
public struct OneSidedTopics: Sendable, Equatable {
    private let namespaces: [String]
    /// The namespaces that have dots, with slashes in their places.
    private let split: [String]

    /// - Parameter namespaces: first levels that mean Sparkplug; `spBv1.0` always does.
    public init(namespaces: [String]) {
        let usual = SparkplugTopic.namespaceB
        self.namespaces = [usual] + namespaces.filter { $0 != usual }
        split = self.namespaces.filter { $0.utf8.contains(UInt8(ascii: ".")) }
            .map { String(decoding: $0.utf8.map { $0 == UInt8(ascii: ".") ? UInt8(ascii: "/") : $0 }, as: UTF8.self) }
    }

    /// Whether a topic is on the list, whatever its payload.
    public func holds(_ topic: RawSpan) -> Bool {
        for namespace in namespaces where SparkplugTopic.staysOnItsSide(topic, namespace: namespace) { return true }
        for namespace in split where Self.isSplitCommand(topic, namespace) { return true }
        return false
    }

    /// Whether a message is the state of a host, as Sparkplug 2.2 had it: ONLINE, OFFLINE, or an object with `online`.
    public static func isHostState(_ topic: RawSpan, payload: RawSpan) -> Bool {
        guard isHostTopic(topic), 1...largestState ~= payload.byteCount else { return false }
        let bytes = [UInt8](copying: payload)
        let text = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }.uppercased()
        if text == "ONLINE" || text == "OFFLINE" { return true }
        guard text.hasPrefix("{") else { return false }
        return (try? JSON5Reader.value(of: bytes))?["online"] != nil
    }

    /// Whether a topic is where Sparkplug 2.2 has the state of a host: `STATE/` and one level.
    public static func isHostTopic(_ topic: RawSpan) -> Bool {
        let name = SparkplugTopic.MessageType.state.rawValue.utf8
        return topic.withUnsafeBytes { bytes in
            guard bytes.count > name.count + 1, bytes.starts(with: name) else { return false }
            return bytes[name.count] == UInt8(ascii: "/") && !bytes[(name.count + 1)...].contains(UInt8(ascii: "/"))
        }
    }

    private static let largestState = 4_096

    /// Judged more widely than with dots, because the dots of a group's name are slashes as well: a level that names a command is enough.
    private static func isSplitCommand(_ topic: RawSpan, _ namespace: String) -> Bool {
        topic.withUnsafeBytes { bytes in
            let start = namespace.utf8.count
            guard bytes.count > start, bytes.starts(with: namespace.utf8), bytes[start] == UInt8(ascii: "/") else {
                return false
            }
            let levels = bytes[(start + 1)...].split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            if levels[0].elementsEqual(SparkplugTopic.MessageType.state.rawValue.utf8) { return true }
            return levels.dropFirst().contains { level in
                level.elementsEqual(SparkplugTopic.MessageType.nodeCommand.rawValue.utf8)
                    || level.elementsEqual(SparkplugTopic.MessageType.deviceCommand.rawValue.utf8)
            }
        }
    }
}
