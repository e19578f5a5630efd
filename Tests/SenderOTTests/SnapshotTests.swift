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
    private func publish(_ bench: inout CoreBench, topics: Int, _ random: inout SeededGenerator) throws {
        let size = [0, 0, 5, 40, 400, 6_000].randomElement(using: &random) ?? 0
        bench.publish(
            "acme/line/\(Int.random(in: 0..<topics, using: &random))",
            [UInt8](repeating: UInt8.random(in: 0...255, using: &random), count: size),
            properties: Bool.random(using: &random) ? [1, 1] : [],
            qos: [.atMostOnce, .atLeastOnce, .exactlyOnce].randomElement(using: &random) ?? .atMostOnce,
            retain: Int.random(in: 0..<3, using: &random) > 0)
        try bench.endGulp(idle: Bool.random(using: &random))
    }

    /// The slices of one round that began after now.
    private func nextRound(_ bench: inout CoreBench) throws -> [ReadSlice] {
        try bench.endGulp(idle: true)
        bench.slices = []
        while !bench.slices.contains(where: { $0.heading.slice == 0 }) { try bench.run(.milliseconds(10)) }
        let round = bench.slices.last { $0.heading.slice == 0 }?.heading.round
        while !bench.slices.contains(where: { $0.heading.round == round && $0.heading.isLast }) {
            try bench.run(.milliseconds(10))
        }
        return try bench.slices.filter { $0.heading.round == round }.map { try ReadSlice($0.blocks) }
    }

    @Test("P2 the slices of one quiet round are the state, no more and no less; each stands alone and fits a block")
    func union() async throws {
        try await withSeed { random in
            var bench = try CoreBench(mtu: 1_500) { $0.snapshotPeriod = .seconds(1) }
            bench.core.beginSnapshots(now: bench.now)
            for _ in 0..<4 {
                for _ in 0..<Int.random(in: 1...1_500, using: &random) {
                    try publish(&bench, topics: 700, &random)
                    try bench.run(.microseconds(Int64.random(in: 0...300, using: &random)))
                }
                let round = try nextRound(&bench)
                expectRound(round)
                #expect(round.allSatisfy { $0.heading.capture == bench.core.newestStamp })
                var state = NaiveState()
                for record in bench.stream.records { state.apply(record, epoch: Self.epoch) }
                #expect(round.reduce(into: [:]) { $0.merge($1.slots) { _, new in new } } == state.slots)
                #expect(bench.slices.allSatisfy { $0.blocks.count == 1 })
            }
            // Blocks are numbered without holes, and the beat says how many there were.
            try bench.run(.seconds(2))
            let last = try #require(bench.slices.last?.blocks.last)
            let beat = try #require(bench.beats.last)
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
                var bench = try CoreBench(mtu: 576) { $0.snapshotPeriod = .milliseconds(200) }
                bench.core.beginSnapshots(now: bench.now)
                let loss = Int.random(in: 0...60, using: &random)
                for _ in 0..<Int.random(in: 100...1_000, using: &random) {
                    try publish(&bench, topics: 150, &random)
                    try bench.run(.microseconds(Int64.random(in: 0...2_000, using: &random)))
                }
                try bench.run(.milliseconds(500))
                var (replica, state) = (NaiveState(), NaiveState())
                var records = bench.stream.records[...]
                for slice in bench.slices {
                    let read = try ReadSlice(slice.blocks)
                    while let next = records.first, next.sequence <= read.heading.capture.sequence.rawValue {
                        state.apply(next, epoch: Self.epoch)
                        if Int.random(in: 0..<100, using: &random) >= loss { replica.apply(next, epoch: Self.epoch) }
                        records.removeFirst()
                    }
                    // Records behind the last one published are none: the tail of the history is quiet.
                    let isTail = read.heading.capture == bench.core.newestStamp
                    if isTail || Int.random(in: 0..<100, using: &random) >= loss { replica.apply(read) }
                }
                #expect(records.isEmpty)
                #expect(replica.slots == state.slots)
                #expect(replica.digest == bench.stream.checkpoints.last?.checkpoint.digest)
            }
        }
    }

    @Test("W-37 each checkpoint is the digest of everything before it in the stream, and counts every sequence")
    func checkpoints() async throws {
        try await withSeed { random in
            var bench = try CoreBench {
                $0.snapshotPeriod = .milliseconds(100)
                $0.maximumRecordBytes = 5_000
                $0.slots = .init(topics: 60, bytes: 200_000)
            }
            try bench.run(.seconds(1))
            #expect(bench.stream.checkpoints.isEmpty, "the state is not known yet")
            bench.core.beginSnapshots(now: bench.now)
            for _ in 0..<3_000 {
                try publish(&bench, topics: 80, &random)
                try bench.run(.microseconds(Int64.random(in: 0...500, using: &random)))
            }
            try bench.run(.milliseconds(300))
            #expect(bench.stream.sheds.count > 0, "the limits were met")
            #expect(bench.stream.checkpoints.count >= 10)
            var state = NaiveState()
            var records = bench.stream.records[...]
            for (after, checkpoint) in bench.stream.checkpoints {
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
        var bench = try CoreBench { $0.snapshotPeriod = .seconds(3) }
        bench.core.beginSnapshots(now: bench.now)
        for minute in 1...3 {
            try bench.run(.seconds(60))
            #expect(bench.stream.checkpoints.count >= 20 * minute)
        }
        #expect(bench.stream.lastSequence == 0, "they take no sequence")
        #expect(bench.stream.checkpoints.allSatisfy { $0.checkpoint.digest.bytes.allSatisfy { $0 == 0 } })
        let round = try nextRound(&bench)
        expectRound(round)
        #expect(round.count == 1 && round[0].slots.isEmpty, "one slice says that there is nothing")
    }

    @Test("a slot larger than a block spans parts, in consecutive blocks, and a topic's two slots stay in one slice")
    func large() throws {
        var bench = try CoreBench(mtu: 1_500) { $0.snapshotPeriod = .seconds(1) }
        bench.core.beginSnapshots(now: bench.now)
        var random = SeededGenerator(seed: 5)
        let large = (0..<1 << 20).map { _ in UInt8.random(in: 0...255, using: &random) }
        bench.publish("large", large, retain: true)
        bench.publish("large", large.reversed(), retain: false)
        for index in 0..<50 { bench.publish("small/\(index)", [1], retain: true) }
        let round = try nextRound(&bench)
        expectRound(round)
        #expect(round.reduce(0) { $0 + $1.slots.count } == 52)
        let whole = try #require(round.first { $0.slots[SlotName(topic: "large", kind: .retained)] != nil })
        #expect(whole.slots[SlotName(topic: "large", kind: .retained)]?.payload == large)
        #expect(whole.slots[SlotName(topic: "large", kind: .lastEvent)]?.payload == large.reversed())
        let parts = try #require(bench.slices.first { $0.heading == whole.heading }?.blocks)
        #expect(parts.count > 10)
        #expect(zip(parts, parts.dropFirst()).allSatisfy { $1.id.block == $0.id.block.next })
    }

    @Test("P8 on a narrow path a topic whose two slots would not fit one slice is shed, numbered and named")
    func narrow() throws {
        var bench = try CoreBench(mtu: 576)
        let large = [UInt8](repeating: 1, count: 1 << 20)
        bench.publish("large", large, retain: true)
        let outcome = bench.publish("large", large, retain: false)
        #expect(outcome == .shed(bench.core.newestStamp, .oversize))
        let smaller = bench.publish("large", [UInt8](large[..<500_000]), retain: false)
        #expect(smaller == .taken(bench.core.newestStamp))
    }

    @Test("D6 a topic whose tombstone is older than the journal is forgotten, and its version is in the sum")
    func forgetting() throws {
        var bench = try CoreBench {
            $0.snapshotPeriod = .seconds(10)
            $0.tombstoneKeep = .seconds(100)
        }
        bench.core.beginSnapshots(now: bench.now)
        for index in 0..<20 {
            bench.publish("gone/\(index)", [1], retain: true)
            bench.publish("gone/\(index)", [], retain: true)
            bench.publish("both/\(index)", [2])
            bench.publish("both/\(index)", [], retain: true)
            bench.publish("stays/\(index)", [3], retain: true)
        }
        try bench.endGulp(idle: true)
        #expect(try nextRound(&bench).reduce(0) { $0 + $1.slots.count } == 80)
        try bench.run(.seconds(50))
        #expect(bench.core.topicCount == 60)
        try bench.run(.seconds(100))
        #expect(bench.core.topicCount == 60, "what is not on disk yet is not forgotten")
        let written = bench.core.takeChangedSlots(1_000)
        #expect(written.rows.count == 60 && written.removed.isEmpty && written.forgotten == 0)
        try bench.run(.seconds(30))
        #expect(bench.core.topicCount == 40)
        let round = try nextRound(&bench)
        #expect(round.reduce(0) { $0 + $1.slots.count } == 40)
        #expect(!round.contains { $0.slots.keys.contains { $0.kind == .tombstone } })
        let checkpoint = try #require(bench.stream.checkpoints.last?.checkpoint)
        #expect(checkpoint.forgotten == 40 && checkpoint.versions == 60 && checkpoint.topics == 40)
        // Their places are free again, on disk too, and a name that comes back begins anew.
        bench.publish("gone/new", [1], retain: true)
        try bench.endGulp(idle: true)
        #expect(bench.stream.records.last?.version == 1)
        let batch = bench.core.takeChangedSlots(1_000)
        #expect(batch.removed.count == 19 && batch.rows.count == 21)
        #expect(batch.forgotten == 40)
    }

    @Test("P8 names that come and go keep new ones out for minutes, not for days; what is shed meanwhile is named")
    func flood() throws {
        var bench = try CoreBench {
            $0.snapshotPeriod = .seconds(10)
            $0.slots.topics = 50
        }
        bench.core.beginSnapshots(now: bench.now)
        for index in 0..<50 {
            bench.publish("flood/\(index)", [1], retain: true)
            bench.publish("flood/\(index)", [], retain: true)
        }
        #expect(bench.publish("plant", [1]) == .shed(bench.core.newestStamp, .topicLimit))
        try bench.endGulp(idle: true)
        _ = bench.core.takeChangedSlots(1_000)
        try bench.run(.seconds(590))
        #expect(bench.core.topicCount == 50)
        try bench.run(.seconds(30))
        #expect(bench.core.topicCount == 0)
        #expect(bench.publish("plant", [1]) == .taken(bench.core.newestStamp))
        try bench.run(.seconds(10))
        let checkpoint = try #require(bench.stream.checkpoints.last?.checkpoint)
        #expect(checkpoint.versions == 1 && checkpoint.forgotten == 101)
        #expect(bench.stream.sheds.map(\.run.entries.first?.topic) == ["plant"])
    }

    @Test("D4 while slices do not leave none is made, and the round is as long as it takes")
    func blocked() throws {
        var bench = try CoreBench { $0.snapshotPeriod = .seconds(1) }
        bench.core.beginSnapshots(now: bench.now)
        bench.publish("a", [1], retain: true)
        try bench.run(.seconds(3))
        bench.core.mayCutSlice = false
        let before = bench.slices.count
        try bench.run(.seconds(60))
        #expect(bench.slices.count == before)
        bench.core.mayCutSlice = true
        try bench.run(.milliseconds(10))
        #expect(bench.slices.count == before + 1)
        #expect(bench.core.lastRound.map { $0 > .seconds(59) } ?? false)
    }

    @Test("a slice waits until the records that it includes have left")
    func gate() throws {
        var bench = try CoreBench { $0.snapshotPeriod = .milliseconds(100) }
        bench.core.beginSnapshots(now: bench.now)
        for _ in 0..<5 {
            bench.publish("a", [1], retain: true)
            try bench.run(.milliseconds(100))
        }
        var gate = SliceGate()
        for slice in bench.slices { gate.hold(slice) }
        var released: [UInt64] = []
        for left in 0...5 as ClosedRange<UInt64> {
            while let slice = gate.release(left: SequenceNumber(rawValue: left)) {
                #expect(slice.heading.capture.sequence.rawValue <= left)
                released.append(slice.heading.capture.sequence.rawValue)
            }
        }
        #expect(released == bench.slices.map(\.heading.capture.sequence.rawValue))
        #expect(gate.isEmpty && gate.hasRoom)
    }
}
