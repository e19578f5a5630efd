import Foundation

/// Something odd that an OT broker sends: a row of the matrix in docs/BROKERS.md.
///
/// The packets are written here byte by byte, so that no encoder of ours is needed for what none of ours would write.
struct OddPacket: Sendable {
    /// Where one of the packets stands among the others.
    struct Place: Sendable {
        /// 4 for MQTT 3.1.1, 5.
        let version: Int
        let qos: Int
        let retain: Bool
        let identifier: Int
        /// The topic's beginning, which no other packet has.
        let topic: String

        /// The flags and type of a PUBLISH.
        var first: UInt8 { UInt8(0x30 | qos << 1 | (retain ? 1 : 0)) }
    }

    /// What becomes of it.
    enum Fate: Sendable, Equatable {
        /// The message arrives on the IT side, once.
        case crosses
        /// The policy keeps it, and counts it.
        case stays
        /// It is no message, and nothing is lost.
        case passes
        /// The audit names it: exit 4.
        case lost(layer: String, reason: String)

        static let malformed = Fate.lost(layer: "ot-broker", reason: "malformed")
        static let oversize = Fate.lost(layer: "sender", reason: "oversize")
    }

    let name: String
    let fate: Fate
    /// The levels of QoS at which it is sent; one for what is no PUBLISH.
    var levels = [0, 1, 2]
    var isOnly5 = false
    /// Whether it can be acknowledged above QoS 0.
    var isAcknowledged = true
    /// Whether a broker could retain it.
    var isRetained = true
    /// What the audit calls its topic, behind the place's.
    var shown: @Sendable (Place) -> String = { $0.topic }
    /// The packet as a line of an injection file.
    let line: @Sendable (Place) -> String

    /// A PUBLISH.
    /// - Parameters:
    ///   - topic: the place's if nil.
    ///   - propertyBytes: what it says of the length of its properties; the truth if nil.
    ///   - fill: bytes of payload behind `payload`.
    static func publish(
        _ place: Place, topic: [UInt8]? = nil, properties: [UInt8] = [], propertyBytes: Int? = nil,
        payload: String = "odd", fill: Int = 0, first: UInt8? = nil, identifier: Int? = nil
    ) -> String {
        let topic = topic ?? Array(place.topic.utf8)
        var body = word(topic.count) + topic
        if place.qos > 0 { body += word(identifier ?? place.identifier) }
        if place.version == 5 { body += variable(propertyBytes ?? properties.count) + properties }
        body += Array(payload.utf8)
        return packet(first ?? place.first, body, fill: fill)
    }

    static func packet(_ first: UInt8, _ body: [UInt8], fill: Int = 0) -> String {
        hexadecimal([first] + variable(body.count + fill) + body) + (fill > 0 ? " 78*\(fill)" : "")
    }

    static func word(_ value: Int) -> [UInt8] { [UInt8(value / 256), UInt8(value % 256)] }

    private static func variable(_ value: Int) -> [UInt8] {
        var (rest, bytes) = (value, [UInt8]())
        repeat {
            bytes.append(UInt8(rest % 128) | (rest >= 128 ? 128 : 0))
            rest /= 128
        } while rest > 0
        return bytes
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String { bytes.map { String(format: "%02x", $0) }.joined() }
}

extension OddPacket {
    /// A message whose topic and payload are fine, with these properties.
    private static func beside(_ name: String, _ properties: [UInt8]) -> OddPacket {
        OddPacket(name: name, fate: .crosses, isOnly5: true) { publish($0, properties: properties) }
    }

    /// A message under the place's topic and these bytes, shown as this text.
    private static func topic(_ name: String, _ bytes: [UInt8], shown: String) -> OddPacket {
        OddPacket(name: name, fate: .malformed, shown: { $0.topic + shown }) {
            publish($0, topic: Array($0.topic.utf8) + bytes)
        }
    }

    /// A packet of another type.
    private static func other(_ name: String, _ bytes: [UInt8]) -> OddPacket {
        OddPacket(name: name, fate: .passes, levels: [0], isRetained: false) { _ in packet(bytes[0], Array(bytes[1...]))
        }
    }

    static let rows: [OddPacket] = [
        beside("a topic alias above our maximum, beside a topic", [0x23, 0, 7]),
        beside("a topic alias of 0, beside a topic", [0x23, 0, 0]),
        beside("a property twice that may stand once", [3, 0, 1, 0x61, 3, 0, 1, 0x62]),
        beside("payload format 2", [1, 2]),
        beside("a user property in Latin-1", [0x26, 0, 1, 0x61, 0, 1, 0xFC]),
        beside("a user property with its C terminator", [0x26, 0, 1, 0x61, 0, 2, 0x62, 0]),
        beside("a property that MQTT does not know", [0x7E, 1]),
        beside("a property of another packet", [0x21, 0, 1]),
        beside("a property without an end", [3, 0, 9, 0x61]),
        beside("a subscription identifier that was not asked for", [0x0B, 5]),
        OddPacket(name: "DUP at QoS 0", fate: .crosses, levels: [0]) { publish($0, first: $0.first | 8) },
        OddPacket(name: "packet identifier 0", fate: .crosses, levels: [1, 2], isAcknowledged: false) {
            publish($0, identifier: 0)
        },
        OddPacket(name: "no payload", fate: .crosses, isRetained: false) { publish($0, payload: "") },
        topic("a topic in Latin-1", [0x2F, 0xFC], shown: "/\\xFC"),
        topic("a topic with U+0000", [0x2F, 0], shown: "/\\x00"),
        topic("a topic with a surrogate", [0x2F, 0xED, 0xA0, 0x80], shown: "/\\xED\\xA0\\x80"),
        topic("a topic with `+`, as RabbitMQ delivers `*`", Array("/+/x".utf8), shown: "/\\x2B/x"),
        topic("a topic with `#`", Array("/#".utf8), shown: "/\\x23"),
        OddPacket(name: "no topic", fate: .malformed, isRetained: false, shown: { _ in "(no topic)" }) {
            publish($0, topic: [])
        },
        OddPacket(
            name: "a topic alias that was never set", fate: .malformed, isOnly5: true, isRetained: false,
            shown: { _ in "(no topic)" }
        ) { publish($0, topic: [], properties: [0x23, 0, 7]) },
        OddPacket(name: "properties beyond the packet's end", fate: .malformed, isOnly5: true) {
            publish($0, propertyBytes: 100)
        },
        OddPacket(
            name: "a topic beyond the packet's end", fate: .malformed, levels: [1, 2], isAcknowledged: false,
            isRetained: false, shown: { _ in "(no topic)" }
        ) { packet($0.first, [0, 9, 0x61]) },
        OddPacket(name: "QoS 3", fate: .malformed, levels: [3], isAcknowledged: false) { publish($0) },
        OddPacket(name: "a payload above the limit of a record", fate: .oversize, levels: [1]) {
            publish($0, fill: 1 << 20)
        },
        OddPacket(name: "a payload above what the client keeps, 4 MiB", fate: .oversize) { publish($0, fill: 4 << 20) },
        OddPacket(name: "a topic that nobody asked for", fate: .stays) {
            publish($0, topic: Array(("other/" + $0.topic).utf8))
        },
        OddPacket(name: "a topic of the broker's own", fate: .stays) {
            publish($0, topic: Array(("$SYS/" + $0.topic).utf8))
        },
        other("PUBACK for nothing", [0x40, 0xFD, 1]), other("PUBREC for nothing", [0x50, 0xFD, 2]),
        other("PUBREL for nothing", [0x62, 0xFD, 3]), other("PUBCOMP for nothing", [0x70, 0xFD, 4]),
        other("SUBACK for nothing", [0x90, 0xFD, 5, 0, 0]), other("UNSUBACK for nothing", [0xB0, 0xFD, 6, 0, 0]),
        other("PUBACK with identifier 0", [0x40, 0, 0]), other("PUBACK without identifier", [0x40]),
        other("PUBACK with reserved bits", [0x4F, 0xFD, 7]),
        other("PUBACK with bytes behind its end", [0x40, 0xFD, 8, 0, 0, 1, 2]),
        other("PINGRESP that nobody asked for", [0xD0]),
    ]

    /// Those that a broker of a version sends, live or from what it retains.
    static func rows(version: Int, retain: Bool) -> [OddPacket] {
        rows.filter { (version == 5 || !$0.isOnly5) && ($0.isRetained || !retain) }
    }

    /// The matrix of docs/BROKERS.md.
    static var table: String {
        var lines = [
            "| what the OT broker sends | what becomes of it | acknowledged | later records flow | audit |",
            "|---|---|---|---|---|",
        ]
        for row in rows {
            let (words, audit) =
                switch row.fate {
                case .crosses: ("crosses, without what is broken of it", "nothing lost")
                case .stays: ("stays, and is counted", "nothing lost")
                case .passes: ("is counted", "nothing lost")
                case .lost(let layer, let reason): ("is lost by name", "exit 4: `\(layer)`, `\(reason)`")
                }
            let acknowledged = !row.levels.contains { $0 > 0 } ? "–" : row.isAcknowledged ? "✓" : "cannot be"
            lines.append("| \(row.name)\(row.isOnly5 ? " (MQTT 5)" : "") | \(words) | \(acknowledged) | ✓ | \(audit) |")
        }
        return lines.joined(separator: "\n")
    }
}
