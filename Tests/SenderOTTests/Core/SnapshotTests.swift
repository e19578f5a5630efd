import Crypto
import DiodeProtocol
import TestKit
import Testing

@testable import SenderOT
@testable import SenderOTCore

/// Slices and checkpoints of a whole core under virtual time, against a plain model.
struct SnapshotTests {
    private static let epoch = Epoch(rawValue: 7)

    /// Publishes something at random.
    private func publish(_ rig: CoreRig, topics: Int, _ random: inout SeededGenerator) throws {
        let size = [0, 0, 5, 40, 400, 6_000].randomElement(using: &random) ?? 0
        rig.publish(
            "acme/line/\(Int.random(in: 0..<topics, using: &random))",
            [UInt8](repeating: UInt8.random(in: 0...255, using: &random), count: size),
            properties: Bool.random(using: &random) ? [1, 1] : [],
            qos: [.atMostOnce, .atLeastOnce, .exactlyOnce].randomElement(using: &random) ?? .atMostOnce,
            retain: Int.random(in: 0..<3, using: &random) > 0)
        try rig.endGulp(idle: Bool.random(using: &random))
    }

    /// The slices of one round that began after now.
    private func nextRound(_ rig: CoreRig) throws -> [ReadSlice] {
        try rig.endGulp(idle: true)
        rig.slices = []
        while !rig.slices.contains(where: { $0.heading.slice == 0 }) { try rig.run(.milliseconds(10)) }
        let round = rig.slices.last { $0.heading.slice == 0 }?.heading.round
        while !rig.slices.contains(where: { $0.heading.round == round && $0.heading.isLast }) {
            try rig.run(.milliseconds(10))
        }
        return try rig.slices.filter { $0.heading.round == round }.map { try ReadSlice($0.blocks) }
    }

    @Test("P2 the slices of one quiet round are the state, no more and no less; each stands alone and fits a block")
    func union() async throws {
        try await withSeed { random in
            let rig = try CoreRig(mtu: 1_500) { $0.snapshotPeriod = .seconds(1) }
            rig.core.beginSnapshots(now: rig.now)
            for _ in 0..<4 {
                for _ in 0..<Int.random(in: 1...1_500, using: &random) {
                    try publish(rig, topics: 700, &random)
                    try rig.run(.microseconds(Int64.random(in: 0...300, using: &random)))
                }
                let round = try nextRound(rig)
                expectRound(round)
                #expect(round.allSatisfy { $0.heading.capture == rig.core.newestStamp })
                var state = NaiveState()
                for record in rig.stream.records { state.apply(record, epoch: Self.epoch) }
                #expect(round.reduce(into: [:]) { $0.merge($1.slots) { _, new in new } } == state.slots)
                #expect(rig.slices.allSatisfy { $0.blocks.count == 1 })
            }
            // Blocks are numbered without holes, and the beat says how many there were.
            try rig.run(.seconds(2))
            let last = try #require(rig.slices.last?.blocks.last)
            let beat = try #require(rig.beats.last)
            let told = try Beat(decoding: beat.symbols.span.bytes.extracting(0..<beat.packedBytes))
            #expect(told.lastSnapshotBlock <= last.id.block.rawValue && told.lastSnapshotBlock > 0)
            #expect(told.snapshotRoundMilliseconds == 1_000)
        }
    }

    @Test(
        "P2 P3 a receiver that lost live blocks and slices has the sender's state after two rounds, deletions included")
    func healing() async throws {
        try await withSeed { random in
            for _ in 0..<5 {
                let rig = try CoreRig(mtu: 576) { $0.snapshotPeriod = .milliseconds(200) }
                rig.core.beginSnapshots(now: rig.now)
                let loss = Int.random(in: 0...60, using: &random)
                for _ in 0..<Int.random(in: 100...1_000, using: &random) {
                    try publish(rig, topics: 150, &random)
                    try rig.run(.microseconds(Int64.random(in: 0...2_000, using: &random)))
                }
                try rig.run(.milliseconds(500))
                var (replica, state) = (NaiveState(), NaiveState())
                var records = rig.stream.records[...]
                for slice in rig.slices {
                    let read = try ReadSlice(slice.blocks)
                    while let next = records.first, next.sequence <= read.heading.capture.sequence.rawValue {
                        state.apply(next, epoch: Self.epoch)
                        if Int.random(in: 0..<100, using: &random) >= loss { replica.apply(next, epoch: Self.epoch) }
                        records.removeFirst()
                    }
                    // Records behind the last one published are none: the tail of the history is quiet.
                    let isTail = read.heading.capture == rig.core.newestStamp
                    if isTail || Int.random(in: 0..<100, using: &random) >= loss { replica.apply(read) }
                }
                #expect(records.isEmpty)
                #expect(replica.slots == state.slots)
                #expect(replica.digest == rig.stream.checkpoints.last?.checkpoint.digest)
            }
        }
    }

    @Test("W-37 W-47 each checkpoint is the digest of everything before it in the stream, and counts every sequence")
    func checkpoints() async throws {
        try await withSeed { random in
            let rig = try CoreRig {
                $0.snapshotPeriod = .milliseconds(100)
                $0.maximumRecordBytes = 5_000
                $0.slots = .init(topics: 60, bytes: 200_000)
            }
            try rig.run(.seconds(1))
            #expect(rig.stream.checkpoints.isEmpty, "the state is not known yet")
            rig.core.beginSnapshots(now: rig.now)
            for _ in 0..<3_000 {
                try publish(rig, topics: 80, &random)
                try rig.run(.microseconds(Int64.random(in: 0...500, using: &random)))
            }
            try rig.run(.milliseconds(300))
            #expect(rig.stream.sheds.count > 0, "the limits were met")
            #expect(rig.stream.checkpoints.count >= 10)
            var state = NaiveState()
            var records = rig.stream.records[...]
            for (after, checkpoint) in rig.stream.checkpoints {
                while let next = records.first, next.sequence <= after {
                    state.apply(next, epoch: Self.epoch)
                    records.removeFirst()
                }
                #expect(checkpoint.digest == state.digest)
                #expect(checkpoint.slots == UInt64(state.heldSlots))
                #expect(checkpoint.versions + checkpoint.forgotten == after)
            }
            #expect(records.isEmpty)
        }
    }

    @Test("an idle sender says a checkpoint at least once a period")
    func idle() throws {
        let rig = try CoreRig { $0.snapshotPeriod = .seconds(3) }
        rig.core.beginSnapshots(now: rig.now)
        for minute in 1...3 {
            try rig.run(.seconds(60))
            #expect(rig.stream.checkpoints.count >= 20 * minute)
        }
        #expect(rig.stream.lastSequence == 0, "they take no sequence")
        #expect(rig.stream.checkpoints.allSatisfy { $0.checkpoint.digest.bytes.allSatisfy { $0 == 0 } })
        let round = try nextRound(rig)
        expectRound(round)
        #expect(round.count == 1 && round[0].slots.isEmpty, "one slice says that there is nothing")
    }

    @Test("a slot larger than a block spans parts, in consecutive blocks, and a topic's two slots stay in one slice")
    func large() throws {
        let rig = try CoreRig(mtu: 1_500) { $0.snapshotPeriod = .seconds(1) }
        rig.core.beginSnapshots(now: rig.now)
        var random = SeededGenerator(seed: 5)
        let large = (0..<1 << 20).map { _ in UInt8.random(in: 0...255, using: &random) }
        rig.publish("large", large, retain: true)
        rig.publish("large", large.reversed(), retain: false)
        for index in 0..<50 { rig.publish("small/\(index)", [1], retain: true) }
        let round = try nextRound(rig)
        expectRound(round)
        #expect(round.reduce(0) { $0 + $1.slots.count } == 52)
        let whole = try #require(round.first { $0.slots[SlotName(topic: "large", kind: .retained)] != nil })
        #expect(whole.slots[SlotName(topic: "large", kind: .retained)]?.payload == large)
        #expect(whole.slots[SlotName(topic: "large", kind: .lastEvent)]?.payload == large.reversed())
        let parts = try #require(rig.slices.first { $0.heading == whole.heading }?.blocks)
        #expect(parts.count > 10)
        #expect(zip(parts, parts.dropFirst()).allSatisfy { $1.id.block == $0.id.block.next })
    }

    @Test("P8 on a narrow path a topic whose two slots would not fit one slice is shed, numbered and named")
    func narrow() throws {
        let rig = try CoreRig(mtu: 576)
        let large = [UInt8](repeating: 1, count: 1 << 20)
        rig.publish("large", large, retain: true)
        let outcome = rig.publish("large", large, retain: false)
        #expect(outcome == .shed(rig.core.newestStamp, .oversize))
        let smaller = rig.publish("large", [UInt8](large[..<500_000]), retain: false)
        #expect(smaller == .recorded(rig.core.newestStamp))
    }

    @Test("D6 a topic whose tombstone is older than the journal is forgotten, and its version is in the sum")
    func forgetting() throws {
        let rig = try CoreRig {
            $0.snapshotPeriod = .seconds(10)
            $0.tombstoneKeep = .seconds(100)
        }
        rig.core.beginSnapshots(now: rig.now)
        for index in 0..<20 {
            rig.publish("gone/\(index)", [1], retain: true)
            rig.publish("gone/\(index)", [], retain: true)
            rig.publish("both/\(index)", [2])
            rig.publish("both/\(index)", [], retain: true)
            rig.publish("stays/\(index)", [3], retain: true)
        }
        try rig.endGulp(idle: true)
        #expect(try nextRound(rig).reduce(0) { $0 + $1.slots.count } == 80)
        try rig.run(.seconds(50))
        #expect(rig.core.topicCount == 60)
        try rig.run(.seconds(100))
        #expect(rig.core.topicCount == 60, "what is not on disk yet is not forgotten")
        let written = rig.core.takeChangedSlots(1_000)
        #expect(written.rows.count == 60 && written.removed.isEmpty && written.forgotten == 0)
        try rig.run(.seconds(30))
        #expect(rig.core.topicCount == 40)
        let round = try nextRound(rig)
        #expect(round.reduce(0) { $0 + $1.slots.count } == 40)
        #expect(!round.contains { $0.slots.keys.contains { $0.kind == .tombstone } })
        let checkpoint = try #require(rig.stream.checkpoints.last?.checkpoint)
        #expect(checkpoint.forgotten == 40 && checkpoint.versions == 60 && checkpoint.topics == 40)
        // Their places are free again, on disk too, and a name that comes back begins anew.
        rig.publish("gone/new", [1], retain: true)
        try rig.endGulp(idle: true)
        #expect(rig.stream.records.last?.version == 1)
        let batch = rig.core.takeChangedSlots(1_000)
        #expect(batch.removed.count == 19 && batch.rows.count == 21)
        #expect(batch.forgotten == 40)
    }

    @Test("P8 names that come and go keep new ones out for minutes, not for days; what is shed meanwhile is named")
    func flood() throws {
        let rig = try CoreRig {
            $0.snapshotPeriod = .seconds(10)
            $0.slots.topics = 50
        }
        rig.core.beginSnapshots(now: rig.now)
        for index in 0..<50 {
            rig.publish("flood/\(index)", [1], retain: true)
            rig.publish("flood/\(index)", [], retain: true)
        }
        #expect(rig.publish("plant", [1]) == .shed(rig.core.newestStamp, .topicLimit))
        try rig.endGulp(idle: true)
        _ = rig.core.takeChangedSlots(1_000)
        try rig.run(.seconds(590))
        #expect(rig.core.topicCount == 50)
        try rig.run(.seconds(30))
        #expect(rig.core.topicCount == 0)
        #expect(rig.publish("plant", [1]) == .recorded(rig.core.newestStamp))
        try rig.run(.seconds(10))
        let checkpoint = try #require(rig.stream.checkpoints.last?.checkpoint)
        #expect(checkpoint.versions == 1 && checkpoint.forgotten == 101)
        #expect(rig.stream.sheds.map(\.run.entries.first?.topic) == ["plant"])
    }

    @Test("D4 while slices do not leave none is made, and the round is as long as it takes")
    func blocked() throws {
        let rig = try CoreRig { $0.snapshotPeriod = .seconds(1) }
        rig.core.beginSnapshots(now: rig.now)
        rig.publish("a", [1], retain: true)
        try rig.run(.seconds(3))
        rig.core.noteSlices(leave: false)
        let before = rig.slices.count
        try rig.run(.seconds(60))
        #expect(rig.slices.count == before)
        rig.core.noteSlices(leave: true)
        try rig.run(.milliseconds(10))
        #expect(rig.slices.count == before + 1)
        #expect(rig.core.lastRound.map { $0 > .seconds(59) } ?? false)
    }

    @Test("a slice waits until the records that it includes have left")
    func gate() throws {
        let rig = try CoreRig { $0.snapshotPeriod = .milliseconds(100) }
        rig.core.beginSnapshots(now: rig.now)
        for _ in 0..<5 {
            rig.publish("a", [1], retain: true)
            try rig.run(.milliseconds(100))
        }
        var gate = SliceGate()
        for slice in rig.slices { gate.hold(slice) }
        var released: [UInt64] = []
        for left in 0...5 as ClosedRange<UInt64> {
            while let slice = gate.release(left: SequenceNumber(rawValue: left)) {
                #expect(slice.heading.capture.sequence.rawValue <= left)
                released.append(slice.heading.capture.sequence.rawValue)
            }
        }
        #expect(released == rig.slices.map(\.heading.capture.sequence.rawValue))
        #expect(gate.isEmpty && gate.hasRoom)
    }
}
