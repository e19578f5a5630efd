public import MQTT
internal import Sparkplug

/// Decides which topics may cross. Deny by default (IEC 62443-3-3 SR 5.2): only what a rule exports, and never what
/// must stay in the plant whatever the rules say.
///
/// It judges before a sequence is taken, so that what it drops never looks like a gap.
///
/// ```text
/// topic ──▶ of the broker ($…)? ──▶ ours (diode/…)? ──▶ command or state? ──▶ a rule exports it? ──▶ admit
/// ```
public struct ExportPolicy: Sendable, Equatable {
    /// One entry of `export`: a filter and its exceptions. Rates, deadbands, size limits and prefixes will stand here.
    public struct Rule: Sendable, Equatable {
        /// Topics that may cross.
        public var filter: TopicFilter
        /// Topics among them that may not.
        public var exceptions: [TopicFilter]

        public init(filter: TopicFilter, exceptions: [TopicFilter] = []) {
            self.filter = filter
            self.exceptions = exceptions
        }

        func exports(_ topic: RawSpan) -> Bool {
            guard filter.matches(topic) else { return false }
            for exception in exceptions where exception.matches(topic) { return false }
            return true
        }
    }

    /// Why a topic stays.
    public enum Refusal: Int, Sendable, CaseIterable {
        /// No rule exports it, or every rule that would excepts it.
        case notExported
        /// It begins with `$`: it belongs to the broker.
        case brokerTopic
        /// It lies under `diode/`, where the receiving side speaks for itself (DESIGN D14).
        case reservedForDiode
        /// A Sparkplug NCMD, DCMD or STATE.
        case commandOrState
    }

    /// The first rule that exports a topic decides; the order matters only for what rules will carry later.
    public let rules: [Rule]
    /// First levels that mean Sparkplug.
    public let sparkplugNamespaces: [String]

    /// - Parameters:
    ///   - rules: empty exports nothing.
    ///   - sparkplugNamespaces: under which commands and states are recognised, beside `spBv1.0`.
    public init(rules: [Rule], sparkplugNamespaces: [String] = []) {
        self.rules = rules
        let usual = SparkplugTopic.namespaceB
        self.sparkplugNamespaces = [usual] + sparkplugNamespaces.filter { $0 != usual }
    }

    /// What to subscribe to: each filter that no other one covers, so that the broker delivers a message once.
    public var subscriptions: [TopicFilter] {
        var filters: [TopicFilter] = []
        for filter in rules.map(\.filter) where !filters.contains(where: { $0.covers(filter) }) {
            filters.removeAll { filter.covers($0) }
            filters.append(filter)
        }
        return filters
    }

    /// - Parameter topic: a topic name.
    /// - Returns: why it stays; nil if it may cross.
    public func refusal(of topic: RawSpan) -> Refusal? {
        if Self.begins(topic, with: "$") { return .brokerTopic }
        if Self.begins(topic, with: "diode/") || topic.byteCount == 5 && Self.begins(topic, with: "diode") {
            return .reservedForDiode
        }
        for namespace in sparkplugNamespaces where SparkplugTopic.staysOnItsSide(topic, namespace: namespace) {
            return .commandOrState
        }
        for rule in rules where rule.exports(topic) { return nil }
        return .notExported
    }

    private static func begins(_ topic: RawSpan, with prefix: StaticString) -> Bool {
        guard topic.byteCount >= prefix.utf8CodeUnitCount else { return false }
        return topic.withUnsafeBytes { bytes in
            prefix.withUTF8Buffer { bytes.prefix($0.count).elementsEqual($0) }
        }
    }
}
