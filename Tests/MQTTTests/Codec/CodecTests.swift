import MQTT
import TestKit
import Testing
import MQTTProtocol

@Suite("The codec reads every packet of a server, and refuses what is none")
struct CodecTests {
    @Test("A PUBLISH of MQTT 5 is read field by field")
    func publish() {
        let whole = ServerPacket.publish(
            "a/b", "hi", qos: 1, id: 258, retain: true, duplicate: true, properties: [0x23, 0, 5, 0x02, 0, 0, 0, 60])
        #expect(whole.prefix(2) == [0x3B, 18])
        #expect(Decoded(whole) == .packet("publish a/b qos 1 id 258 retain dup alias 5 properties 8 payload hi"))
    }

    @Test("A PUBLISH of MQTT 3.1.1 has no properties")
    func publish3() {
        let bytes: [UInt8] = [0x32, 7, 0, 3, 0x61, 0x2F, 0x62, 0, 10]
        #expect(Decoded(bytes, version: .v3_1_1) == .packet("publish a/b qos 1 id 10 properties 0 payload "))
    }

    @Test("CONNACK tells every limit of the server")
    func connack() throws {
        let bytes = serverPackets[1].1
        let header = try #require(try PacketHeader.decode(bytes.span.bytes, maximumPacketBytes: 1_000))
        let body = bytes.span.bytes.extracting(header.headerBytes..<bytes.count)
        let packet = try ConnackPacket.decode(body, header: header, version: .v5)
        var expected = ConnackPacket(sessionPresent: true, reason: .success)
        expected.sessionExpirySeconds = 3_600
        expected.receiveMaximum = 20
        expected.maximumQoS = .atLeastOnce
        expected.retainAvailable = false
        expected.maximumPacketBytes = 65_536
        expected.assignedClientIdentifier = "ab"
        expected.topicAliasMaximum = 10
        expected.reasonString = "x"
        expected.sharedSubscriptionsAvailable = false
        expected.serverKeepAliveSeconds = 30
        #expect(packet == expected)
    }

    @Test("A refusal in the form of MQTT 3.1.1 is understood as an answer to MQTT 5")
    func shortRefusal() {
        #expect(Decoded([0x20, 2, 0, 1]).description.contains("unsupported protocol version"))
        #expect(Decoded([0x20, 2, 0, 0x84]).description.contains("unsupported protocol version"))
        #expect(Decoded.reason([0x20, 2, 0, 0]) == .truncated)
        #expect(Decoded.reason([0x20, 2, 0, 9], version: .v3_1_1) == .invalidReturnCode(9))
    }

    @Test("Acknowledgements are read with and without reason and properties")
    func acknowledgements() {
        #expect(Decoded([0x40, 2, 1, 0]) == .packet("puback 256 success (0x00)"))
        #expect(Decoded([0x50, 3, 0, 1, 0x97]) == .packet("pubrec 1 quota exceeded (0x97)"))
        #expect(Decoded([0x62, 4, 0, 1, 0x92, 0]) == .packet("pubrel 1 packet identifier not found (0x92)"))
        #expect(Decoded([0x70, 2, 0, 1], version: .v3_1_1) == .packet("pubcomp 1 success (0x00)"))
        #expect(Decoded.reason([0x70, 3, 0, 1, 0], version: .v3_1_1) == .trailingBytes(1))
    }

    @Test("The remaining packets are read")
    func others() {
        #expect(Decoded(ServerPacket.suback(3, [2, 0x87])).description.hasSuffix("not authorized (0x87)]"))
        #expect(Decoded(ServerPacket.unsuback(4, [], version: .v3_1_1), version: .v3_1_1) == .packet("unsuback 4 []"))
        #expect(Decoded([0xD0, 0]) == .packet("pingresp"))
        #expect(Decoded([0xE0, 0]) == .packet("disconnect success (0x00) - -"))
        #expect(
            Decoded(ServerPacket.disconnect(0x8E, "bye"))
                == .packet("disconnect session taken over (0x8E) bye -"))
        #expect(Decoded.reason([0xE0, 0], version: .v3_1_1) == .unexpectedPacketType(14))
    }

    @Test(
        "What is not allowed is refused with its reason",
        arguments: [
            ([0x36, 5, 0, 1, 0x61, 0, 1], .invalidQoS), ([0x38, 4, 0, 1, 0x61, 0], .invalidFlags(8)),
            ([0x32, 6, 0, 1, 0x61, 0, 0, 0], .zeroPacketIdentifier), ([0x30, 3, 0, 0, 0], .invalidTopic),
            ([0x30, 4, 0, 1, 0x23, 0], .invalidTopic), ([0x30, 6, 0, 3, 0x61, 0x2F, 0x2B, 0], .invalidTopic),
            ([0x30, 4, 0, 1, 0x00, 0], .invalidString), ([0x30, 4, 0, 1, 0xFF, 0], .invalidString),
            ([0x30, 7, 0, 1, 0x61, 3, 0x23, 0, 0], .zeroTopicAlias),
            ([0x30, 6, 0, 1, 0x61, 2, 0x24, 1], .unexpectedProperty(.maximumQoS)),
            ([0x30, 6, 0, 1, 0x61, 2, 0x04, 1], .unknownProperty(4)),
            ([0x30, 6, 0, 1, 0x61, 2, 0x01, 2], .invalidPropertyValue(.payloadFormatIndicator)),
            ([0x30, 8, 0, 1, 0x61, 4, 0x01, 1, 0x01, 1], .duplicateProperty(.payloadFormatIndicator)),
            ([0x30, 6, 0, 1, 0x61, 2, 0x0B, 0], .invalidPropertyValue(.subscriptionIdentifier)),
            ([0x30, 5, 0, 1, 0x61, 9, 0], .truncated), ([0x42, 2, 0, 1], .invalidFlags(2)),
            ([0x60, 2, 0, 1], .invalidFlags(0)), ([0x40, 2, 0, 0], .zeroPacketIdentifier),
            ([0x40, 1, 0], .truncated), ([0x90, 3, 0, 1, 0], .noReasonCodes), ([0xD0, 1, 0], .trailingBytes(1)),
            ([0x10, 0], .unexpectedPacketType(1)), ([0x00, 0], .unexpectedPacketType(0)),
            ([0x82, 2, 0, 1], .unexpectedPacketType(8)), ([0xC0, 0], .unexpectedPacketType(12)),
            ([0x20, 3, 2, 0, 0], .invalidAcknowledgeFlags(2)),
            ([0x30, 0x80, 0x80, 0x80, 0x80, 1], .invalidVariableByteInteger),
            ([0x30, 0x83, 0x00], .invalidVariableByteInteger), ([0xD0, 0x80, 0x00], .invalidVariableByteInteger),
        ] as [([UInt8], CodecError.Reason)])
    func refused(_ bytes: [UInt8], _ reason: CodecError.Reason) {
        #expect(Decoded.reason(bytes) == reason)
    }

    @Test("A packet above the limit is refused before its body has come")
    func tooLarge() {
        guard case .refused(let error) = Decoded([0x30, 0xE6, 0x07], maximum: 1_000) else {
            Issue.record("not refused")
            return
        }
        #expect(error.reason == .packetTooLarge(bytes: 1_001, limit: 1_000))
        #expect(error.reasonCode == .packetTooLarge)
        #expect(Decoded([0x30, 0xE5, 0x07], maximum: 1_000) == .incomplete)
    }

    @Test("Every truncation of every packet is incomplete, or refused where the length was cut with it")
    func truncations() {
        for (version, packet) in serverPackets {
            for count in 0..<packet.count {
                #expect(Decoded(Array(packet.prefix(count)), version: version) == .incomplete)
            }
            let header = packet.count > 129 ? 3 : 2
            for count in 0..<(packet.count - header) {
                let cut = ServerPacket.packet(packet[0], Array(packet[header...].prefix(count)))
                if case .refused(let error) = Decoded(cut, version: version) { #expect(error.offset <= cut.count) }
            }
        }
    }

    @Test("Every other value of every byte of every packet is read or refused, in both versions")
    func flips() {
        for (_, packet) in serverPackets {
            for index in packet.indices {
                for value in UInt8.min...UInt8.max {
                    var damaged = packet
                    damaged[index] = value
                    for version in [ProtocolVersion.v5, .v3_1_1] {
                        if case .refused(let error) = Decoded(damaged, version: version) {
                            #expect(error.offset >= 0 && error.offset <= damaged.count)
                        }
                    }
                }
            }
        }
    }

    @Test("Random bytes are read or refused", arguments: 0..<20)
    func noise(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2_000 {
            let type = UInt8.random(in: 0...15, using: &random) << 4
            let body = (0..<Int.random(in: 0...40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random)
            }
            let flags: UInt8 = type == 0x30 ? .random(in: 0...15, using: &random) : (type == 0x60 ? 2 : 0)
            _ = Decoded(ServerPacket.packet(type | flags, body), version: Bool.random(using: &random) ? .v5 : .v3_1_1)
        }
    }

    @Test("What is decoded and encoded again is what it was", arguments: [ProtocolVersion.v5, .v3_1_1])
    func identity(version: ProtocolVersion) throws {
        for (packetVersion, packet) in serverPackets where packetVersion == version {
            let span = packet.span.bytes
            let header = try #require(try PacketHeader.decode(span, maximumPacketBytes: 1_000))
            let body = span.extracting(header.headerBytes..<packet.count)
            var again: [UInt8] = []
            switch header.type {
            case .publish:
                try PublishView.decode(body, header: header, version: version).encode(into: &again, version: version)
            case .puback, .pubrec, .pubcomp:
                try AcknowledgementPacket.decode(body, header: header, version: version)
                    .encode(into: &again, version: version)
            default: continue
            }
            #expect(again == packet)
        }
    }

    @Test("A random PUBLISH survives encoding and decoding", arguments: 0..<50)
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let version: ProtocolVersion = Bool.random(using: &random) ? .v5 : .v3_1_1
        let qos = try #require(QoS(rawValue: .random(in: 0...2, using: &random)))
        let topic = "t/" + String(repeating: "ä", count: .random(in: 0...300, using: &random))
        let payload = (0..<Int.random(in: 0...20_000, using: &random)).map { _ in
            UInt8.random(in: 0...255, using: &random)
        }
        var properties = PropertyWriter()
        for number in 0..<Int.random(in: 0...5, using: &random) {
            properties.appendUser("k\(number % 2)", "v\(number)")
        }
        let list = version == .v5 ? properties.bytes : []
        let message = PublishView(
            topic: topic.utf8.span.bytes, properties: list.span.bytes, payload: payload.span.bytes, qos: qos,
            retain: .random(using: &random),
            packetIdentifier: qos == .atMostOnce ? 0 : .random(in: 1...65_535, using: &random))
        var bytes: [UInt8] = []
        message.encode(into: &bytes, version: version)
        #expect(bytes.count == message.packetBytes(version: version), "seed \(seed)")
        let header = try #require(try PacketHeader.decode(bytes.span.bytes, maximumPacketBytes: 1 << 20))
        #expect(header.packetBytes == bytes.count)
        let view = try PublishView.decode(
            bytes.span.bytes.extracting(header.headerBytes..<bytes.count), header: header, version: version)
        #expect(String(utf8: view.topic) == topic)
        #expect(copy(view.payload) == payload)
        #expect(copy(view.properties) == list)
        #expect(view.qos == qos)
        let same = view.packetIdentifier == message.packetIdentifier && view.retain == message.retain
        #expect(same, "seed \(seed)")
    }
}

extension Decoded: CustomStringConvertible {
    var description: String {
        switch self {
        case .packet(let words): words
        case .incomplete: "incomplete"
        case .refused(let error): error.description
        }
    }
}

func copy(_ span: RawSpan) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(span: span)
    return bytes
}
