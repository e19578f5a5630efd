import Configuration
import DiodeProtocol
import SenderOTCore
import TestKit
import Testing

@testable import SenderOT

/// What was deleted in the plant while nobody was subscribed (P2).
@Suite(.timeLimit(.minutes(1)))
struct DeletionTests {
    @Test("a retained value that a fetch lacks is deleted, unless something came for its topic since")
    func unseen() throws {
        let rig = try CoreRig()
        for topic in ["acme/a", "acme/b", "acme/c", "acme/d"] { rig.publish(topic, [1], retain: true) }
        rig.publish("acme/event", [1])
        let began = rig.core.beginFetch()
        #expect(rig.publishFetched("acme/a", [1], since: began) == .known)
        #expect(rig.publishFetched("acme/b", [2], since: began) != .known)
        rig.publish("acme/c", [3], retain: true)
        let (topics, retained) = rig.core.unseenTopics(since: began, at: rig.time)
        #expect(retained == 4)
        #expect(topics.count == 1)
        for topic in topics { rig.core.deleteUnseen(topic, since: began, now: rig.now, time: rig.time) }
        try rig.endGulp(idle: true)
        let last = try #require(rig.stream.records.last)
        #expect(last.topic == "acme/d")
        #expect(last.flags.retain && last.flags.isReconciled && last.payload.isEmpty)
        #expect(rig.core.unseenTopics(since: began, at: rig.time).topics.isEmpty)
    }

    @Test("how many deletions are believed: the larger of a number and a share")
    func limit() {
        let hold = SenderConfiguration.DeletionHold(topics: 100, share: .percent(5))
        #expect(hold.limit(of: 0) == 100)
        #expect(hold.limit(of: 2_000) == 100)
        #expect(hold.limit(of: 4_000) == 200)
        #expect(hold.limit(of: 99_999) == 4_999)
    }

    @Test("P2 a value that was deleted while the sender was away is deleted on the link when it comes back")
    func whileAway() async throws {
        let broker = try await Broker.start()
        for topic in ["a", "b", "c"] { try await broker.publish("acme/\(topic)", "1", retain: true) }
        let first = try await RunningSender(broker)
        #expect(await first.records(atLeast: 3).count == 3)
        #expect(try await first.child.terminate() == .code(0))
        // A broker that forgot its sessions and one of its values.
        try await broker.kill9()
        try await broker.restart()
        for topic in ["a", "c"] { try await broker.publish("acme/\(topic)", "1", retain: true) }
        first.sink.beginAgain()
        let second = try await RunningSender(broker, after: first)
        defer { second.sink.stop() }
        let records = await second.records(atLeast: 1)
        #expect(records.map(\.topic) == ["acme/b"], "nothing else is sent again")
        #expect(records.last?.payload.isEmpty == true)
        #expect(try await second.child.terminate() == .code(0))
    }

    @Test("D6 too many deletions at once are held and alarmed, and released by an operator")
    func held() async throws {
        let keys = ["deletions": "{ hold: { topics: 1, share: '0%' } }"]
        let broker = try await Broker.start()
        for topic in ["a", "b", "c"] { try await broker.publish("acme/\(topic)", "1", retain: true) }
        let first = try await RunningSender(broker, keys: keys)
        #expect(await first.records(atLeast: 3).count == 3)
        #expect(try await first.child.terminate() == .code(0))
        try await broker.kill9()
        try await broker.restart()
        first.sink.beginAgain()
        let second = try await RunningSender(broker, keys: keys, after: first)
        defer { second.sink.stop() }
        let isAlarmed = await eventually {
            second.sink.snapshot.beats.last?.alarms.contains { $0.contains("3 of 3") } ?? false
        }
        #expect(isAlarmed)
        #expect(second.sink.snapshot.stream.records.isEmpty)
        let command = [Executable.path("diode-send"), "accept-deletions", "--config", second.configuration]
        #expect(try await run(command).output == "3 retained values are deleted\n")
        let records = await second.records(atLeast: 3)
        #expect(records.count == 3)
        #expect(records.allSatisfy { $0.payload.isEmpty && $0.flags.retain })
        #expect(await eventually { second.sink.snapshot.beats.last?.alarms.isEmpty ?? false })
        #expect(try await second.child.terminate() == .code(0))
        #expect(try await run(command).output.contains("the next start"))
    }
}
