import Account
import Configuration
import Crypto
import DatagramEmission
import Datagrams
import Deliveries
import DiodeProtocol
import EventLog
import Outbox
import ReceiverITCore
import TestKit
import Testing
import Threading

@testable import ReceiverIT

/// What a service told its observer.
private final class Told: Sendable {
    private let gaps = Lock<[String]>([])

    var observer: ReceiverService.Observer {
        ReceiverService.Observer(
            status: { _ in },
            episode: { link, episode in
                self.gaps.withLock { $0.append("\(link) \(episode.state.wordInLog)") }
            })
    }

    var gapStates: [String] { gaps.withLock { $0 } }
}

@Suite("ReceiverService on real sockets", .timeLimit(.minutes(2)))
struct ReceiverServiceTests {
    private let folder: TemporaryDirectory
    private let log = EventLog(threshold: .error)

    init() throws { folder = try TemporaryDirectory("receiver") }

    private func configuration(_ links: [(name: String, card: LinkCard, port: UInt16)]) throws -> ReceiverConfiguration
    {
        let texts = try links.map { link in
            try folder.write("\(link.name).card", link.card.text)
            return """
                { name: "\(link.name)", card: "\(link.name).card", listen: ["127.0.0.1:\(link.port)"],
                  topic_prefix: "\(link.name)" }
                """
        }
        let path = try folder.write(
            "recv.json5",
            """
            { links: [\(texts.joined(separator: ","))], broker: { url: "mqtt://127.0.0.1:1" }, state: "recv.db",
              silence_timeout: "500ms" }
            """)
        return try ReceiverConfiguration(path: path)
    }

    private func emit(_ frames: [[UInt8]], to port: UInt16) throws {
        var emitter = DatagramEmitter(to: try SocketAddress(host: "127.0.0.1", port: port, passive: false))
        for frame in frames { emitter.emit(frame.span.bytes, frameBytes: frame.count) }
        #expect(emitter.counters.sent == UInt64(frames.count))
    }

    private func link(_ service: ReceiverService, _ name: String = "plant-a") -> LinkSnapshot? {
        service.status.links.first { $0.name == name }
    }

    @Test("Frames on the wire become deliveries in the outbox, and status counts what was refused")
    func receives() async throws {
        let sender = try TestSender()
        let stranger = try TestSender(seed: 9)
        let port = freePort()
        let service = try ReceiverService(try configuration([("plant-a", sender.card, port)]), log: log)
        let told = Told()
        try service.start(told.observer)
        defer { service.close() }
        #expect(link(service)?.state == .offline, "whoever asks at once is told that nothing was heard yet")
        let queue = try #require(service.outbox(of: "plant-a")?.mqtt)
        try emit(try sender.frames(sender.beat()), to: port)
        try emit(try sender.frames(sender.live(count: 50)), to: port)
        try emit([[1, 2, 3], [1]], to: port)
        try emit(try stranger.frames(stranger.live(count: 1)), to: port)
        let lost = sender.live(count: 5)
        try emit(try sender.frames(sender.live(count: 50)), to: port)
        #expect(await eventually { queue.load.waiting == 100 })
        #expect(await eventually { told.gapStates == ["plant-a open"] })
        try emit(try sender.frames(lost, transmission: 1), to: port)
        #expect(await eventually { told.gapStates == ["plant-a open", "plant-a healed"] })
        #expect(await eventually { queue.load.waiting == 105 })
        #expect(
            queue.take(records: 200, bytes: .max).map(\.delivery.stamp.sequence.rawValue)
                == [1...50, 56...105, 51...55].flatMap { Array($0) })
        #expect(await eventually { link(service)?.state == .stale })
        let snapshot = try #require(link(service))
        #expect(snapshot.account.sent == 105 && snapshot.account.late == 5)
        #expect(snapshot.counters.malformed == 2)
        #expect(snapshot.counters.unknownLink == 3)
        let listener = try #require(service.status.listeners.first)
        #expect(listener.receiveBufferBytes > 0 && listener.socketDrops == 0 && listener.fault == nil)
    }

    @Test("D13 several links share an address or have their own, each with its outbox")
    func severalLinks() async throws {
        let a = try TestSender()
        let b = try TestSender(seed: 8, name: "plant-b")
        let c = try TestSender(seed: 6, name: "plant-c")
        let (shared, own) = (freePort(), freePort())
        let service = try ReceiverService(
            try configuration([("plant-a", a.card, shared), ("plant-b", b.card, shared), ("plant-c", c.card, own)]),
            log: log)
        try service.start(Told().observer)
        defer { service.close() }
        try emit(try a.frames(a.live(count: 1)) + b.frames(b.live(count: 2)), to: shared)
        try emit(try c.frames(c.live(count: 3)) + a.frames(a.live(count: 4)), to: own)
        #expect(await eventually { service.outbox(of: "plant-c")?.mqtt.load.waiting == 3 })
        #expect(await eventually { service.outbox(of: "plant-b")?.mqtt.load.waiting == 2 })
        #expect(await eventually { service.outbox(of: "plant-a")?.mqtt.load.waiting == 1 })
        #expect(await eventually { link(service, "plant-c")?.counters.unknownLink == 3 })
    }

    @Test("P6 what arrived before a stop is committed")
    func stop() async throws {
        let sender = try TestSender()
        let port = freePort()
        let service = try ReceiverService(try configuration([("plant-a", sender.card, port)]), log: log)
        try service.start(Told().observer)
        let frames = try (0..<50).flatMap { _ in try sender.frames(sender.live(count: 10)) }
        try emit(frames, to: port)
        #expect(await eventually { service.status.listeners.first?.datagrams == UInt64(frames.count) })
        service.close()
        #expect(service.outbox(of: "plant-a")?.mqtt.load.waiting == 500)
    }

    @Test("A busy port and a missing card are one clear line each")
    func refusals() async throws {
        let sender = try TestSender()
        let port = freePort()
        let configuration = try configuration([("plant-a", sender.card, port)])
        let first = try ReceiverService(configuration, log: log)
        try first.start(Told().observer)
        defer { first.close() }
        let second = try ReceiverService(configuration, log: log)
        #expect {
            try second.start(Told().observer)
        } throws: {
            "\($0)" == "link plant-a: cannot listen on 127.0.0.1:\(port): bind: Address already in use"
        }
        let empty = try TemporaryDirectory("receiver")
        let path = try empty.write(
            "recv.json5", "{ links: [ { name: \"x\" } ], broker: { url: \"mqtt://127.0.0.1:1\" }, state: \"recv.db\" }")
        #expect {
            _ = try ReceiverService(try ReceiverConfiguration(path: path), log: log)
        } throws: {
            "\($0)" == "link x: card \(empty.path)/x.card: No such file or directory; run diode-recv pair first"
        }
    }
}
