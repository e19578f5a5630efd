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
    private let oneSided: OneSidedTopics
    /// The mapped topic after `.prefixed`; used again for the next record.
    public private(set) var prefixed: [UInt8] = []

    /// - Parameters:
    ///   - prefix: levels to stand before each topic; a slash is added if it does not end in one. Empty: none.
    ///   - own: what the link may write, as topics of the IT broker. `["#"]` is everything that does not begin with `$`.
    ///   - map: other names, before the prefix is put before them.
    ///   - namespaces: first levels of Sparkplug's topics, beside `spBv1.0`: under them no command is ever written.
    public init(prefix: String, own: [TopicFilter], map: TopicMap = TopicMap(), namespaces: [String] = []) {
        self.map = map
        oneSided = OneSidedTopics(namespaces: namespaces)
        var bytes = Array(prefix.utf8)
        if let last = bytes.last, last != UInt8(ascii: "/") { bytes.append(UInt8(ascii: "/")) }
        self.prefix = bytes
        self.own = own
    }

    /// Maps the topic of one record. Nothing is allocated once `prefixed` has grown.
    public mutating func map(_ topic: RawSpan, payload: RawSpan = RawSpan()) -> Mapping {
        if Self.isReserved(topic) { return .refused(.reservedTopic) }
        if isOneSided(topic, payload) { return .refused(.sparkplugCommand) }
        guard map.isEmpty else { return move(topic, payload) }
        guard !prefix.isEmpty else {
            return isOwn(topic) ? .unchanged : .refused(.foreignTopic)
        }
        return putBehindPrefix(topic, payload)
    }

    private mutating func move(_ topic: RawSpan, _ payload: RawSpan) -> Mapping {
        let bytes = [UInt8](copying: topic)
        switch map.answer(for: bytes) {
        case .taken: return .refused(.nameTaken)
        case .moved(let moved): return putBehindPrefix(moved.span.bytes, payload)
        case .stays:
            guard prefix.isEmpty else { return putBehindPrefix(topic, payload) }
            return isOwn(topic) ? .unchanged : .refused(.foreignTopic)
        }
    }

    private mutating func putBehindPrefix(_ topic: RawSpan, _ payload: RawSpan) -> Mapping {
        guard prefix.count + topic.byteCount <= Self.maximumTopicBytes else { return .refused(.topicTooLong) }
        prefixed.removeAll(keepingCapacity: true)
        prefixed.append(contentsOf: prefix)
        topic.withUnsafeBytes { prefixed.append(contentsOf: $0) }
        if Self.isReserved(prefixed.span.bytes) { return .refused(.reservedTopic) }
        if isOneSided(prefixed.span.bytes, payload) { return .refused(.sparkplugCommand) }
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

    /// The topic in the plant of one on the IT broker; nil if the link never writes there, or a host of the IT side might have its
    /// state there.
    func plantTopic(of topic: RawSpan) -> [UInt8]? {
        guard !Self.isReserved(topic), !OneSidedTopics.isHostTopic(topic), isOwn(topic) else { return nil }
        let bytes = [UInt8](copying: topic)
        guard bytes.starts(with: prefix), bytes.count > prefix.count else { return nil }
        let named = Array(bytes.dropFirst(prefix.count))
        return map.isEmpty ? named : map.source(of: named)
    }

    /// Whether a topic of the plant may be on the IT broker. Where a host of the IT side could have its state, nothing is known without the
    /// payload: such a topic is left alone.
    func admits(_ topic: [UInt8]) -> Bool {
        var copy = self
        switch copy.map(topic.span.bytes) {
        case .refused: return false
        case .unchanged: return !OneSidedTopics.isHostTopic(topic.span.bytes)
        case .prefixed: return !OneSidedTopics.isHostTopic(copy.prefixed.span.bytes)
        }
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

    /// What belongs to one side: the list that the sender refuses by, too.
    private func isOneSided(_ topic: RawSpan, _ payload: RawSpan) -> Bool {
        oneSided.holds(topic) || OneSidedTopics.isHostState(topic, payload: payload)
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
