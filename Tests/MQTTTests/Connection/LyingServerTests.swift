import TestKit
@testable import MQTT
import Testing
@testable import MQTTProtocol

@Suite("A server that lies, stalls or vanishes gives one clear error and a reconnection", .timeLimit(.minutes(2)))
struct LyingServerTests {
    private let yes = ServerPacket.connack()

    /// The first error of a client of this server, and what the server had from it.
    private func fault(
        _ script: [FakeBroker.Act], _ change: (inout ConnectionSettings) -> Void = { _ in },
        _ act: (TestClient) throws -> Void = { _ in }
    ) async throws -> (error: ConnectionError?, packets: [[UInt8]]) {
        let server = try FakeBroker(script, [.await(1), .close])
        defer { server.stop() }
        var settings = ConnectionSettings(server.port, id: "c")
        settings.responseTimeout = .milliseconds(300)
        change(&settings)
        let client = try TestClient(settings)
        try act(client)
        let readsToTheEnd = script.contains(.read)
        #expect(await eventually { !client.now.errors.isEmpty && (!readsToTheEnd || server.over > 0) })
        client.stop()
        let error = client.now.errors.first
        #expect(client.now.isStopped)
        return (error, server.connections.first ?? [])
    }

    @Test("Lies that leave nothing to go on with are told as what they are, and the server hears the reason")
    func lies() async throws {
        for (lie, expected) in [
            (yes, .violation(.unexpectedPacket(.connack))), ([0xF0, 0], .violation(.unexpectedPacket(.auth))),
            ([0x82, 5, 0, 1, 0x61, 0, 1], .malformed(CodecError(.unexpectedPacketType(8), at: 0))),
            (
                [0x90, 0xFF, 0xFF, 0xFF, 0x7F],
                .malformed(CodecError(.packetTooLarge(bytes: 268_435_460, limit: 1_000), at: 1))
            ),
        ] as [([UInt8], SessionError)] {
            let (error, packets) = try await fault([.await(1), .send(yes + lie), .read]) { $0.keptPacketBytes = 1_000 }
            #expect(error == .session(expected))
            #expect(packets.count == 2 && packets[1].first == 0xE0)
            #expect(!packets[0].contains(0x27), "no Maximum Packet Size: a server drops what is larger without a word")
        }
        let notMQTT = try await fault([.send(Array("HTTP/1.1 400 Bad Request\r\n".utf8)), .read])
        guard case .session = notMQTT.error else {
            Issue.record("\(String(describing: notMQTT.error))")
            return
        }
    }

    @Test("The largest packet there is streams past in little memory, and what is behind it is delivered")
    func largest() async throws {
        let payload = 268_435_455 - 4
        let head: [UInt8] = [0x30, 0xFF, 0xFF, 0xFF, 0x7F, 0, 1, 0x61, 0]
        let server = try FakeBroker(
            [.await(1), .send(yes + head), .repeated(0, payload), .send(ServerPacket.publish("b", "2")), .read])
        defer { server.stop() }
        let client = try TestClient(ConnectionSettings(server.port, id: "c"))
        #expect(await eventually(.seconds(60)) { client.payloads.count == 2 })
        #expect(client.payloads == ["<\(payload) bytes>", "2"] && client.now.errors.isEmpty)
        client.stop()
    }

    @Test("What came before an error is delivered all the same")
    func beforeTheError() async throws {
        let server = try FakeBroker(
            [.await(1), .send(yes + ServerPacket.publish("a", "1") + ServerPacket.publish("a", "2") + yes), .read],
            [.stall])
        let client = try TestClient(ConnectionSettings(server.port, id: "c"))
        #expect(await eventually { !client.now.errors.isEmpty })
        #expect(client.payloads == ["1", "2"])
        client.stop()
        server.stop()
    }

    @Test("No CONNACK, a close before it, no PINGRESP, and no acknowledgement")
    func silence() async throws {
        #expect(try await fault([.await(1), .stall]).error == .session(.silent(.connack)))
        #expect(try await fault([.await(1), .close]).error == .closedByServer)
        #expect(
            try await fault([.await(1), .send(yes), .stall]) { $0.keepAlive = .seconds(1) }.error
                == .session(.silent(.pingresp)))
        let (error, packets) = try await fault([.await(1), .send(yes), .read]) {
            $0.acknowledgementTimeout = .milliseconds(300)
        } _: {
            try $0.connection.publish(topic: "t", payload: [], qos: .atLeastOnce)
        }
        #expect(error == .session(.silent(.acknowledgement)) && packets.count == 3)
    }

    @Test("A server that takes nothing more is given up, and the queue stays bounded meanwhile")
    func writeStall() async throws {
        let (error, _) = try await fault([.await(1), .send(yes), .stall]) {
            $0.publishQueueBytes = 64 << 20
            $0.publishWindow = 65_535
        } _: { client in
            for _ in 0..<300 {
                try client.connection.publish(
                    topic: "t", payload: Array(repeating: 0, count: 100_000), qos: .atLeastOnce)
            }
        }
        #expect(error == .writeStalled(.milliseconds(300)))
    }

    @Test("Nobody there, an unknown host, and a connection that is never accepted")
    func unreachable() async throws {
        var settings = ConnectionSettings(freePort(), id: "c")
        settings.connectTimeout = .milliseconds(300)
        for (host, expected) in [
            ("127.0.0.1", "cannot reach 127.0.0.1:\(settings.port): Connection refused"),
            ("no-such-host.invalid", "cannot resolve no-such-host.invalid: "),
        ] {
            settings.host = host
            let client = try TestClient(settings)
            #expect(await eventually { !client.now.errors.isEmpty })
            #expect(client.now.errors.first.map { "\($0)" }?.hasPrefix(expected) == true, "\(client.now.errors)")
            client.stop()
        }
    }

    @Test("A name with several addresses is tried address by address")
    func severalAddresses() async throws {
        // `localhost` is ::1 and 127.0.0.1 on most machines; the broker listens only on the latter.
        let broker = try await Broker.start()
        var settings = ConnectionSettings(broker.port, id: "c")
        settings.host = "localhost"
        let client = try TestClient(settings)
        #expect(await client.connected())
    }

    @Test("A server that does not know MQTT 5 is spoken to in 3.1.1, if that is allowed")
    func fallback() async throws {
        for refusal in [[0x20, 2, 0, 1], ServerPacket.connack(reason: 0x84)] as [[UInt8]] {
            let server = try FakeBroker(
                [.await(1), .send(refusal), .close],
                [.await(1), .send(ServerPacket.connack(version: .v3_1_1)), .await(1), .close], [.await(1), .close])
            var settings = ConnectionSettings(server.port, id: "c", version: .automatic)
            settings.reconnectMinimum = .seconds(30)
            settings.reconnectMaximum = .seconds(30)
            let client = try TestClient(settings)
            #expect(await client.connected())
            #expect(client.now.grants.first?.version == .v3_1_1 && client.now.errors.isEmpty)
            #expect(server.connections.prefix(2).map { $0[0][8] } == [5, 4])
            client.stop()
            server.stop()
        }
        let (error, _) = try await fault([.await(1), .send([0x20, 2, 0, 1]), .close])
        #expect(error == .session(.refused(.unsupportedProtocolVersion, text: nil)))
    }

    @Test("A stop is over soon, whatever the connection waits for")
    func stopInTime() async throws {
        let silent = try FakeBroker([.stall])
        for settings in [
            ConnectionSettings(silent.port, id: "a"), ConnectionSettings(freePort(), id: "b"),
        ] {
            let client = try TestClient(settings)
            #expect(await eventually { client.now.attempts > 0 })
            try client.connection.publish(topic: "t", payload: [], qos: .atLeastOnce, token: 7)
            let start = ContinuousClock.now
            client.stop(drain: .milliseconds(200))
            #expect(ContinuousClock.now - start < .seconds(2))
            #expect(client.now.settlements == [Settlement(token: 7, outcome: .notSent)])
        }
        silent.stop()
    }
}

@Suite("Pauses between attempts grow, and are random")
struct BackoffTests {
    @Test("They double up to the maximum, lie in their upper half, and start over after a good connection")
    func growth() {
        var backoff = Backoff(minimum: .milliseconds(100), maximum: .seconds(1))
        for ceiling in [100, 200, 400, 800, 1_000, 1_000] {
            let pause = backoff.pause(afterLifetime: nil, random: .random(in: 0 ... .max))
            #expect(pause >= .milliseconds(ceiling) / 2 && pause <= .milliseconds(ceiling))
        }
        #expect(backoff.pause(afterLifetime: .milliseconds(900), random: .max) > .milliseconds(999))
        #expect(backoff.pause(afterLifetime: .seconds(2), random: 0) == .milliseconds(50))
        #expect(backoff.failures == 1)
        for _ in 0..<100 { _ = backoff.pause(afterLifetime: nil, random: 0) }
        #expect(backoff.ceiling == .seconds(1))
    }
}
