public import Account
internal import Collections
internal import MQTT
public import MQTTProtocol
internal import Sparkplug

/// Where a record of the link goes on the IT broker, if it may go there at all.
///
/// ```text
/// topic ─▶ diode or diode/…, Sparkplug commands and host states ─▶ never
///       ─▶ moved by the map, or a name that the map has given away ─▶ never
///       ─▶ prefix + topic ─▶ outside the link's own filters ─────▶ never
///                         ─▶ there
/// ```
public struct TopicMapper: Sendable {
    /// The answer for one record.
    public enum Mapping: Equatable, Sendable {
        /// The topic as it came: no prefix is set, and no entry of the map moves it.
        case unchanged
        /// The topic is in `prefixed`.
        case prefixed
        case refused(DeadLetterReason)
    }

    /// Longest topic of MQTT (§1.5.4).
    public static let maximumTopicBytes = 65_535

    private let prefix: [UInt8]
    private let own: [TopicFilter]
    private let map: TopicMap
    private let namespaces: [String]
    /// The mapped topic after `.prefixed`; used again for the next record.
    public private(set) var prefixed: [UInt8] = []

    /// - Parameters:
    ///   - prefix: levels to stand before each topic; a slash is added if it does not end in one. Empty: none.
    ///   - own: what the link may write, as topics of the IT broker. `["#"]` is everything that does not begin with `$`.
    ///   - map: other names, before the prefix is put before them.
    ///   - namespaces: first levels of Sparkplug's topics, beside `spBv1.0`: under them no command is ever written.
    public init(prefix: String, own: [TopicFilter], map: TopicMap = TopicMap(), namespaces: [String] = []) {
        self.map = map
        let usual = SparkplugTopic.namespaceB
        self.namespaces = [usual] + namespaces.filter { $0 != usual }
        var bytes = Array(prefix.utf8)
        if let last = bytes.last, last != UInt8(ascii: "/") { bytes.append(UInt8(ascii: "/")) }
        self.prefix = bytes
        self.own = own
    }

    /// Maps one topic. Nothing is allocated once `prefixed` has grown.
    public mutating func map(_ topic: RawSpan) -> Mapping {
        if Self.isReserved(topic) { return .refused(.reservedTopic) }
        if isSparkplugCommand(topic) { return .refused(.sparkplugCommand) }
        guard map.isEmpty else { return move(topic) }
        guard !prefix.isEmpty else {
            return isOwn(topic) ? .unchanged : .refused(.foreignTopic)
        }
        return putBehindPrefix(topic)
    }

    private mutating func move(_ topic: RawSpan) -> Mapping {
        let bytes = [UInt8](copying: topic)
        switch map.answer(for: bytes) {
        case .taken: return .refused(.nameTaken)
        case .moved(let moved): return putBehindPrefix(moved.span.bytes)
        case .stays:
            guard prefix.isEmpty else { return putBehindPrefix(topic) }
            return isOwn(topic) ? .unchanged : .refused(.foreignTopic)
        }
    }

    private mutating func putBehindPrefix(_ topic: RawSpan) -> Mapping {
        guard prefix.count + topic.byteCount <= Self.maximumTopicBytes else { return .refused(.topicTooLong) }
        prefixed.removeAll(keepingCapacity: true)
        prefixed.append(contentsOf: prefix)
        topic.withUnsafeBytes { prefixed.append(contentsOf: $0) }
        if Self.isReserved(prefixed.span.bytes) { return .refused(.reservedTopic) }
        if isSparkplugCommand(prefixed.span.bytes) { return .refused(.sparkplugCommand) }
        return isOwn(prefixed.span.bytes) ? .prefixed : .refused(.foreignTopic)
    }

    // MARK: Back

    /// Where on the IT broker the link's topics are.
    var filters: [TopicFilter] {
        guard isOpen else { return own }
        do throws(TopicFilter.Fault) {
            return [try TopicFilter(String(decoding: prefix, as: UTF8.self) + "#")]
        } catch {
            preconditionFailure("a prefix has no wildcards")
        }
    }

    /// A filter in the plant's terms, as one of the IT broker.
    func filter(for plant: [UInt8]) -> String { String(decoding: prefix + plant, as: UTF8.self) }

    /// Whether every topic of the IT broker could be the link's.
    var isEverything: Bool { isOpen && prefix.isEmpty }

    /// `own` says nothing.
    private var isOpen: Bool { own.map(\.description) == ["#"] }

    /// The topic in the plant of one on the IT broker; nil if the link never writes there.
    func plantTopic(of topic: RawSpan) -> [UInt8]? {
        guard !Self.isReserved(topic), isOwn(topic) else { return nil }
        let bytes = [UInt8](copying: topic)
        guard bytes.starts(with: prefix), bytes.count > prefix.count else { return nil }
        let named = Array(bytes.dropFirst(prefix.count))
        return map.isEmpty ? named : map.source(of: named)
    }

    /// Whether a topic of the plant may be on the IT broker.
    func admits(_ topic: [UInt8]) -> Bool {
        var copy = self
        if case .refused = copy.map(topic.span.bytes) { return false }
        return true
    }

    private func isOwn(_ topic: RawSpan) -> Bool {
        for filter in own where filter.matches(topic) { return true }
        return false
    }

    /// `diode` and everything below it belongs to the pair itself.
    static func isReserved(_ topic: RawSpan) -> Bool {
        guard topic.hasPrefix("diode") else { return false }
        return topic.byteCount == 5 || topic.byte(5) == UInt8(ascii: "/")
    }

    /// What belongs to one side: NCMD, DCMD and STATE of each namespace, and the `STATE/…` of Sparkplug 2.
    private func isSparkplugCommand(_ topic: RawSpan) -> Bool {
        if topic.hasPrefix("STATE/") { return true }
        for namespace in namespaces where SparkplugTopic.staysOnItsSide(topic, namespace: namespace) { return true }
        return false
    }
}

extension RawSpan {
    /// One byte. The index is checked by the span.
    fileprivate func byte(_ index: Int) -> UInt8 { unsafeLoad(fromByteOffset: index, as: UInt8.self) }

    fileprivate func hasPrefix(_ text: StaticString) -> Bool {
        guard byteCount >= text.utf8CodeUnitCount else { return false }
        return withUnsafeBytes { bytes in
            text.withUTF8Buffer { bytes.prefix($0.count).elementsEqual($0) }
        }
    }
}
