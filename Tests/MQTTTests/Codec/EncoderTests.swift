import MQTT
import Testing
import MQTTProtocol

@Suite("The codec writes the packets of a client")
struct EncoderTests {
    @Test("CONNECT of MQTT 5 with everything in it")
    func connect() {
        var packet = ConnectPacket(version: .v5, clientIdentifier: "ab", cleanStart: true, keepAliveSeconds: 30)
        packet.sessionExpirySeconds = 3_600
        packet.receiveMaximum = 100
        packet.maximumPacketBytes = 65_536
        packet.topicAliasMaximum = 10
        packet.username = "u"
        packet.password = [0, 255]
        packet.will = Will(topic: "w", payload: [1], qos: .exactlyOnce, retain: true, properties: [0x01, 1])
        var bytes: [UInt8] = []
        packet.encode(into: &bytes)
        #expect(
            bytes == [
                0x10, 47, 0, 4, 0x4D, 0x51, 0x54, 0x54, 5, 0b1111_0110, 0, 30,
                16, 0x11, 0, 0, 0x0E, 0x10, 0x21, 0, 100, 0x27, 0, 1, 0, 0, 0x22, 0, 10,
                0, 2, 0x61, 0x62, 2, 0x01, 1, 0, 1, 0x77, 0, 1, 1, 0, 1, 0x75, 0, 2, 0, 255,
            ])
    }

    @Test("CONNECT of MQTT 3.1.1 has no properties")
    func connect3() {
        var packet = ConnectPacket(version: .v3_1_1, clientIdentifier: "", cleanStart: false, keepAliveSeconds: 258)
        packet.sessionExpirySeconds = 10
        var bytes: [UInt8] = []
        packet.encode(into: &bytes)
        #expect(bytes == [0x10, 12, 0, 4, 0x4D, 0x51, 0x54, 0x54, 4, 0, 1, 2, 0, 0])
    }

    @Test("SUBSCRIBE carries all options in MQTT 5 and only the QoS in 3.1.1")
    func subscribe() {
        let filters = [
            Subscription("a/#", qos: .exactlyOnce, retainAsPublished: true, retainHandling: .doNotSend, noLocal: true),
            Subscription("b", qos: .atMostOnce, retainAsPublished: false, retainHandling: .sendIfNew),
        ]
        var bytes: [UInt8] = []
        SubscribePacket.encode(filters, packetIdentifier: 258, version: .v5, into: &bytes)
        #expect(bytes == [0x82, 13, 1, 2, 0, 0, 3, 0x61, 0x2F, 0x23, 0x2E, 0, 1, 0x62, 0x10])
        bytes = []
        SubscribePacket.encode(filters, packetIdentifier: 258, version: .v3_1_1, into: &bytes)
        #expect(bytes == [0x82, 12, 1, 2, 0, 3, 0x61, 0x2F, 0x23, 2, 0, 1, 0x62, 0])
    }

    @Test("UNSUBSCRIBE, acknowledgements and DISCONNECT take the shortest form")
    func others() {
        var bytes: [UInt8] = []
        SubscribePacket.encode(unsubscribing: ["a"], packetIdentifier: 1, version: .v5, into: &bytes)
        #expect(bytes == [0xA2, 6, 0, 1, 0, 0, 1, 0x61])
        bytes = []
        AcknowledgementPacket(.pubrel, packetIdentifier: 2).encode(into: &bytes, version: .v5)
        #expect(bytes == [0x62, 2, 0, 2])
        bytes = []
        AcknowledgementPacket(.pubcomp, packetIdentifier: 2, reason: .packetIdentifierNotFound)
            .encode(into: &bytes, version: .v5)
        #expect(bytes == [0x70, 3, 0, 2, 0x92])
        bytes = []
        AcknowledgementPacket(.pubcomp, packetIdentifier: 2, reason: .packetIdentifierNotFound)
            .encode(into: &bytes, version: .v3_1_1)
        #expect(bytes == [0x70, 2, 0, 2])
        bytes = []
        DisconnectPacket(reason: .success).encode(into: &bytes, version: .v5)
        DisconnectPacket(reason: .packetTooLarge).encode(into: &bytes, version: .v5)
        DisconnectPacket(reason: .packetTooLarge).encode(into: &bytes, version: .v3_1_1)
        #expect(bytes == [0xE0, 0, 0xE0, 1, 0x95, 0xE0, 0])
    }
}
