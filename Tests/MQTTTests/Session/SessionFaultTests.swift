import Testing

@testable import MQTT
@testable import MQTTProtocol

@Suite("A server that lies or falls silent gives one clear error")
struct SessionFaultTests {
    /// What the session throws for these packets after CONNACK, and what it says to the server.
    private func fault(
        _ packets: [UInt8]..., prepare: (SessionRig) -> Void = { _ in }
    ) throws -> (error: SessionError?, goodbye: [String]) {
        let rig = SessionRig { $0.receiveMaximum = 3 }
        try rig.connect()
        prepare(rig)
        _ = rig.sent()
        for packet in packets {
            do throws(SessionError) {
                _ = try rig.session.receive(packet.span.bytes, now: rig.now, events: &rig.events)
            } catch {
                // After an error nothing more is read.
                #expect((try? rig.session.receive(packet.span.bytes, now: rig.now, events: &rig.events)) == 0)
                return (error, rig.sent())
            }
        }
        return (nil, [])
    }

    @Test("A second CONNACK")
    func secondConnack() throws {
        let (error, goodbye) = try fault(ServerPacket.connack())
        #expect(error == .violation(.unexpectedPacket(.connack)) && goodbye == ["e00182"])
    }

    @Test("More in flight than our Receive Maximum")
    func receiveMaximum() throws {
        let (error, goodbye) = try fault(
            ServerPacket.publish("a", qos: 1, id: 1), ServerPacket.publish("a", qos: 2, id: 2),
            ServerPacket.publish("a", qos: 1, id: 3), ServerPacket.publish("a", qos: 1, id: 4))
        #expect(error == .violation(.receiveMaximumExceeded(4)) && goodbye == ["e00193"])
    }

    @Test("An AUTH that nobody asked for, a length without an end, and a large packet that is no message")
    func others() throws {
        #expect(try fault([0xF0, 0]).error == .violation(.unexpectedPacket(.auth)))
        let (error, goodbye) = try fault([0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x01])
        #expect(error == .malformed(CodecError(.invalidVariableByteInteger, at: 1)) && goodbye == ["e00181"])
        #expect(try fault([0x00, 0]).error == .malformed(CodecError(.unexpectedPacketType(0), at: 0)))
        let large = try fault([0x90, 0xFF, 0xFF, 0xFF, 0x7F])
        #expect(large.error?.reasonCode == .packetTooLarge && large.goodbye == ["e00195"])
    }

    @Test("A goodbye is told with its reason and text")
    func disconnected() throws {
        let (error, goodbye) = try fault(ServerPacket.disconnect(0x8E, "other client"))
        #expect(error == .disconnected(.sessionTakenOver, text: "other client") && goodbye.isEmpty)
        #expect(error?.description == "the server disconnected: session taken over (0x8E), \"other client\"")
    }

    @Test("Before CONNACK nothing else may come; a refusal is told; a session that was not asked for is none")
    func beforeConnack() throws {
        let rig = SessionRig { $0.cleanStart = true }
        rig.session.open(version: .v5, now: rig.now)
        #expect(throws: SessionError.violation(.unexpectedPacket(.publish))) {
            try rig.feed(ServerPacket.publish("a"))
        }
        rig.lose()
        rig.session.open(version: .v5, now: rig.now)
        #expect(throws: SessionError.refused(.notAuthorized, text: nil)) {
            try rig.feed(ServerPacket.connack(reason: 0x87))
        }
        rig.lose()
        rig.session.open(version: .v5, now: rig.now)
        try rig.feed(ServerPacket.connack(present: true))
        #expect(rig.session.grant?.sessionPresent == false && rig.faults() == ["session": 1])
    }

    @Test("No CONNACK in time")
    func noConnack() throws {
        let rig = SessionRig { $0.responseTimeout = .seconds(5) }
        rig.session.open(version: .v5, now: rig.now)
        #expect(rig.session.deadline == rig.now + .seconds(5))
        try rig.tick(after: .seconds(4))
        #expect(throws: SessionError.silent(.connack)) { try rig.tick(after: .seconds(1)) }
    }

    @Test("A ping is due after the server's keep alive; without an answer the connection is dead")
    func keepAlive() throws {
        let rig = SessionRig {
            $0.keepAlive = .seconds(60)
            $0.responseTimeout = .seconds(5)
        }
        try rig.connect(ServerPacket.connack(properties: [0x13, 0, 20]))
        try rig.tick(after: .seconds(19))
        #expect(rig.sent().isEmpty)
        try rig.tick(after: .seconds(1))
        #expect(rig.sent() == ["c000"])
        try rig.tick(after: .seconds(4))
        // Something came: the server lives, it is only busy.
        try rig.feed(ServerPacket.publish("a"))
        try rig.tick(after: .seconds(4))
        #expect(throws: SessionError.silent(.pingresp)) { try rig.tick(after: .seconds(1)) }
        #expect(rig.sent() == ["e0018d"])
    }

    @Test("A server that talks but never answers a ping, or never acknowledges, is dead too")
    func talksOnly() throws {
        var rig = SessionRig {
            $0.keepAlive = .seconds(10)
            $0.responseTimeout = .seconds(5)
        }
        try rig.connect()
        var error: SessionError?
        for _ in 0..<100 where error == nil {
            try rig.feed(ServerPacket.publish("a"))
            do throws(SessionError) {
                rig.now += .seconds(1)
                rig.session.wrote(0, now: rig.now)
                try rig.session.tick(now: rig.now)
            } catch let fault { error = fault }
        }
        #expect(error == .silent(.pingresp))

        rig = SessionRig { $0.acknowledgementTimeout = .seconds(30) }
        try rig.connect()
        #expect(rig.publish("a", qos: .atLeastOnce, token: 1))
        #expect(rig.session.deadline == rig.now + .seconds(30))
        #expect(throws: SessionError.silent(.acknowledgement)) { try rig.tick(after: .seconds(30)) }
    }
}
