import Foundation
import Glibc
import Testing

@testable import TestKit

/// What the other tests stand on, tried on its own.
@Suite("TestKit", .timeLimit(.minutes(1)))
struct TestKitTests {
    @Test("A child's exit, output and standard error are those of the program")
    func child() async throws {
        let finished = try await run(["sh", "-c", "echo out; cat; echo err >&2; exit 7"], input: "given")
        #expect(finished.exit == .code(7))
        #expect(finished.output == "out\ngiven")
        #expect(finished.errors == "err\n")
    }

    @Test("A child that was asked to end, or killed, says so")
    func ends() async throws {
        let asked = try Child(["sleep", "100"])
        #expect(asked.isRunning)
        #expect(try await asked.terminate() == .signal(SIGTERM))
        #expect(try await Child(["sleep", "100"]).kill9() == .signal(SIGKILL))
    }

    @Test("A process dies with the object that stands for it, and its folder goes too")
    func deinits() async throws {
        var child: Child? = try Child(["sleep", "100"])
        let process = try #require(child?.processID)
        child = nil
        #expect(kill(process, 0) == -1)
        var folder: TemporaryDirectory? = try TemporaryDirectory()
        let path = try #require(folder?.path)
        #expect(FileManager.default.fileExists(atPath: path))
        folder = nil
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("What is still open when the process ends is cleaned up by the shell at the pipe's other end")
    func lastWill() async throws {
        let folder = try TemporaryDirectory()
        var will: LastWill? = LastWill()
        _ = will?.add("touch '\(folder.file("open"))'")
        let closed = try #require(will?.add("touch '\(folder.file("closed"))'"))
        _ = will?.add("touch '\(folder.file("end"))'")
        will?.drop(closed)
        will = nil
        #expect(await eventually { FileManager.default.fileExists(atPath: folder.file("end")) })
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["end", "open"])
    }

    @Test("A broker hands a retained message to mosquitto_sub, over TLS with passwords too", arguments: [false, true])
    func broker(secured: Bool) async throws {
        var settings = Broker.Settings()
        if secured {
            settings.certificates = try await Certificates.shared()
            settings.requiresClientCertificate = true
            settings.users = ["diode": "secret"]
        }
        let broker = try await Broker.start(settings)
        try await broker.publish(
            "plant/a", "first", qos: 2, retain: true, options: ["-D", "publish", "user-property", "k", "v"])
        let subscriber = try await broker.subscribe()
        try await broker.publish("plant/b", "second")
        #expect(
            await subscriber.messages(atLeast: 2) == [
                ReceivedMessage(
                    topic: "plant/a", payload: Array("first".utf8), qos: 1, retain: true, userProperties: "k:v"),
                ReceivedMessage(
                    topic: "plant/b", payload: Array("second".utf8), qos: 1, retain: false, userProperties: ""),
            ])
    }

    @Test("A broker comes back on its port with what it persisted, also after a kill")
    func brokerRestart() async throws {
        let broker = try await Broker.start(lines: [], persistent: true)
        try await broker.publish("kept", "value", retain: true)
        try await broker.stop()
        try await broker.restart()
        let kept = try await broker.subscribe()
        #expect(await kept.messages(atLeast: 1).count == 1)
        try await broker.kill9()
        #expect(!acceptsConnections(broker.port))
        try await broker.restart()
        #expect(acceptsConnections(broker.port))
    }

    @Test("What the Python plant publishes is what the Python collector gets, properties and all")
    func pythonClients() async throws {
        let broker = try await Broker.start(lines: ["max_queued_messages 0"])
        let collector = try await PythonClient.collector(on: broker)
        let published = try await PythonClient.plant(on: broker, count: 300).finish()
        #expect(published.count == 300)
        // A broker keeps the order within a QoS: a QoS 2 message counts from its release.
        let arrived = await collector.messages(atLeast: 300)
        for qos in 0...2 { #expect(arrived.filter { $0.qos == qos } == published.filter { $0.qos == qos }) }
        #expect(published.contains { $0.userProperties.count > 1 })
        #expect(published.contains { $0.retain && $0.payload.isEmpty })
        let born = try await PythonClient.edgeNode(on: broker, count: 5).finish()
        let topics = born.map { $0.topic.split(separator: "/")[2] }
        #expect(topics == ["NBIRTH", "DBIRTH", "DDATA", "DDATA", "DDATA", "NDATA", "DDATA", "NDEATH"])
        #expect(Array(await collector.messages(atLeast: 308).dropFirst(300)) == born)
    }

    @Test("The relay passes what it does not lose, and accounts for every datagram")
    func relay() async throws {
        try await withSeed { random in
            let sink = try DatagramSink()
            var faults = LinkFaults()
            faults.loss = 0.2
            faults.duplicate = 0.1
            faults.reorder = 0.1
            faults.flip = 0.05
            faults.forge = 0.05
            faults.replay = 0.05
            let relay = try LossyRelay(to: sink.port, faults: faults, seed: random.next(), record: 10)
            let sent = (0..<2_000).map { index in Array("datagram \(index)".utf8) }
            for datagram in sent { sink.send(datagram, to: relay.port) }
            let settled = await eventually {
                let counts = relay.counts
                return counts.offered + relay.edges.unread == sent.count
                    && relay.edges.forwarded == counts.offered - counts.lost + counts.doubled + counts.replayed
                        + counts.forged
            }
            #expect(settled, "\(relay.counts) \(relay.edges)")
            #expect(relay.counts.lost > 200)
            #expect(await eventually { sink.received.count + receiveBufferDrops(sink.port) == relay.edges.forwarded })
            #expect(relay.recorded == sent.suffix(10))
            relay.faults.cut = true
            sink.send(Array("into the void".utf8), to: relay.port)
            #expect(await eventually { relay.counts.cut == 1 })
            relay.inject(Array("forged".utf8))
            #expect(await eventually { sink.received.last == Array("forged".utf8) })
        }
    }
}
