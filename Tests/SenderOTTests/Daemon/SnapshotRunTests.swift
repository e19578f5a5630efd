import DiodeProtocol
import TestKit
import Testing

@testable import SenderOT

/// `diode-send run` against a real mosquitto: what it tells of its state, read by a sink on a real socket.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct SnapshotRunTests {
    /// Every slot of the newest round that is complete in this epoch.
    private func newestRound(_ sink: FrameSink, of epoch: Epoch) -> [SlotName: ReadSlot] {
        let slices = sink.snapshot.slices.filter { $0.heading.capture.epoch == epoch }
        guard let round = slices.last(where: \.heading.isLast)?.heading.round else { return [:] }
        return slices.filter { $0.heading.round == round }.reduce(into: [:]) { $0.merge($1.slots) { _, new in new } }
    }

    @Test("P2 a running sender tells its state round by round, says checkpoints, and goes on with it after a restart")
    func running() async throws {
        let broker = try await Broker.start()
        try await broker.publish("acme/old", "before", qos: 1, retain: true)
        let keys = ["snapshot": "{ period: '200ms' }", "echo": "[]"]
        let sender = try await RunningSender(broker, keys: keys)
        defer { sender.sink.stop() }
        try await broker.publish("acme/a", "one", qos: 1, retain: true)
        try await broker.publish("acme/a", "event", qos: 2)
        try await broker.publish("acme/gone", "short", qos: 1, retain: true)
        try await broker.publish("acme/gone", "", qos: 1, retain: true)
        let records = await sender.records(atLeast: 5)
        let epoch = try #require(sender.sink.snapshot.arrivals.first?.header.id.epoch)
        var state = NaiveState()
        for record in records { state.apply(record, epoch: epoch) }
        #expect(await eventually { newestRound(sender.sink, of: epoch) == state.slots })
        #expect(
            await eventually { sender.sink.snapshot.stream.checkpoints.last?.checkpoint.digest == state.digest })
        let seen = sender.sink.snapshot
        #expect(seen.failures.isEmpty)
        #expect(seen.beats.contains { ($0.snapshotRoundMilliseconds ?? 0) >= 200 && $0.lastSnapshotBlock > 0 })
        // No slice said less than the retained set held.
        #expect(seen.slices.first?.slots[SlotName(topic: "acme/old", kind: .retained)] != nil)

        #expect(try await sender.child.terminate() == .code(0))
        sender.sink.beginAgain()
        let again = try await RunningSender(broker, keys: keys, after: sender)
        #expect(
            await eventually {
                guard let next = again.sink.snapshot.arrivals.last?.header.id.epoch, next > epoch else { return false }
                return newestRound(again.sink, of: next) == state.slots
            }, "stamps survive")
        #expect(await eventually { again.sink.snapshot.stream.checkpoints.last?.checkpoint.digest == state.digest })
        let checkpoint = try #require(again.sink.snapshot.stream.checkpoints.last?.checkpoint)
        #expect(checkpoint.versions == 5 && checkpoint.forgotten == 0)
        #expect(again.sink.snapshot.failures.isEmpty)
        #expect(try await again.child.terminate() == .code(0))
    }
}
