import TestKit

/// Compares what the plant published with what arrived behind the pair, as P1, P3 and P7 promise it.
enum Faithfulness {
    /// What the pair itself says on the IT broker.
    static let ownTopics = "diode/"
    private static let ownProperties: Set<String> = [
        "diode-link", "diode-ts", "diode-seq", "diode-late", "diode-refresh", "diode-topic",
    ]

    /// What came from the plant, without the properties that the pair puts behind those of the plant.
    static func fromPlant(_ arrived: [PlantMessage]) -> [PlantMessage] {
        arrived.filter { !$0.topic.hasPrefix(ownTopics) }.map { message in
            var message = message
            message.properties.removeAll { property in
                if case .user(let name, _) = property { ownProperties.contains(name) } else { false }
            }
            return message
        }
    }

    /// Sentences that say where the two differ: nothing when each message arrived exactly once, byte for byte, with QoS, retain and
    /// properties, and in the plant's order per topic. (Per topic and QoS: the brokers at both ends keep no other order.)
    static func differences(published: [PlantMessage], arrived: [PlantMessage]) -> [String] {
        struct Stream: Hashable {
            var topic: String
            var qos: Int
        }
        let arrived = fromPlant(arrived)
        let sent = Dictionary(grouping: published) { Stream(topic: $0.topic, qos: $0.qos) }
        let got = Dictionary(grouping: arrived) { Stream(topic: $0.topic, qos: $0.qos) }
        var findings: [String] = []
        if published.count != arrived.count {
            findings.append("\(published.count) were published, \(arrived.count) arrived")
        }
        for (stream, messages) in sent where got[stream] != messages {
            let other = got[stream] ?? []
            let place = zip(messages, other).enumerated().first { $1.0 != $1.1 }
            let detail = place.map { "number \($0.offset): \($0.element.0) became \($0.element.1)" } ?? "cut short"
            findings.append("\(stream.topic) QoS \(stream.qos): \(messages.count) → \(other.count), \(detail)")
        }
        for (stream, messages) in got where sent[stream] == nil {
            findings.append("\(stream.topic) QoS \(stream.qos): \(messages.count) that nobody published")
        }
        return findings
    }

    /// The retained values that remain of these messages, by topic.
    static func retained(_ messages: [PlantMessage]) -> [String: [UInt8]] {
        var values: [String: [UInt8]] = [:]
        for message in messages where message.retain {
            values[message.topic] = message.payload.isEmpty ? nil : message.payload
        }
        return values
    }

    /// The topics whose retained values differ.
    static func differences(_ values: [String: [UInt8]], _ expected: [String: [UInt8]]) -> [String] {
        Set(values.keys).union(expected.keys).filter { values[$0] != expected[$0] }.sorted().map { topic in
            let texts = [values[topic], expected[topic]].map {
                $0.map { String(decoding: $0, as: UTF8.self) } ?? "none"
            }
            return "\(topic): \(texts[0]), expected \(texts[1])"
        }
    }
}
