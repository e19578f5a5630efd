import Foundation
import TestKit
import Testing

/// P4, D9: whoever recorded the link cannot play it to a receiver that has lost its memory.
@Suite("A recording of the link", .serialized, .timeLimit(.minutes(2)))
struct RecordingTests {
    @Test(
        "P4 a fresh card makes a recording of before worthless, also for a receiver without state; its sender is taken")
    func refused() async throws {
        let ot = try await Broker.start()
        let it = try await Broker.start()
        var settings = DiodePair.Settings()
        settings.record = 100_000
        let pair = try await DiodePair(ot: ot, it: it, settings)
        let relay = try #require(pair.relay)
        try await pair.start()
        let collector = try await it.subscribe("acme/#")
        for number in 1...20 { try await ot.publish("acme/\(number)", "last year", retain: true) }
        #expect(await collector.messages(atLeast: 20).count == 20)
        try await pair.stop()
        let recording = relay.recorded

        // It is a recording that can be played: a receiver that knows no more than the first card believes it.
        forget(pair)
        try pair.startReceiver()
        try await play(recording, to: pair)
        #expect(try await eventually { try await AuditAnswer(pair).total("delivered") == 20 })
        #expect(try await pair.receiver?.terminate() == .code(0))

        let fresh = pair.folder.file("fresh.card")
        try await runSuccessfully([
            Executable.path("diode-send"), "card", "--config", pair.senderConfiguration, "--out", fresh,
        ])
        try await runSuccessfully([
            Executable.path("diode-recv"), "pair", "--config", pair.receiverConfiguration, "--fingerprint",
            pair.fingerprint, fresh,
        ])
        forget(pair)
        try await it.stop()
        try await it.restart()
        let second = try await it.subscribe("acme/#")
        try pair.startReceiver()
        try await play(recording, to: pair)
        let isCounted = await eventually {
            guard let report = try? await pair.report() else { return false }
            return report.rejected.values.reduce(0, +) >= recording.count
        }
        let report = try await pair.report()
        #expect(isCounted, "\(recording.count) frames: \(report)")
        let audit = try await AuditAnswer(pair)
        #expect(audit.exit == .code(3) && audit.isStale && audit.list("epochs").isEmpty, "\(audit)")
        #expect(audit.total("sent") == 0 && audit.total("published") == 0 && audit.isBalanced, "\(audit)")
        #expect(second.messages == [])

        try pair.startSender()
        try await pair.waitUntilWell()
        #expect(await second.messages(atLeast: 20).count == 20, "the plant itself is heard")
        #expect(try await eventually { try await AuditAnswer(pair).exit == .code(0) })
        try await pair.stop()
    }

    /// Deletes the receiver's database.
    private func forget(_ pair: DiodePair) {
        for suffix in ["", "-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: pair.folder.file("recv.db" + suffix))
        }
    }

    /// Plays all of it to a receiver that listens.
    private func play(_ recording: [[UInt8]], to pair: DiodePair) async throws {
        let listens = await eventually { pair.receiver?.errors.contains(" started: ") == true }
        try #require(listens, "\(pair.receiver?.errors ?? "")")
        let relay = try #require(pair.relay)
        let before = relay.edges.injected
        for frame in recording { relay.inject(frame) }
        #expect(await eventually { relay.edges.injected == before + recording.count })
    }
}
