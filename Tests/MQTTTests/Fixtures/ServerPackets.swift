import MQTT
import MQTTProtocol

/// Packets that servers send, written here byte by byte so that the decoder is not tested against its own encoder.
enum ServerPacket {
    static func packet(_ first: UInt8, _ body: [UInt8]) -> [UInt8] { [first] + variable(body.count) + body }

    static func variable(_ value: Int) -> [UInt8] {
        var rest = value
        var bytes: [UInt8] = []
        repeat {
            bytes.append(UInt8(rest % 128) + (rest >= 128 ? 128 : 0))
            rest /= 128
        } while rest > 0
        return bytes
    }

    static func string(_ text: String) -> [UInt8] { word(text.utf8.count) + Array(text.utf8) }

    static func word(_ value: Int) -> [UInt8] { [UInt8(value / 256), UInt8(value % 256)] }

    static func connack(
        present: Bool = false, reason: UInt8 = 0, properties: [UInt8] = [], version: ProtocolVersion = .v5
    ) -> [UInt8] {
        let list = version == .v5 ? variable(properties.count) + properties : []
        return packet(0x20, [present ? 1 : 0, reason] + list)
    }

    static func publish(
        _ topic: String, _ payload: String = "", qos: UInt8 = 0, id: Int = 0, retain: Bool = false,
        duplicate: Bool = false, properties: [UInt8] = [], version: ProtocolVersion = .v5
    ) -> [UInt8] {
        var body = string(topic)
        if qos > 0 { body += word(id) }
        if version == .v5 { body += variable(properties.count) + properties }
        return packet(0x30 | (duplicate ? 8 : 0) | qos << 1 | (retain ? 1 : 0), body + Array(payload.utf8))
    }

    static func puback(_ id: Int, reason: UInt8? = nil) -> [UInt8] { acknowledgement(0x40, id, reason) }
    static func pubrec(_ id: Int, reason: UInt8? = nil) -> [UInt8] { acknowledgement(0x50, id, reason) }
    static func pubrel(_ id: Int, reason: UInt8? = nil) -> [UInt8] { acknowledgement(0x62, id, reason) }
    static func pubcomp(_ id: Int, reason: UInt8? = nil) -> [UInt8] { acknowledgement(0x70, id, reason) }

    private static func acknowledgement(_ first: UInt8, _ id: Int, _ reason: UInt8?) -> [UInt8] {
        packet(first, word(id) + (reason.map { [$0] } ?? []))
    }

    static func suback(_ id: Int, _ reasons: [UInt8], version: ProtocolVersion = .v5) -> [UInt8] {
        packet(0x90, word(id) + (version == .v5 ? [0] : []) + reasons)
    }

    static func unsuback(_ id: Int, _ reasons: [UInt8], version: ProtocolVersion = .v5) -> [UInt8] {
        packet(0xB0, word(id) + (version == .v5 ? [0] + reasons : []))
    }

    static let pingresp: [UInt8] = [0xD0, 0]

    static func disconnect(_ reason: UInt8, _ text: String? = nil) -> [UInt8] {
        let list = text.map { [0x1F] + string($0) } ?? []
        return packet(0xE0, [reason] + variable(list.count) + list)
    }
}

/// What a decoder makes of bytes, in words, so that views need not leave the call.
enum Decoded: Equatable {
    case packet(String)
    case incomplete
    case refused(CodecError)

    /// The first packet in `bytes`.
    init(_ bytes: [UInt8], version: ProtocolVersion = .v5, maximum: Int = 1 << 20) {
        do throws(CodecError) {
            let span = bytes.span.bytes
            guard let header = try PacketHeader.decode(span, maximumPacketBytes: maximum),
                header.packetBytes <= span.byteCount
            else {
                self = .incomplete
                return
            }
            let body = span.extracting(header.headerBytes..<header.packetBytes)
            self = .packet(Decoded.words(try IncomingPacket.decode(body, header: header, version: version)))
        } catch {
            self = .refused(error)
        }
    }

    static func reason(_ bytes: [UInt8], version: ProtocolVersion = .v5) -> CodecError.Reason? {
        guard case .refused(let error) = Decoded(bytes, version: version) else { return nil }
        return error.reason
    }

    private static func words(_ packet: IncomingPacket) -> String {
        switch packet {
        case .connack(let packet): return "\(packet)"
        case .publish(let message): return words(message)
        case .acknowledgement(let packet): return "\(packet.type) \(packet.packetIdentifier) \(packet.reason)"
        case .suback(let packet): return "\(packet.type) \(packet.packetIdentifier) \(packet.reasons)"
        case .pingresp: return "pingresp"
        case .disconnect(let packet):
            return "\(packet.type) \(packet.reason) \(packet.reasonString ?? "-") \(packet.serverReference ?? "-")"
        }
    }

    private static func words(_ message: PublishView) -> String {
        let flags = (message.retain ? " retain" : "") + (message.duplicate ? " dup" : "")
        let alias = message.topicAlias > 0 ? " alias \(message.topicAlias)" : ""
        return "publish \(String(utf8: message.topic)) qos \(message.qos.rawValue) id \(message.packetIdentifier)"
            + "\(flags)\(alias) properties \(message.properties.byteCount) payload \(String(utf8: message.payload))"
    }
}

/// Packets of every kind that a server may send, for the tests that damage them.
let serverPackets: [(ProtocolVersion, [UInt8])] = [
    (.v5, ServerPacket.connack()),
    (
        .v5,
        ServerPacket.connack(
            present: true,
            properties: [
                0x11, 0, 0, 0x0E, 0x10, 0x21, 0, 20, 0x24, 1, 0x25, 0, 0x27, 0, 1, 0, 0, 0x12, 0, 2, 0x61, 0x62,
                0x22, 0, 10, 0x1F, 0, 1, 0x78, 0x28, 1, 0x29, 1, 0x2A, 0, 0x13, 0, 30, 0x26, 0, 1, 0x6B, 0, 1, 0x76,
            ])
    ),
    (.v3_1_1, ServerPacket.connack(reason: 5, version: .v3_1_1)),
    (.v5, ServerPacket.publish("acme/a", "hello")),
    (
        .v5,
        ServerPacket.publish(
            "acme/äöü/b", "{\"v\":1}", qos: 2, id: 513, retain: true, duplicate: true,
            properties: [
                0x01, 1, 0x02, 0, 0, 0, 60, 0x03, 0, 2, 0x6A, 0x73, 0x08, 0, 1, 0x72, 0x09, 0, 2, 0, 255, 0x0B, 0x80,
                1, 0x23, 0, 5, 0x26, 0, 1, 0x61, 0, 1, 0x62, 0x26, 0, 1, 0x61, 0, 1, 0x63,
            ])
    ),
    (.v3_1_1, ServerPacket.publish("x", "", qos: 1, id: 65_535, retain: true, version: .v3_1_1)),
    (.v5, ServerPacket.puback(7)), (.v5, ServerPacket.pubrec(8, reason: 0x10)),
    (.v5, ServerPacket.packet(0x62, [0, 9, 0x92, 4, 0x1F, 0, 1, 0x6E])), (.v3_1_1, ServerPacket.pubcomp(10)),
    (.v5, ServerPacket.suback(11, [0, 1, 2, 0x87])), (.v3_1_1, ServerPacket.suback(12, [0, 0x80], version: .v3_1_1)),
    (.v5, ServerPacket.unsuback(13, [0, 0x11])), (.v3_1_1, ServerPacket.unsuback(14, [], version: .v3_1_1)),
    (.v5, ServerPacket.pingresp), (.v5, ServerPacket.disconnect(0x8B, "maintenance")), (.v5, [0xE0, 0]),
    (.v5, ServerPacket.packet(0xF0, [0x18, 4, 0x15, 0, 1, 0x78])),
]
