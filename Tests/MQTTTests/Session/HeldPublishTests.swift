import Testing

@testable import MQTT
@testable import MQTTProtocol

@Suite("A QoS 2 publish under an identifier of the user's waits for the user's release")
struct HeldPublishTests {
    private func rig(_ change: (inout ConnectionSettings) -> Void = { _ in }) -> SessionRig {
        SessionRig {
            $0.heldIdentifiers = 100
            change(&$0)
        }
    }

    /// Lets 100 s go by, in which the server answers pings and nothing else.
    private func wait(_ rig: SessionRig) throws {
        for _ in 0..<20 {
            try rig.tick(after: .seconds(5))
            if rig.sent().contains("c000") { try rig.feed(ServerPacket.pingresp) }
        }
    }

    private func publish(_ rig: SessionRig, _ identifier: UInt16, isSentBefore: Bool = false, token: UInt64) -> Bool {
        let message = PublishView(
            topic: "a".utf8.span.bytes, properties: RawSpan(), payload: RawSpan(), qos: .exactlyOnce, retain: false,
            duplicate: isSentBefore, packetIdentifier: identifier)
        return rig.session.publish(message, token: token, now: rig.now, events: &rig.events)
    }

    @Test("PUBREL goes when the user says so and not before, and its answer settles the publish")
    func release() throws {
        let rig = rig()
        try rig.connect()
        #expect(publish(rig, 7, token: 70))
        #expect(rig.publish("b", qos: .exactlyOnce, token: 71))
        // Other requests have the identifiers behind the user's.
        #expect(rig.sent() == ["3406000161000700", "3406000162006500"])
        try rig.feed(ServerPacket.pubrec(7), ServerPacket.pubrec(101))
        #expect(rig.settled() == [Settlement(token: 70, outcome: .received)])
        #expect(rig.sent() == ["62020065"])
        try rig.feed(ServerPacket.pubcomp(101))
        #expect(rig.settled().map(\.token) == [71])
        // The server owes nothing meanwhile.
        try wait(rig)
        try rig.feed(ServerPacket.pubrec(7))
        #expect(rig.sent() == [] && rig.settled() == [])
        rig.session.release(7, token: 70, now: rig.now)
        #expect(rig.sent() == ["62020007"])
        try rig.feed(ServerPacket.pubcomp(7))
        #expect(rig.settled() == [Settlement(token: 70, outcome: .delivered(.success))])
        #expect(rig.faults() == [:])
    }

    @Test(
        "On the session's next connection the user sends PUBLISH with DUP, or PUBREL, and an identifier that is unknown by then is done"
    )
    func resumption() throws {
        let rig = rig()
        try rig.connect()
        #expect(publish(rig, 1, token: 1) && publish(rig, 2, token: 2) && publish(rig, 3, token: 3))
        _ = rig.sent()
        try rig.feed(ServerPacket.pubrec(2))
        _ = rig.settled()
        rig.lose()
        #expect(rig.settled() == [1, 2, 3].map { Settlement(token: $0, outcome: .unknown) })
        try rig.connect(ServerPacket.connack(present: true))
        #expect(rig.sent() == [])
        // What the server says without having been asked releases nothing.
        try rig.feed(ServerPacket.pubrec(1))
        #expect(rig.sent() == [] && rig.faults() == ["acknowledgement": 1])
        #expect(publish(rig, 1, isSentBefore: true, token: 1))
        rig.session.release(2, token: 2, now: rig.now)
        #expect(rig.sent() == ["3c06000161000100", "62020002"])
        try rig.feed(ServerPacket.pubcomp(2, reason: 0x92))
        #expect(rig.settled() == [Settlement(token: 2, outcome: .delivered(.packetIdentifierNotFound))])
    }

    @Test("What is held counts against the server's Receive Maximum until PUBCOMP, and a refusal or a PUBACK ends it")
    func window() throws {
        let rig = rig()
        try rig.connect(ServerPacket.connack(properties: [0x21, 0, 2]))
        #expect(publish(rig, 1, token: 1) && publish(rig, 2, token: 2))
        #expect(!publish(rig, 3, token: 3) && !rig.publish("b", qos: .atLeastOnce, token: 4))
        try rig.feed(ServerPacket.pubrec(1), ServerPacket.pubrec(2, reason: 0x97))
        #expect(
            rig.settled() == [
                Settlement(token: 1, outcome: .received), Settlement(token: 2, outcome: .refused(.quotaExceeded)),
            ])
        #expect(publish(rig, 3, token: 3) && !rig.publish("b", qos: .atLeastOnce, token: 4))
        try rig.feed(ServerPacket.puback(3))
        #expect(rig.settled() == [Settlement(token: 3, outcome: .delivered(.success))])
        #expect(rig.publish("b", qos: .atLeastOnce, token: 4))
    }

    @Test("A server that owes an answer to what is held is given up; the goodbye can end the session")
    func end() throws {
        let rig = rig()
        try rig.connect()
        #expect(publish(rig, 1, token: 1))
        #expect(throws: SessionError.silent(.acknowledgement)) {
            try wait(rig)
        }
        rig.lose()
        try rig.connect()
        rig.session.disconnect(withWill: false, endsSession: true)
        #expect(rig.sent() == ["e00700051100000000"])
    }
}
