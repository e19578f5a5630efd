internal import DiodeProtocol
public import MQTTProtocol
internal import Sparkplug

/// Decides which topics may cross, and as what. Deny by default (IEC 62443-3-3 SR 5.2): only what a rule exports, and never what
/// must stay in the plant whatever the rules say.
///
/// It judges before a sequence is taken, so that what it drops never looks like a gap.
///
/// ```text
/// topic ──▶ of the broker ($…)? ──▶ ours (diode/…)? ──▶ command or state? ──▶ a rule exports it? ──▶ admit, by that rule
/// ```
public struct ExportPolicy: Sendable, Equatable {
    /// Why a message stays.
    public enum Refusal: Int, Sendable, CaseIterable {
        /// No rule exports it, or every rule that would excepts it.
        case notExported
        /// It begins with `$`: it belongs to the broker.
        case brokerTopic
        /// It lies under `diode/`, where the receiving side speaks for itself (D14).
        case reservedForDiode
        /// A Sparkplug NCMD, DCMD or STATE: what ``OneSidedTopics`` holds, or the state of a host as Sparkplug 2.2 had it.
        case commandOrState
        /// With its rule's prefix the topic is longer than MQTT allows.
        case topicTooLong
        /// The payload is larger than its rule allows.
        case tooLarge
        /// The change is smaller than its rule's deadband.
        case deadband
        /// A newer value of the topic took its place while it waited for its rule's rate.
        case superseded
        /// It matches the filter of no rule: it came because some overlap, and one broader filter was subscribed to in their place.
        case overlap
        /// An empty payload on a topic of an edge node: the deletion of a retained message that none of its messages may be.
        case cleared

        /// For status: what these are counted under.
        package var word: String {
            switch self {
            case .notExported: "not_exported"
            case .brokerTopic: "broker_topic"
            case .reservedForDiode: "reserved"
            case .commandOrState: "command_or_state"
            case .topicTooLong: "topic_too_long"
            case .tooLarge: "max_payload"
            case .deadband: "deadband"
            case .superseded: "max_rate"
            case .overlap: "overlap"
            case .cleared: "sparkplug_cleared"
            }
        }
    }

    /// The rule that exports a topic.
    public struct Passage: Sendable, Equatable {
        /// Which of `rules`.
        public let rule: Int
        /// Only the size limit of the rule applies: Sparkplug messages count each other.
        public let isSparkplug: Bool
    }

    /// What becomes of a topic.
    public enum Ruling: Sendable, Equatable {
        case stays(Refusal)
        case crosses(Passage)
    }

    /// The first rule that exports a topic decides.
    public let rules: [Rule]
    /// First levels that mean Sparkplug.
    public let sparkplugNamespaces: [String]
    /// Whether some topics have another name on the link.
    public let movesTopics: Bool
    /// What to subscribe to: filters that together match whatever a rule's filter does, and of which no topic matches two. Then a broker has
    /// nothing to deliver twice, whatever it makes of overlapping subscriptions (MQTT 5 §3.3.4 leaves it free), in 3.1.1 too.
    ///
    /// ```text
    /// acme/#, acme/line1/temp     ─▶ acme/#      one covers the other
    /// acme/+/temp, acme/line1/#   ─▶ acme/+/#    some topics match both: the narrowest filter that covers both, and more
    /// ```
    public let subscriptions: [TopicFilter]
    /// Those of them that are no rule's filter, and the filters of rules that each stands for: for a broker that refuses the broader one.
    public let narrower: [TopicFilter: [TopicFilter]]
    private let broadened: [TopicFilter]
    private let oneSided: OneSidedTopics

    /// - Parameters:
    ///   - rules: empty exports nothing.
    ///   - sparkplugNamespaces: under which commands and states are recognised, beside `spBv1.0`.
    public init(rules: [Rule], sparkplugNamespaces: [String] = []) {
        self.rules = rules
        let usual = SparkplugTopic.namespaceB
        self.sparkplugNamespaces = [usual] + sparkplugNamespaces.filter { $0 != usual }
        oneSided = OneSidedTopics(namespaces: sparkplugNamespaces)
        movesTopics = rules.contains { !$0.prefix.isEmpty }
        let filters = Set(rules.map(\.filter))
        subscriptions = Self.disjoint(rules.map(\.filter))
        broadened = subscriptions.filter { !filters.contains($0) }
        narrower = Dictionary(
            uniqueKeysWithValues: broadened.map { broad in
                let own = filters.filter { broad.covers($0) }
                let widest = own.filter { filter in !own.contains { $0 != filter && $0.covers(filter) } }
                return (broad, widest.sorted { $0.description < $1.description })
            })
    }

    /// Each round of the inner loop takes a filter out, so that there are no more rounds than filters.
    private static func disjoint(_ filters: [TopicFilter]) -> [TopicFilter] {
        var disjoint: [TopicFilter] = []
        for filter in filters {
            var filter = filter
            while let index = disjoint.firstIndex(where: { $0.overlaps(filter) }) {
                filter = disjoint.remove(at: index).joined(with: filter)
            }
            disjoint.append(filter)
        }
        return disjoint
    }

    /// - Parameter topic: a topic name.
    /// - Returns: why it stays; nil if it may cross.
    public func refusal(of topic: RawSpan) -> Refusal? {
        if case .stays(let refusal) = ruling(on: topic) { refusal } else { nil }
    }

    /// - Parameter topic: a topic name of the plant.
    public func ruling(on topic: RawSpan) -> Ruling {
        if Self.begins(topic, with: "$") { return .stays(.brokerTopic) }
        if Self.begins(topic, with: "diode/") || topic.byteCount == 5 && Self.begins(topic, with: "diode") {
            return .stays(.reservedForDiode)
        }
        if oneSided.holds(topic) { return .stays(.commandOrState) }
        for (index, rule) in rules.enumerated() where rule.exports(topic) {
            let passage = Passage(rule: index, isSparkplug: isSparkplug(topic))
            return passage.isSparkplug || rule.prefix.count + topic.byteCount <= Self.maximumTopicBytes
                ? .crosses(passage) : .stays(.topicTooLong)
        }
        let isExpected = broadened.isEmpty || rules.contains { $0.filter.matches(topic) }
        return .stays(isExpected || !broadened.contains { $0.matches(topic) } ? .notExported : .overlap)
    }

    /// What stands before the topics of a passage; empty: nothing.
    func prefix(of passage: Passage) -> [UInt8] { passage.isSparkplug ? [] : rules[passage.rule].prefix }

    /// The name on the link of a topic of the plant; nil if it stays.
    public func exportedTopic(of topic: [UInt8]) -> [UInt8]? {
        guard case .crosses(let passage) = ruling(on: topic.span.bytes) else { return nil }
        return prefix(of: passage) + topic
    }

    /// Whether a topic of the link is one that this policy lets through under that name; of a state, whether its edge node's birth is.
    func exports(_ topic: [UInt8]) -> Bool {
        let bytes = topic.span.bytes
        guard let birth = StateTopic.birth(of: bytes) else { return plantTopic(of: topic) != nil }
        return refusal(of: birth) == nil
    }

    /// The topic of the plant that has this name on the link; nil if none that crosses has.
    func plantTopic(of topic: [UInt8]) -> [UInt8]? {
        if exportedTopic(of: topic) == topic { return topic }
        for rule in rules where !rule.prefix.isEmpty && topic.starts(with: rule.prefix) {
            let plant = Array(topic.dropFirst(rule.prefix.count))
            if !plant.isEmpty, exportedTopic(of: plant) == topic { return plant }
        }
        return nil
    }

    /// Longest topic of MQTT (§1.5.4).
    private static let maximumTopicBytes = 65_535

    private func isSparkplug(_ topic: RawSpan) -> Bool {
        sparkplugNamespaces.contains { namespace in
            topic.withUnsafeBytes { bytes in
                bytes.starts(with: namespace.utf8)
                    && (bytes.count == namespace.utf8.count || bytes[namespace.utf8.count] == UInt8(ascii: "/"))
            }
        }
    }

    private static func begins(_ topic: RawSpan, with prefix: StaticString) -> Bool {
        guard topic.byteCount >= prefix.utf8CodeUnitCount else { return false }
        return topic.withUnsafeBytes { bytes in
            prefix.withUTF8Buffer { bytes.prefix($0.count).elementsEqual($0) }
        }
    }
}
