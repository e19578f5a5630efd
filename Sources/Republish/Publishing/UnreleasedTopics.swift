internal import Collections
internal import MQTT
internal import MQTTProtocol

/// The topics that have a QoS 2 publish on its way.
///
/// A broker counts a QoS 2 message from its release (PUBREL), one round trip after it came; a later QoS 0 or 1 message of the same topic
/// would pass it, and the older value would stay as the retained one. MQTT promises order only within one QoS [MQTT-4.6.0]. So
/// such a message waits until nothing of its topic is unreleased. Messages of one QoS, which is what a topic nearly always has,
/// never wait.
///
/// It holds one entry for each QoS 2 delivery that is taken and not settled: the publisher's window bounds it. Topics are known
/// by a hash; two that share one wait for each other without need, and nothing else happens.
struct UnreleasedTopics: Sendable {
    /// Hash of the topic, by the token of the publish.
    private var topics: [UInt64: Int] = [:]
    private var counts: [Int: Int] = [:]

    /// Whether a publish would pass an unreleased one of its topic.
    func holdsBack(_ topic: RawSpan, qos: QoS) -> Bool {
        guard qos != .exactlyOnce, !counts.isEmpty else { return false }
        return counts[topic.processHash] != nil
    }

    /// A publish was handed to the connection.
    mutating func insert(_ topic: RawSpan, qos: QoS, token: UInt64) {
        guard qos == .exactlyOnce else { return }
        let hash = topic.processHash
        topics[token] = hash
        counts[hash, default: 0] += 1
    }

    /// A publish was settled.
    mutating func remove(token: UInt64) {
        guard !topics.isEmpty, let hash = topics.removeValue(forKey: token), let count = counts[hash] else { return }
        counts[hash] = count == 1 ? nil : count - 1
    }

    /// The connection is gone.
    mutating func removeAll() {
        topics = [:]
        counts = [:]
    }
}
