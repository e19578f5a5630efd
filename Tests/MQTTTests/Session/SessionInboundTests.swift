import Testing

@testable import MQTT
@testable import MQTTProtocol

@Suite("A session acknowledges when its user says so, in the order of the deliveries")
struct SessionInboundTests {
    @Test("D7 PUBACK leaves after the acknowledgement and not before")
    func deferred() throws {
        let rig = SessionRig()
        try rig.connect()
        try rig.feed(ServerPacket.publish("a", "1", qos: 1, id: 10), ServerPacket.publish("b", "2", qos: 1, id: 11))
        #expect(rig.delivered() == ["a=1", "b=2"])
        #expect(rig.sent().isEmpty)
        rig.session.acknowledge(through: rig.deliveries[1])
        #expect(rig.sent() == ["4002000a", "4002000b"])
    }

    @Test("MQTT-4.6.0 acknowledgements that come early wait for those before them")
    func order() throws {
        let rig = SessionRig()
        try rig.connect()
        for id in 1...4 { try rig.feed(ServerPacket.publish("t", "\(id)", qos: id == 3 ? 2 : 1, id: id)) }
        rig.session.acknowledge(rig.deliveries[1])
        rig.session.acknowledge(rig.deliveries[3])
        #expect(rig.sent().isEmpty)
        rig.session.acknowledge(rig.deliveries[0])
        #expect(rig.sent() == ["40020001", "40020002"])
        rig.session.acknowledge(rig.deliveries[2])
        #expect(rig.sent() == ["50020003", "40020004"])
    }

    @Test("QoS 2 goes PUBREC at the acknowledgement, PUBCOMP at the release; a repetition is answered, not delivered")
    func exactlyOnce() throws {
        let rig = SessionRig()
        try rig.connect()
        let first = ServerPacket.publish("a", "1", qos: 2, id: 5)
        try rig.feed(first, ServerPacket.publish("a", "1", qos: 2, id: 5, duplicate: true))
        #expect(rig.delivered() == ["a=1"])
        #expect(rig.sent().isEmpty)
        rig.session.acknowledge(rig.deliveries[0])
        #expect(rig.sent() == ["50020005"])
        try rig.feed(ServerPacket.publish("a", "1", qos: 2, id: 5, duplicate: true))
        #expect(rig.delivered().isEmpty)
        #expect(rig.sent() == ["50020005"])
        try rig.feed(ServerPacket.pubrel(5))
        #expect(rig.sent() == ["70020005"])
        try rig.feed(ServerPacket.pubrel(5))
        #expect(rig.sent() == ["7003000592"])
        try rig.feed(ServerPacket.publish("a", "2", qos: 2, id: 5))
        #expect(rig.delivered() == ["a=2"])
    }

    @Test(
        "What a server sends twice without DUP is delivered once while it awaits its answer, over connections too",
        arguments: [1, 2] as [UInt8])
    func unmarkedRepetition(qos: UInt8) throws {
        let rig = SessionRig()
        try rig.connect()
        let message = ServerPacket.publish("a", "1", qos: qos, id: 7)
        try rig.feed(message, message, ServerPacket.publish("a", "1", qos: qos, id: 8))
        #expect(rig.delivered() == ["a=1", "a=1"])
        for _ in 0..<2 {
            rig.lose()
            try rig.connect(ServerPacket.connack(present: true))
            try rig.feed(message, message)
            #expect(rig.delivered().isEmpty)
        }
        rig.session.acknowledge(through: rig.deliveries[1])
        #expect(rig.sent() == [qos == 1 ? "40020007" : "50020007"])
        // Answered at QoS 1, the identifier is free for another message, even of the same content.
        guard qos == 1 else { return }
        try rig.feed(message)
        #expect(rig.delivered() == ["a=1"])
    }

    @Test("P1 another message under the identifier of one that waits for its release is delivered: brokers do that")
    func reusedIdentifier() throws {
        let rig = SessionRig()
        try rig.connect()
        try rig.feed(ServerPacket.publish("a", "1", qos: 2, id: 5))
        rig.session.acknowledge(rig.deliveries[0])
        try rig.feed(ServerPacket.publish("a", "2", qos: 2, id: 5, duplicate: true))
        #expect(rig.delivered() == ["a=1", "a=2!"])
        #expect(rig.sent() == ["50020005"])
        // The release of the first may come before the second is acknowledged.
        try rig.feed(ServerPacket.pubrel(5))
        #expect(rig.sent() == ["70020005"])
        rig.session.acknowledge(rig.deliveries[1])
        try rig.feed(ServerPacket.pubrel(5))
        #expect(rig.sent() == ["50020005", "70020005"])
    }

    @Test("P6 a server that forgets QoS 2 handshakes does not use the window up: the oldest is forgotten here too")
    func forgottenHandshakes() throws {
        let rig = SessionRig { $0.receiveMaximum = 3 }
        try rig.connect()
        for id in 1...8 {
            try rig.feed(ServerPacket.publish("a", "\(id)", qos: 2, id: id))
            rig.session.acknowledge(try #require(rig.deliveries.last))
        }
        #expect(rig.delivered().count == 8)
        _ = rig.sent()
        // Of the oldest nothing is known any more, which the server is told; the newest three are known.
        try rig.feed(ServerPacket.pubrel(1), ServerPacket.pubrel(6), ServerPacket.pubrel(8))
        #expect(rig.sent() == ["7003000192", "70020006", "70020008"])
    }

    @Test("D7 on a resumed session QoS 1 comes again marked as duplicate: it is not delivered again, and answered once")
    func redelivery() throws {
        let rig = SessionRig()
        try rig.connect()
        try rig.feed(ServerPacket.publish("a", "1", qos: 1, id: 7))
        rig.lose()
        try rig.connect(ServerPacket.connack(present: true))
        try rig.feed(ServerPacket.publish("a", "1", qos: 1, id: 7, duplicate: true))
        #expect(rig.delivered() == ["a=1"])
        rig.session.acknowledge(rig.deliveries[0])
        #expect(rig.sent() == ["40020007"])
    }

    @Test("What was acknowledged while the connection was gone is answered without another delivery")
    func acknowledgedMeanwhile() throws {
        let rig = SessionRig()
        try rig.connect()
        try rig.feed(ServerPacket.publish("a", "1", qos: 1, id: 7), ServerPacket.publish("b", "2", qos: 2, id: 8))
        _ = rig.delivered()
        rig.lose()
        rig.session.acknowledge(through: rig.deliveries[1])
        try rig.connect(ServerPacket.connack(present: true))
        try rig.feed(
            ServerPacket.publish("a", "1", qos: 1, id: 7, duplicate: true),
            ServerPacket.publish("b", "2", qos: 2, id: 8, duplicate: true), ServerPacket.pubrel(8))
        #expect(rig.delivered().isEmpty)
        #expect(rig.sent() == ["40020007", "50020008", "70020008"])
    }

    @Test("QoS 2 that was delivered before the connection broke is delivered once, whenever its user acknowledges it")
    func exactlyOnceOverReconnection() throws {
        let rig = SessionRig()
        try rig.connect()
        try rig.feed(ServerPacket.publish("a", "1", qos: 2, id: 7))
        for _ in 0..<3 {
            rig.lose()
            try rig.connect(ServerPacket.connack(present: true))
            try rig.feed(ServerPacket.publish("a", "1", qos: 2, id: 7, duplicate: true))
        }
        #expect(rig.delivered() == ["a=1"])
        #expect(rig.sent().isEmpty)
        rig.session.acknowledge(through: rig.deliveries[0])
        #expect(rig.sent() == ["50020007"])
        rig.lose()
        try rig.connect(ServerPacket.connack(present: true))
        try rig.feed(ServerPacket.pubrel(7))
        #expect(rig.sent() == ["70020007"])
    }

    @Test("A new message under an old identifier is delivered, and a lost session forgets what was open")
    func newMessage() throws {
        let rig = SessionRig()
        try rig.connect()
        try rig.feed(ServerPacket.publish("a", "1", qos: 1, id: 7), ServerPacket.publish("b", "2", qos: 2, id: 8))
        rig.session.acknowledge(through: rig.deliveries[0])
        rig.lose()
        try rig.connect(ServerPacket.connack(present: false))
        try rig.feed(ServerPacket.publish("c", "3", qos: 2, id: 8), ServerPacket.publish("d", "4", qos: 1, id: 7))
        #expect(rig.delivered() == ["a=1", "b=2", "c=3", "d=4"])
        _ = rig.sent()
        rig.session.acknowledge(rig.deliveries[1])
        #expect(rig.sent().isEmpty)
        rig.session.acknowledge(through: rig.deliveries[3])
        #expect(rig.sent() == ["50020008", "40020007"])
    }

    @Test("Topic aliases of the server are resolved, also when changed within one read")
    func aliases() throws {
        let rig = SessionRig { $0.topicAliasMaximum = 2 }
        try rig.connect()
        let alias: (UInt8) -> [UInt8] = { [0x23, 0, $0] }
        try rig.feed(
            ServerPacket.publish("long/a", "1", properties: alias(1)),
            ServerPacket.publish("", "2", properties: alias(1)),
            ServerPacket.publish("long/b", "3", properties: alias(1)),
            ServerPacket.publish("", "4", properties: alias(1)))
        #expect(rig.delivered() == ["long/a=1", "long/a=2", "long/b=3", "long/b=4"])
        try rig.feed(ServerPacket.publish("x", "5", properties: alias(3)))
        #expect(rig.delivered() == ["x=5"] && rig.faults() == ["topic_alias": 1])
        rig.lose()
        try rig.connect(ServerPacket.connack(present: true))
        try rig.feed(ServerPacket.publish("", "6", properties: alias(1)))
        #expect(rig.delivered() == ["=<topic_missing>"] && rig.faults() == ["topic_missing": 1])
    }
}
