import Testing

@testable import MQTT
@testable import MQTTProtocol

@Suite("A session settles every publish once")
struct SessionOutboundTests {
    @Test("QoS 1 is settled by PUBACK, with its reason")
    func atLeastOnce() throws {
        let rig = SessionRig()
        try rig.connect()
        #expect(rig.publish("a", qos: .atLeastOnce, token: 70))
        #expect(rig.publish("b", qos: .atLeastOnce, token: 71))
        #expect(rig.sent() == ["3206000161000100", "3206000162000200"])
        try rig.feed(ServerPacket.puback(1, reason: 0x10), ServerPacket.puback(2, reason: 0x97))
        #expect(
            rig.settled() == [
                Settlement(token: 70, outcome: .delivered(.noMatchingSubscribers)),
                Settlement(token: 71, outcome: .refused(.quotaExceeded)),
            ])
    }

    @Test("QoS 2 is settled by PUBCOMP, or by a PUBREC that refuses")
    func exactlyOnce() throws {
        let rig = SessionRig()
        try rig.connect()
        #expect(rig.publish("a", qos: .exactlyOnce, token: 1))
        #expect(rig.publish("b", qos: .exactlyOnce, token: 2))
        _ = rig.sent()
        try rig.feed(ServerPacket.pubrec(1), ServerPacket.pubrec(2, reason: 0x87))
        #expect(rig.settled() == [Settlement(token: 2, outcome: .refused(.notAuthorized))])
        #expect(rig.sent() == ["62020001"])
        try rig.feed(ServerPacket.pubcomp(1))
        #expect(rig.settled() == [Settlement(token: 1, outcome: .delivered(.success))])
    }

    @Test("QoS 0 is settled by the PINGRESP or PUBACK to something sent after it")
    func atMostOnce() throws {
        let rig = SessionRig()
        try rig.connect()
        #expect(rig.publish("a", qos: .atMostOnce, token: 1))
        try rig.tick(after: .zero)
        #expect(rig.sent() == ["300400016100", "c000"])
        #expect(rig.publish("b", qos: .atMostOnce, token: 2))
        try rig.tick(after: .zero)
        #expect(rig.sent() == ["300400016200"])
        try rig.feed(ServerPacket.pingresp)
        #expect(rig.settled() == [Settlement(token: 1, outcome: .delivered(.success))])
        #expect(rig.publish("c", qos: .atLeastOnce, token: 3))
        #expect(rig.publish("d", qos: .atMostOnce, token: 4))
        try rig.feed(ServerPacket.puback(1))
        #expect(rig.settled().map(\.token) == [2, 3])
        rig.lose()
        #expect(rig.settled() == [Settlement(token: 4, outcome: .unknown)])
    }

    @Test("The window is the smaller of the server's Receive Maximum and ours")
    func window() throws {
        let rig = SessionRig { $0.publishWindow = 3 }
        try rig.connect(ServerPacket.connack(properties: [0x21, 0, 2]))
        #expect(rig.publish("a", qos: .atLeastOnce, token: 1))
        #expect(rig.publish("a", qos: .exactlyOnce, token: 2))
        #expect(!rig.publish("a", qos: .atLeastOnce, token: 3))
        for token in 10..<13 { #expect(rig.publish("z", qos: .atMostOnce, token: UInt64(token))) }
        #expect(!rig.publish("z", qos: .atMostOnce, token: 13))
        try rig.feed(ServerPacket.pubrec(2))
        #expect(!rig.publish("a", qos: .atLeastOnce, token: 3))
        try rig.feed(ServerPacket.pubcomp(2))
        #expect(rig.publish("a", qos: .atLeastOnce, token: 3))
        rig.lose()
        try rig.connect()
        let taken = (0..<4).map { rig.publish("a", qos: .atLeastOnce, token: UInt64($0)) }
        #expect(taken == [true, true, true, false])
    }

    @Test("On a resumed session unanswered publishes are sent again in order, marked as duplicates, within the window")
    func resumption() throws {
        let rig = SessionRig()
        try rig.connect()
        for token in 1...4 {
            #expect(rig.publish("\(token)", qos: token == 2 ? .exactlyOnce : .atLeastOnce, token: UInt64(token)))
        }
        _ = rig.sent()
        try rig.feed(ServerPacket.puback(1), ServerPacket.pubrec(2))
        #expect(rig.settled().map(\.token) == [1])
        rig.lose()
        #expect(rig.settled().isEmpty)
        try rig.connect(ServerPacket.connack(present: true, properties: [0x21, 0, 2]))
        #expect(rig.sent() == ["62020002", "3a06000133000300"])
        #expect(!rig.publish("5", qos: .atLeastOnce, token: 5))
        #expect(!rig.publish("0", qos: .atMostOnce, token: 6))
        try rig.feed(ServerPacket.pubcomp(2))
        #expect(rig.sent() == ["3a06000134000400"])
        try rig.feed(ServerPacket.puback(3), ServerPacket.puback(4))
        #expect(rig.settled().map(\.token) == [2, 3, 4])
        #expect(rig.publish("5", qos: .atLeastOnce, token: 5))
        #expect(rig.sent() == ["3206000135000500"])
    }

    @Test("When the server has lost the session, the fate of what was sent is unknown")
    func lostSession() throws {
        let rig = SessionRig()
        try rig.connect()
        #expect(rig.publish("a", qos: .atLeastOnce, token: 1))
        #expect(rig.publish("b", qos: .exactlyOnce, token: 2))
        rig.lose()
        #expect(rig.settled().isEmpty)
        rig.session.open(version: .v5, now: rig.now)
        try rig.feed(ServerPacket.connack())
        #expect(rig.settled() == [1, 2].map { Settlement(token: $0, outcome: .unknown) })
        _ = rig.sent()
        #expect(rig.publish("c", qos: .atLeastOnce, token: 3))
        #expect(rig.sent() == ["3206000163000300"])
    }

    @Test("A session that is not to be resumed settles what was sent when the connection breaks")
    func notResumable() throws {
        let rig = SessionRig { $0.cleanStart = true }
        try rig.connect()
        #expect(rig.publish("a", qos: .atLeastOnce, token: 1))
        rig.lose()
        #expect(rig.settled() == [Settlement(token: 1, outcome: .unknown)])
    }

    @Test("What the server cannot take is settled at once, and the session lives on")
    func serverLimits() throws {
        let rig = SessionRig()
        // Maximum Packet Size 20, Maximum QoS 1, no retain.
        try rig.connect(ServerPacket.connack(properties: [0x27, 0, 0, 0, 20, 0x24, 1, 0x25, 0]))
        #expect(rig.publish("a", qos: .atLeastOnce, token: 1, payload: Array(repeating: 0, count: 13)))
        #expect(rig.publish("a", qos: .atLeastOnce, token: 2, payload: Array(repeating: 0, count: 12)))
        #expect(rig.publish("a", qos: .exactlyOnce, token: 3))
        #expect(rig.publish("a", qos: .atLeastOnce, token: 4, retain: true))
        #expect(
            rig.settled() == [
                Settlement(token: 1, outcome: .tooLarge(packetBytes: 21, limitBytes: 20)),
                Settlement(token: 4, outcome: .refused(.retainNotSupported)),
            ])
        let sent = rig.sent()
        #expect(sent.count == 2 && sent[1] == "3206000161000200")
    }

    @Test("Packet identifiers wrap around and skip nothing while many publishes are settled")
    func wrapping() throws {
        let rig = SessionRig { $0.publishWindow = 65_535 }
        try rig.connect()
        for round in 0..<3 {
            for token in 0..<40_000 { #expect(rig.publish("a", qos: .atLeastOnce, token: UInt64(token))) }
            rig.session.output.removeAll()
            for token in 0..<40_000 { try rig.feed(ServerPacket.puback((round * 40_000 + token) % 65_535 + 1)) }
            #expect(rig.settled().count == 40_000)
        }
    }

    @Test("A packet identifier is not used twice, even if the oldest request stays unanswered")
    func span() throws {
        let rig = SessionRig { $0.publishWindow = 65_535 }
        try rig.connect()
        #expect(rig.publish("a", qos: .atLeastOnce, token: 0))
        var sent = 1
        while rig.publish("a", qos: .atLeastOnce, token: UInt64(sent)) {
            try rig.feed(ServerPacket.puback(sent % 65_535 + 1))
            sent += 1
        }
        #expect(sent == 65_534)
        try rig.feed(ServerPacket.puback(1))
        #expect(rig.publish("a", qos: .atLeastOnce, token: 1))
    }

    @Test("Subscriptions tell each filter's result, and one that is lost is said to be lost")
    func subscriptions() throws {
        let rig = SessionRig()
        try rig.connect()
        let request = SubscriptionRequest(rawValue: 9)
        #expect(
            rig.session.subscribe(
                [Subscription("a"), Subscription("b")], request: request, now: rig.now, events: &rig.events))
        #expect(rig.sent() == ["820b0001000001610900016209"])
        try rig.feed(ServerPacket.suback(1, [2, 0x87]))
        #expect(
            rig.answered() == [
                SubscriptionResult(request: request, outcome: .answered([.grantedQoS2, .notAuthorized]))
            ])
        #expect(rig.session.unsubscribe(["a"], request: request, now: rig.now, events: &rig.events))
        rig.lose()
        #expect(rig.answered() == [SubscriptionResult(request: request, outcome: .connectionLost)])
    }
}
