import Account
import DiodeProtocol
import Outbox
import Storage
import TestKit
import Testing
import Deliveries

@Suite("Outbox")
struct OutboxTests {
    private func unit(_ sequences: ClosedRange<UInt64>, topic: String? = nil, payloadBytes: Int = 100) throws
        -> DeliveryUnit
    {
        try DeliveryUnit(
            sequences.map { TestRecord(topic: topic ?? "acme/\($0)", payloadBytes: payloadBytes, sequence: $0) })
    }

    private func settle(_ output: OutboxOutput, _ window: [QueuedDelivery]) {
        output.settle(window.map { OutboxSettlement(position: $0.position, disposition: .published) })
    }

    @Test("A delivery is offered only once its transaction has committed")
    func visibility() throws {
        let rig = try OutboxRig(limits: .init(bytes: 1 << 20))
        rig.queue.stage([try unit(1...3)])
        #expect(rig.output.take(records: 10, bytes: .max).isEmpty)
        #expect(rig.queue.needsWrite)
        try rig.write()
        #expect(!rig.queue.needsWrite)
        #expect(rig.output.take(records: 10, bytes: .max).map(\.sequence) == [1, 2, 3])
    }

    @Test("P1 a killed receiver goes on behind the last settlement that was stored, and counts what was in doubt")
    func restart() throws {
        let rig = try OutboxRig(limits: .init(bytes: 1 << 20))
        rig.queue.stage([try unit(1...10), try unit(11...20)])
        try rig.write()
        let first = rig.output.take(records: 12, bytes: .max)
        settle(rig.output, Array(first.prefix(4)))
        try rig.write()
        settle(rig.output, Array(first[4..<7]))
        #expect(rig.output.totals.published == 7)
        try rig.restart()
        #expect(rig.output.totals.published == 4 && rig.output.totals.appended == 20)
        #expect(rig.output.load.waiting == 16)
        #expect(rig.output.totals.repeatedInDoubt == 16)
        #expect(rig.output.take(records: 99, bytes: .max).isEmpty, "what may be repeated is stored first")
        try rig.write()
        #expect(rig.output.take(records: 99, bytes: .max).map(\.sequence) == Array(5...20))
    }

    @Test(
        "P9 what a publisher knows to be no repetition is taken off what is in doubt, after a kill and after a lost connection"
    )
    func sure() throws {
        let rig = try OutboxRig(limits: .init(bytes: 1 << 20))
        rig.queue.stage([try unit(1...10)])
        try rig.write()
        _ = rig.output.take(records: 6, bytes: .max)
        try rig.restart()
        #expect(rig.output.totals.repeatedInDoubt == 10 && rig.output.takenBefore.rawValue == 11)
        try rig.write()
        let window = rig.output.take(records: 99, bytes: .max) { $0.sequence > 4 }
        #expect(window.count == 10 && rig.output.totals.repeatedInDoubt == 4)
        rig.output.rewind()
        #expect(rig.output.totals.repeatedInDoubt == 14)
        #expect(rig.output.take(records: 99, bytes: .max) { $0.sequence == 1 }.count == 10)
        #expect(rig.output.totals.repeatedInDoubt == 13)
    }

    @Test("P9 after an orderly end only what was taken is in doubt")
    func finished() throws {
        let rig = try OutboxRig(limits: .init(bytes: 1 << 20))
        rig.queue.stage([try unit(1...10)])
        try rig.write()
        settle(rig.output, rig.output.take(records: 4, bytes: .max))
        #expect(rig.output.take(records: 2, bytes: .max).count == 2)
        try rig.write()
        rig.output.finish()
        #expect(rig.output.take(records: 1, bytes: .max).isEmpty && rig.queue.needsWrite)
        try rig.write()
        #expect(!rig.queue.needsWrite)
        try rig.restart()
        #expect(rig.output.totals.repeatedInDoubt == 2)
        try rig.write()
        rig.output.finish()
        try rig.write()
        try rig.restart()
        #expect(rig.output.totals.repeatedInDoubt == 2, "nothing was taken meanwhile")
    }

    @Test("A note is known to be stored once its transaction is, and not waited for while transactions fail")
    func awaitedNotes() throws {
        let rig = try OutboxRig(limits: .init(bytes: 1 << 20))
        try rig.write()
        let first = rig.output.keep([(name: [1], value: [1])])
        #expect(rig.output.keptThrough < first)
        var second: UInt64 = 0
        _ = try rig.writeAll { second = rig.output.keep([(name: [2], value: [2])]) }
        #expect(rig.output.keptThrough == first && second > first)
        _ = try rig.writeAll(failing: true)
        #expect(rig.output.keptThrough == .max)
        try rig.write()
        #expect(rig.output.keptThrough == second)
        try rig.restart()
        #expect(rig.output.takeNotes { $0.name == [2] }.map(\.value) == [[2]])
        #expect(rig.output.takeNotes().map(\.value) == [[1]] && rig.output.takeNotes().isEmpty)
    }

    @Test("P8 more than memory holds is read back from disk, in order")
    func readBack() throws {
        let rig = try OutboxRig(limits: .init(bytes: 64 << 20, memoryBytes: 65_536))
        var next: UInt64 = 1
        for _ in 0..<100 {
            rig.queue.stage([try unit(next...next + 99, payloadBytes: 200)])
            next += 100
            try rig.write()
            #expect(rig.output.load.memoryBytes <= 65_536)
        }
        #expect(rig.output.load.waiting == 10_000 && rig.output.load.bytes > 2_000_000)
        var sequences: [UInt64] = []
        let losses = try rig.drain { sequences.append($0.sequence) }
        #expect(sequences == Array(1...10_000) && losses.isEmpty)
        #expect(try rig.number("SELECT count(*) FROM units") == 0)
    }

    @Test("P3 a broker that is lost while the queue is read from disk gets the run again in order")
    func rewindOnDisk() throws {
        let rig = try OutboxRig(limits: .init(bytes: 64 << 20, memoryBytes: 65_536))
        for index in 0..<20 as Range<UInt64> {
            rig.queue.stage([try unit(index * 100 + 1...index * 100 + 100, payloadBytes: 200)])
            try rig.write()
        }
        let window = rig.output.take(records: 700, bytes: .max) + rig.output.take(records: 700, bytes: .max)
        settle(rig.output, Array(window.prefix(50)))
        rig.output.rewind()
        #expect(rig.output.totals.repeatedInDoubt == UInt64(window.count) - 50)
        var sequences: [UInt64] = []
        _ = try rig.drain { sequences.append($0.sequence) }
        #expect(sequences == Array(51...2_000))
    }

    @Test("P8 at the limit each topic keeps its newest value, retained and event apart, and what is shed is named")
    func limit() throws {
        let rig = try OutboxRig(limits: .init(bytes: 65_536))
        var losses: [Loss] = []
        for index in 0..<400 as Range<UInt64> {
            let records = (1...10 as ClosedRange<UInt64>).map {
                TestRecord(
                    topic: "acme/\($0 % 5)", retain: $0 > 5, payloadBytes: 50, sequence: index * 10 + $0)
            }
            rig.queue.stage([try DeliveryUnit(records)])
            losses += try rig.write()
            #expect(rig.output.load.bytes <= 65_536)
        }
        let shed = losses.reduce(0) { $0 + $1.records }
        #expect(shed > 0 && rig.output.totals.shed == [.outboxFull: shed])
        try rig.restart()
        var sequences: [UInt64] = []
        _ = try rig.drain { sequences.append($0.sequence) }
        #expect(UInt64(sequences.count) + shed == 4_000)
        #expect(sequences.suffix(10) == Array(3_991...4_000))
        #expect(sequences == sequences.sorted())
    }

    @Test("P8 where not even the last values fit, the oldest of them are shed and named")
    func tooManyTopics() throws {
        let rig = try OutboxRig(limits: .init(bytes: 65_536))
        var losses: [Loss] = []
        for index in 0..<50 as Range<UInt64> {
            rig.queue.stage([try unit(index * 100 + 1...index * 100 + 100)])
            losses += try rig.write()
        }
        #expect(rig.output.load.bytes <= 65_536 + 32_768)
        var sequences: [UInt64] = []
        losses += try rig.drain { sequences.append($0.sequence) }
        #expect(UInt64(sequences.count) + losses.reduce(0) { $0 + $1.records } == 5_000)
        #expect(sequences == Array(5_001 - UInt64(sequences.count)...5_000))
        #expect(losses.allSatisfy { $0.topics.values.reduce($0.others, +) == $0.records })
    }

    @Test("D7 while transactions fail deliveries flow on from memory, and are stored when they succeed again")
    func failing() throws {
        let rig = try OutboxRig(limits: .init(bytes: 1 << 20))
        rig.queue.stage([try unit(1...10)])
        try rig.write()
        for index in 1...3 as ClosedRange<UInt64> {
            rig.queue.stage([try unit(index * 10 + 1...index * 10 + 10)])
            try rig.write(failing: true)
        }
        #expect(rig.output.load.isFailing && rig.output.load.waiting == 40)
        let window = rig.output.take(records: 15, bytes: .max)
        #expect(window.map(\.sequence) == Array(1...15) || window.map(\.sequence) == Array(1...10))
        settle(rig.output, window)
        try rig.write()
        #expect(!rig.output.load.isFailing)
        try rig.restart()
        var sequences: [UInt64] = []
        _ = try rig.drain { sequences.append($0.sequence) }
        #expect(sequences == Array(UInt64(window.count) + 1...40))
        #expect(rig.output.totals.appended == 40 && rig.output.totals.published == 40)
    }

    @Test("P8 while transactions fail memory has its limit too, and what it sheds is named by the next that succeeds")
    func failingLong() throws {
        let rig = try OutboxRig(limits: .init(bytes: 1 << 20, memoryBytes: 65_536))
        for index in 0..<20 as Range<UInt64> {
            rig.queue.stage([try unit(index * 100 + 1...index * 100 + 100)])
            try rig.write(failing: true)
            #expect(rig.output.load.memoryBytes <= 2 * 65_536)
        }
        let losses = try rig.write()
        let shed = losses.reduce(0) { $0 + $1.records }
        #expect(shed > 0)
        try rig.restart()
        var sequences: [UInt64] = []
        #expect(try rig.drain { sequences.append($0.sequence) }.isEmpty)
        #expect(sequences == Array(shed + 1...2_000))
    }

    @Test("A unit that has left stays until the replica's checkpoint has passed it, and can be replayed")
    func replay() throws {
        let rig = try OutboxRig(limits: .init(bytes: 1 << 20))
        let checkpoint = rig.queue.stage([try unit(1...10)])
        rig.checkpoint = OutboxPosition(rawValue: 1)
        rig.queue.stage([try unit(11...20), try unit(21...30)])
        try rig.write()
        settle(rig.output, rig.output.take(records: 30, bytes: .max))
        try rig.write()
        #expect(rig.output.load.bytes == 0 && rig.output.totals.published == 30)
        #expect(try rig.replay(from: nil) == Array(1...30))
        rig.checkpoint = checkpoint
        try rig.write()
        #expect(try rig.replay(from: nil) == Array(11...30))
        #expect(try rig.replay(from: checkpoint) == Array(11...30))
    }

    @Test("P9 what cannot be read is said until the file is set aside, and not any longer")
    func unreadable() throws {
        let rig = try OutboxRig(limits: .init(bytes: 8 << 20, memoryBytes: 65_536))
        rig.queue.stage([try unit(1...100)])
        try rig.write()
        try rig.restart()
        _ = try rig.number("UPDATE units SET content = x'00' RETURNING 1")
        try rig.write()
        #expect(rig.output.take(records: 20, bytes: .max).isEmpty)
        #expect(rig.output.readError != nil)
        try rig.replaceFile()
        rig.queue.stage([try unit(101...110)])
        try rig.write()
        #expect(rig.output.take(records: 20, bytes: .max).map(\.sequence) == Array(101...110))
        #expect(rig.output.readError == nil)
    }

    @Test("D7 where a damaged file was set aside, what it alone held is named and what memory holds is stored again")
    func replaced() throws {
        let rig = try OutboxRig(limits: .init(bytes: 8 << 20, memoryBytes: 65_536))
        for index in 0..<20 as Range<UInt64> {
            rig.queue.stage([try unit(index * 100 + 1...index * 100 + 100)])
            try rig.write()
        }
        let window = rig.output.take(records: 20, bytes: .max)
        settle(rig.output, Array(window.prefix(5)))
        try rig.replaceFile()
        rig.queue.stage([try unit(2_001...2_010)])
        let losses = try rig.write()
        let lost = rig.output.totals.shed[.damaged] ?? 0
        #expect(lost > 0 && losses.map(\.records) == [lost] && losses.map(\.others) == [lost])
        try rig.restart()
        #expect(rig.output.totals.published == 5)
        var sequences: [UInt64] = []
        _ = try rig.drain { sequences.append($0.sequence) }
        #expect(UInt64(sequences.count) + lost + 5 == 2_010)
        #expect(sequences == Array(6...2_000 - lost) + Array(2_001...2_010))
    }

    @Test("Links share the tables and nothing else")
    func links() throws {
        let one = try OutboxRig(limits: .init(bytes: 1 << 20), link: 1)
        let two = try OutboxRig(limits: .init(bytes: 1 << 20), link: 2, folder: one.folder)
        one.queue.stage([try unit(1...3)])
        try one.write()
        two.queue.stage([try unit(101...103)])
        try two.write()
        try one.restart()
        var sequences: [UInt64] = []
        _ = try one.drain { sequences.append($0.sequence) }
        #expect(sequences == [1, 2, 3])
        try two.restart()
        #expect(two.output.load.waiting == 3 && two.output.totals.published == 0)
    }

    @Test("A late delivery is late after a restart, and how long it waited is known")
    func lateness() throws {
        let rig = try OutboxRig(limits: .init(bytes: 1 << 20))
        rig.queue.stage([
            try DeliveryUnit([
                TestRecord(topic: "a", sequence: 1), TestRecord(topic: "a", isSuperseded: true, sequence: 2),
            ])
        ])
        try rig.write()
        try rig.restart()
        try rig.write()
        let window = rig.output.take(records: 2, bytes: .max)
        #expect(window.map(\.delivery.lateness) == [.none, .superseded])
        #expect(window.allSatisfy { $0.delivery.waitedBefore >= .zero && $0.delivery.waitedBefore < .seconds(60) })
    }
}
