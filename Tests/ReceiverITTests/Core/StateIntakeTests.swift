import Account
import DiodeProtocol
import Outbox
import Simulator
import TestKit
import Testing

@testable import ReceiverIT
import Deliveries
@testable import ReceiverITCore

/// What the IT broker would retain after these deliveries.
private func retained(_ deliveries: [Delivery]) -> [String: [UInt8]] {
    var values: [String: [UInt8]] = [:]
    for delivery in deliveries where delivery.retain && delivery.lateness != .superseded {
        let topic = String(decoding: delivery.bytes[delivery.topicRange], as: UTF8.self)
        let payload = Array(delivery.bytes[delivery.payloadRange])
        values[topic] = payload.isEmpty ? nil : payload
    }
    return values
}

@Suite("D6 slices and checkpoints")
struct StateIntakeTests {
    private let plant: StatePlant
    private let link: TestLink

    init() throws {
        let sender = try TestSender()
        plant = StatePlant(sender)
        link = try TestLink(sender.card)
    }

    private func send(_ blocks: TestBlock..., transmission: UInt16 = 0) throws {
        for block in blocks { link.receive(try plant.sender.frames(block, transmission: transmission)) }
    }

    private func beat() throws { try send(plant.sender.beat()) }

    private func round(_ count: Int = 1) throws {
        for slice in plant.slices(count) { try send(slice) }
    }

    private func text(_ delivery: Delivery) -> String {
        String(decoding: delivery.bytes[delivery.payloadRange], as: UTF8.self)
    }

    @Test("D6 a slot is the record that it holds: it fills its sequence, and the echo brings only what is left")
    func filling() throws {
        try send(plant.publish("a", "1"))
        let lost = plant.publish([("a", [50], true), ("b", [51], true), ("b", [52], true), ("e", [53], false)])
        try send(plant.publish("c", "6"))
        try beat()
        link.pass(.milliseconds(60))
        #expect(link.core.account.missing == 4)
        try round()
        // The older value of b is in no slot.
        #expect(link.sequences.prefix(2) == [1, 6] && Set(link.sequences.dropFirst(2)) == [2, 4, 5])
        #expect(link.core.account.missing == 1 && link.core.account.late == 3 && link.isBalanced)
        #expect(link.deliveries.dropFirst(2).allSatisfy { $0.lateness == .newest })
        try send(lost, transmission: 1)
        #expect(link.sequences.last == 3 && link.sequences.count == 6 && Set(link.sequences).count == 6)
        #expect(link.deliveries.last?.lateness == .superseded && link.core.account.missing == 0 && link.isBalanced)
        try round()
        #expect(link.deliveries.count == 6)
        #expect(retained(link.deliveries) == plant.retained)
    }

    @Test("D6 a gap whose records all came as slots heals by snapshot, and its block is still welcome")
    func healing() throws {
        try send(plant.publish("a", "1"))
        let lost = plant.publish("b", "2")
        try send(plant.publish("c", "3"))
        try beat()
        link.pass(.milliseconds(60))
        try round()
        let closed = link.events.compactMap { event in
            if case .gapClosed(let gap) = event { gap } else { nil }
        }
        #expect(closed.map(\.state) == [.healed] && closed.map(\.healedBy) == [.snapshot])
        try send(lost, transmission: 1)
        #expect(link.deliveries.count == 3 && link.core.account.late == 1 && link.isBalanced)
    }

    @Test("D6 a slice waits for its records: what live will bring is not late")
    func waiting() throws {
        let first = plant.publish("a", "1")
        let slices = plant.slices()
        try send(slices[0])
        link.pass(.milliseconds(200))
        #expect(link.deliveries.isEmpty)
        try send(first)
        try beat()
        #expect(link.deliveries.map(\.lateness) == [.none] && link.core.counters.slices == 1)
    }

    @Test("D6 a slice that includes what a loss of power took back does not hold up those behind it")
    func voidSlice() throws {
        try send(plant.publish("a", "1"))
        try beat()
        _ = plant.publish("a", "2")
        try round()
        let over = Beat.EpochSummary(
            epoch: plant.sender.epoch, incarnation: plant.sender.incarnation,
            firstSequence: SequenceNumber(rawValue: 1), lastCommitted: SequenceNumber(rawValue: 1),
            lastBlock: BlockNumber(rawValue: plant.sender.nextBlock - 2))
        plant.beginEpoch(1_763_716_000_002, incarnation: 2)
        try send(plant.publish("a", "3"), plant.sender.beat { $0.epochs = [over] })
        try round()
        #expect(link.core.counters.slices == 1 && link.core.account.missing == 0 && link.isBalanced)
        #expect(retained(link.deliveries) == plant.retained)
    }

    @Test("W-41 once a silent link speaks again every state of an edge node is repeated, once, and nothing else is")
    func states() throws {
        let state = "diode/state/spBv1.0/g/NBIRTH/n"
        try send(plant.publish(state, "born"), plant.publish("a", "1"))
        try beat()
        try round()
        #expect(link.deliveries.count == 2)
        link.pass(.seconds(4))
        #expect(link.core.state.state == .stale)
        try beat()
        try round()
        try round()
        #expect(link.deliveries.dropFirst(2).map(text) == ["born"])
        #expect(link.deliveries.last?.isRefresh == true && link.isBalanced)
    }

    @Test("D6 a checkpoint says nothing while no beat of its epoch told where the epochs before it ended")
    func earlyCheckpoint() throws {
        try send(plant.publish("a", "1"))
        try beat()
        try round()
        try send(plant.checkpoint())
        #expect(link.core.replica.digestMatches == true && link.core.replica.isSettled)
        _ = plant.publish("b", "2")
        plant.beginEpoch(1_763_716_000_002, incarnation: 2)
        try send(plant.publish("c", "3"), plant.checkpoint())
        #expect(link.core.replica.digestMatches == nil)
        #expect(!link.events.contains { if case .digest = $0 { true } else { false } })
    }

    @Test("P2 what a slice took away does not come back out of the units when the receiver starts again")
    func takenAway() throws {
        try send(plant.publish("a", "1"), plant.publish("e", "2", retain: false))
        try beat()
        plant.forget("e")
        try round()
        try restart()
        try send(plant.checkpoint())
        #expect(link.core.replica.digestMatches == true && link.core.replica.topics == 1)
    }

    @Test("P3 what a whole round has passed over is the past, even where nobody remembers its deletion")
    func past() throws {
        try send(plant.publish("z", "0"))
        let lost = plant.publish([("a", [49], true), ("e", [50], false)])
        try send(plant.publish("a", ""))
        try beat()
        link.pass(.milliseconds(60))
        plant.forget("a")
        plant.forget("e")
        try round(2)
        try send(lost, transmission: 1)
        #expect(link.deliveries.suffix(2).map(\.lateness) == [.superseded, .superseded])
        #expect(link.core.account.missing == 0 && link.core.replica.topics == 1 && link.isBalanced)
        #expect(retained(link.deliveries) == plant.retained)
        // The next process reads it out of the units again, and knows nothing of the round.
        try restart()
        try send(plant.checkpoint())
        #expect(link.core.replica.digestMatches != false && link.core.replica.topics == 1)
        try round()
        try send(plant.checkpoint())
        #expect(link.core.replica.digestMatches == true)
    }

    /// A kill behind a transaction of everything so far.
    /// - Parameter change: what somebody changes in the database meanwhile.
    private func restart(_ change: (inout StoredLink) throws -> Void = { _ in }) throws {
        let folder = try TemporaryDirectory("restart")
        let archive = try LinkArchive(path: folder.file("recv.db"), card: plant.sender.card, time: link.time)
        try archive.store(link.commits, time: link.time)
        link.core = try archive.core(settings: ReceiverCore.Settings(), seed: 2, now: link.now, time: link.time, change)
    }

    @Test("P2 a deletion that was lost is made up for: with its tombstone by its own number, without it as a refresh")
    func deletions() throws {
        try send(plant.publish("a", "1"), plant.publish("b", "2"), plant.publish("e", "3", retain: false))
        _ = plant.publish("a", "")
        _ = plant.publish("b", "")
        plant.forget("b")
        plant.forget("e")
        try beat()
        link.pass(.milliseconds(60))
        try round(3)
        #expect(retained(link.deliveries).isEmpty && link.core.replica.topics == 1)
        #expect(link.deliveries.dropFirst(3).filter { $0.lateness == .newest }.map(\.stamp.sequence.rawValue) == [4])
        #expect(link.deliveries.filter(\.isRefresh).map { $0.stamp.sequence.rawValue } == [2])
        // The number of b's deletion is still missing: nothing tells of it.
        #expect(link.core.account.missing == 1 && link.isBalanced)
    }

    @Test("D6 a receiver that joins late publishes the retained state, and no event that it never owed")
    func joining() throws {
        _ = plant.publish("a", "1")
        _ = plant.publish("e", "2", retain: false)
        plant.beginEpoch(1_763_716_000_002, incarnation: 2)
        try send(plant.publish("c", "3"))
        try beat()
        try round()
        #expect(link.deliveries.map(\.lateness) == [.none, .refresh] && retained(link.deliveries) == plant.retained)
        try send(plant.checkpoint())
        #expect(link.core.replica.digestMatches == true && link.core.replica.isSettled)
    }

    @Test("D6 the digest is unknown while a gap is undecided, agrees once the state is whole, and shows what differs")
    func digest() throws {
        try send(plant.publish("a", "1"))
        _ = plant.publish("b", "2")
        try send(plant.publish("c", "3"), plant.checkpoint())
        try beat()
        link.pass(.milliseconds(60))
        try send(plant.checkpoint())
        #expect(link.core.replica.digestMatches == nil)
        try round()
        try send(plant.checkpoint())
        #expect(link.core.replica.digestMatches == true && link.core.replica.isSettled)
        // Somebody changed what the receiver has.
        var hasher = SymbolHasher()
        let other = SlotContent(try #require(link.deliveries.first))
        let stamp = Stamp(epoch: plant.sender.epoch, sequence: SequenceNumber(rawValue: 2))
        try restart { stored in
            let place = try #require(stored.replica.place(of: other.topic, with: &hasher))
            stored.replica.put(.retained, of: place, other, stamp: stamp, with: &hasher)
        }
        try send(plant.checkpoint())
        #expect(link.core.replica.digestMatches == false)
        #expect(link.events.contains { if case .digest(false, _) = $0 { true } else { false } })
        try round()
        try send(plant.checkpoint())
        #expect(link.core.replica.digestMatches == true)
        #expect(retained(link.deliveries) == plant.retained)
    }

    @Test("D6 a sender whose versions and sequences do not grow alike is not whole, whatever the digest says")
    func doubleEntry() throws {
        try send(plant.publish("a", "1"), plant.publish("b", "2", retain: false))
        try beat()
        try round()
        try send(plant.checkpoint())
        plant.forget("b")
        try send(plant.publish("a", "3"), plant.checkpoint())
        try round()
        try send(plant.checkpoint())
        #expect(link.core.replica.digestMatches == true && link.core.replica.isSettled)
        plant.forgotten += 1
        try send(plant.publish("a", "4"), plant.checkpoint())
        #expect(link.core.replica.digestMatches == false)
        #expect(link.events.contains { if case .digest(false, _) = $0 { true } else { false } })
    }

    @Test("P9 later records and slots name the topics that a gap swallowed; what comes late is taken off again")
    func naming() throws {
        try send(plant.publish([("a", [1], true), ("b", [1], true), ("c", [1], true)]))
        let first = plant.publish([("a", [2], true), ("a", [3], true), ("b", [2], true)])
        _ = plant.publish([("b", [3], true), ("c", [2], true)])
        try send(plant.publish([("a", [4], true), ("c", [3], true)]))
        try beat()
        link.pass(.milliseconds(60))
        func names() -> [String: UInt64] {
            var jumps: [VersionJump.Key: VersionJump] = [:]
            for commit in link.commits { for (key, jump) in commit.changes.jumps { jumps[key] = jump } }
            return jumps.values.reduce(into: [:]) {
                $0[String(decoding: $1.topic, as: UTF8.self), default: 0] += $1.records
            }
        }
        #expect(link.core.account.missing == 5)
        #expect(names() == ["a": 2, "c": 1])
        // The newest value of b was lost; its slot is that record, and tells of the one before.
        try round()
        #expect(names() == ["a": 2, "b": 1, "c": 1] && link.core.account.missing == 4)
        try send(first, transmission: 1)
        #expect(names() == ["c": 1] && link.core.account.missing == 1)
    }

    @Test(
        "P1 P2 P3 histories of loss, echo, slices and new epochs: books balance, nothing twice, the end is the sender's state"
    )
    func histories() async throws {
        try await withSeed { random in
            for _ in 0..<6 { try history(&random) }
        }
    }

    private func history(_ random: inout SeededGenerator) throws {
        let sender = try TestSender()
        let plant = StatePlant(sender)
        let link = try TestLink(sender.card, seed: random.next())
        var late: [[[UInt8]]] = []
        var ended: [Beat.EpochSummary] = []
        func send(_ block: TestBlock, loss: Double) throws {
            guard Double.random(in: 0..<1, using: &random) < loss else {
                return link.receive(try sender.frames(block))
            }
            if Bool.random(using: &random) { late.append(try sender.frames(block, transmission: 1)) }
        }
        func beat() throws { link.receive(try sender.frames(sender.beat { $0.epochs = ended })) }
        try beat()
        for step in 0..<100 {
            switch Int.random(in: 0..<20, using: &random) {
            case 0..<12:
                let messages = (0..<Int.random(in: 1...5, using: &random)).map { _ in
                    (
                        topic: "t/\(Int.random(in: 0..<12, using: &random))",
                        payload: Bool.random(using: &random) ? Array("\(step)".utf8) : [],
                        retain: Bool.random(using: &random)
                    )
                }
                try send(plant.publish(messages), loss: 0.3)
            case 12..<15: for slice in plant.slices(3) { try send(slice, loss: 0.3) }
            case 15: try send(plant.checkpoint(), loss: 0.1)
            case 16: if !late.isEmpty { link.receive(late.remove(at: Int.random(in: 0..<late.count, using: &random))) }
            case 17:
                if let topic = plant.topics.first(where: { $0.value.retained?.payload.isEmpty ?? false })?.key {
                    plant.forget(topic)
                }
            case 18 where sender.nextSequence > 1:
                ended.append(
                    Beat.EpochSummary(
                        epoch: sender.epoch, incarnation: sender.incarnation,
                        firstSequence: SequenceNumber(rawValue: 1),
                        lastCommitted: SequenceNumber(rawValue: sender.nextSequence - 1),
                        lastBlock: BlockNumber(rawValue: sender.nextBlock - 1)))
                plant.beginEpoch(sender.epoch.rawValue + 1, incarnation: random.next())
            default: try beat()
            }
            link.pass(.milliseconds(Int64.random(in: 0..<40, using: &random)))
            try check(link)
        }
        for frames in late.shuffled(using: &random) { link.receive(frames) }
        try beat()
        link.pass(.milliseconds(100))
        for _ in 0..<2 {
            for slice in plant.slices(2) { link.receive(try sender.frames(slice)) }
        }
        link.receive(try sender.frames(plant.checkpoint()))
        try check(link)
        #expect(retained(link.deliveries) == plant.retained)
        #expect(link.core.replica.digestMatches == (link.core.account.missing > 0 ? nil : true))
        #expect(link.core.replica.topics == UInt64(plant.topics.values.count { $0.retained != nil || $0.event != nil }))
    }

    /// What holds at every step.
    private func check(_ link: TestLink) throws {
        let records = link.deliveries.filter { !$0.isRefresh }
        #expect(Set(records.map(\.stamp)).count == records.count)
        #expect(link.isBalanced)
        let account = link.core.account
        #expect(account.delivered + account.late == UInt64(records.count))
        #expect(link.core.gaps.reduce(0) { $0 + $1.missing } == account.missing)
        #expect(!link.deliveries.contains { $0.isRefresh && !$0.retain })
    }
}
