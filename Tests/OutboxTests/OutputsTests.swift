import Account
import Deliveries
import DiodeProtocol
import Outbox
import Storage
import TestKit
import Testing

@Suite("Outputs")
struct OutputsTests {
    private static let other = OutputName(rawValue: "other")

    private func unit(_ sequences: ClosedRange<UInt64>, topics: UInt64 = 1_000_000, payloadBytes: Int = 100) throws
        -> DeliveryUnit
    {
        try DeliveryUnit(
            sequences.map {
                TestRecord(topic: "acme/\($0 % topics)", payloadBytes: payloadBytes, sequence: $0)
            })
    }

    private func publish(_ output: OutboxOutput, records: Int = 1_000) -> [UInt64] {
        let window = output.take(records: records, bytes: .max)
        output.settle(window.map { OutboxSettlement(position: $0.position, disposition: .published) })
        return window.map(\.sequence)
    }

    private func balances(_ output: OutboxOutput) -> Bool {
        let (totals, load) = (output.totals, output.load)
        return totals.appended == UInt64(load.waiting + load.taken) + totals.left
    }

    @Test("P1 each output goes on at its own place over a restart, and a row stays until both are past it")
    func places() throws {
        let rig = try OutboxRig(limits: .init(bytes: 1 << 20), others: [Self.other])
        rig.queue.stage([try unit(1...10), try unit(11...20)])
        try rig.write()
        #expect(publish(rig.queue.outputs[0]) == Array(1...20))
        #expect(publish(rig.queue.outputs[1], records: 3) == [1, 2, 3])
        try rig.write()
        #expect(try rig.number("SELECT count(*) FROM units") == 2)
        try rig.restart()
        try rig.write()
        #expect(publish(rig.queue.outputs[0]).isEmpty && rig.queue.outputs[0].load.waiting == 0)
        #expect(publish(rig.queue.outputs[1]) == Array(4...20))
        try rig.write()
        #expect(try rig.number("SELECT count(*) FROM units") == 0)
        #expect(rig.queue.outputs.allSatisfy { $0.totals.published == 20 && balances($0) })
    }

    @Test(
        "P8 a stalled output at the limit keeps the newest values and sheds by itself; the other is not held up and sheds nothing"
    )
    func stalled() throws {
        let rig = try OutboxRig(limits: .init(bytes: 131_072), others: [Self.other])
        let (fast, stalled) = (rig.queue.outputs[0], rig.queue.outputs[1])
        var published: [UInt64] = []
        var shed: UInt64 = 0
        for index in 0..<300 as Range<UInt64> {
            rig.queue.stage([try unit(index * 20 + 1...index * 20 + 20, topics: 50)])
            let losses = try rig.writeAll()
            #expect(losses[.mqtt] == nil)
            shed += (losses[Self.other] ?? []).reduce(0) { $0 + $1.records }
            #expect(fast.load.bytes <= 131_072 + 32_768)
            published += publish(fast)
        }
        #expect(published == Array(1...6_000) && fast.totals.shedSum == 0)
        #expect(shed > 3_000 && stalled.totals.shed == [.outboxFull: shed])
        #expect(rig.queue.outputs.allSatisfy { balances($0) })
        try rig.restart()
        var late: [UInt64] = []
        for _ in 0..<100 where rig.queue.outputs[1].load.waiting > 0 {
            try rig.write()
            late += publish(rig.queue.outputs[1])
        }
        #expect(UInt64(late.count) + shed == 6_000 && late == late.sorted())
        #expect(late.suffix(50) == Array(5_951...6_000))
    }

    @Test("P8 while values are moved for an output that lags, the foremost goes on taking")
    func notHeld() throws {
        let rig = try OutboxRig(limits: .init(bytes: 65_536), others: [Self.other])
        let fast = rig.queue.outputs[0]
        rig.queue.stage([try unit(1...20, topics: 20)])
        try rig.write()
        for index in 1..<100 as Range<UInt64> {
            rig.queue.stage([try unit(index * 20 + 1...index * 20 + 20, topics: 20)])
            var taken: [UInt64] = []
            _ = try rig.writeAll { taken = publish(fast, records: 5) }
            #expect(taken == Array(index * 20 - 19...index * 20 - 15))
            #expect(publish(fast, records: 15) == Array(index * 20 - 14...index * 20))
        }
        #expect(rig.queue.outputs[1].totals.shedSum > 0 && fast.totals.shedSum == 0)
    }

    @Test("An output that is added begins behind what is stored; what came before stands beside its account")
    func added() throws {
        let rig = try OutboxRig(limits: .init(bytes: 1 << 20))
        rig.queue.stage([try unit(1...10)])
        try rig.write()
        try rig.restart(others: [Self.other])
        let added = rig.queue.outputs[1]
        #expect(added.totals.before == 10 && added.totals.appended == 0 && added.load.waiting == 0)
        rig.queue.stage([try unit(11...15)])
        try rig.write()
        #expect(publish(added) == Array(11...15))
        #expect(publish(rig.output) == Array(1...15))
        try rig.write()
        try rig.restart()
        #expect(rig.queue.outputs[1].totals.before == 10 && rig.queue.outputs[1].totals.published == 5)
    }

    @Test("An output that is no longer there keeps no row, and its account ends with what waited for it")
    func removed() throws {
        let rig = try OutboxRig(limits: .init(bytes: 1 << 20), others: [Self.other])
        rig.queue.stage([try unit(1...10)])
        try rig.write()
        _ = publish(rig.output)
        _ = publish(rig.queue.outputs[1], records: 4)
        try rig.write()
        try rig.restart(others: [])
        #expect(rig.forgotten.map(\.output) == [Self.other] && rig.forgotten.map(\.waiting) == [6])
        try rig.write()
        #expect(try rig.number("SELECT count(*) FROM units") == 0)
        #expect(try rig.number("SELECT count(*) FROM outbox_outputs") == 0)
        #expect(try rig.number("SELECT count(*) FROM outbox_output_totals") == 0)
        try rig.restart(others: [Self.other])
        #expect(rig.queue.outputs[1].totals.before == 10 && rig.queue.outputs[1].load.waiting == 0)
    }

    @Test("D7 where a damaged file was set aside, what one output has in memory is there for the other, too")
    func replaced() throws {
        let rig = try OutboxRig(limits: .init(bytes: 8 << 20, memoryBytes: 131_072), others: [Self.other])
        for index in 0..<20 as Range<UInt64> {
            rig.queue.stage([try unit(index * 100 + 1...index * 100 + 100)])
            try rig.write()
            if index < 15 { _ = publish(rig.output) }
        }
        _ = rig.output.take(records: 20, bytes: .max)
        let before = rig.output.load.waiting + rig.output.load.taken
        try rig.replaceFile()
        let losses = try rig.writeAll()
        #expect(rig.queue.outputs.allSatisfy { balances($0) })
        let lost = rig.queue.outputs.map { $0.totals.shed[.damaged] ?? 0 }
        #expect(lost == rig.queue.outputs.map { output in (losses[output.name] ?? []).reduce(0) { $0 + $1.records } })
        #expect(lost[1] > 0 && lost[0] < UInt64(before))
        try rig.restart()
        #expect(rig.queue.outputs.allSatisfy { balances($0) })
        for output in rig.queue.outputs {
            for _ in 0..<100 where output.load.waiting > 0 {
                try rig.write()
                _ = publish(output)
            }
            #expect(output.totals.published + (output.totals.shed[.damaged] ?? 0) == 2_000)
        }
    }

    @Test("A file from before there were other outputs is read as it is, and written as it was")
    func oldFile() throws {
        let folder = try TemporaryDirectory("outbox")
        let path = folder.file("recv.db")
        do {
            let database = try Database(
                path: path,
                schema: DatabaseSchema(owner: "test", applicationID: "TEST", migrations: [OutboxSchema.sql]))
            try database.execute(
                """
                INSERT INTO outbox VALUES (3, 5, 5, 5, 5, 0, 0);
                INSERT INTO outbox_totals VALUES (3, 'appended', 4), (3, 'published', 3), (3, 'dead.refused', 1)
                """)
        }
        let rig = try OutboxRig(limits: .init(bytes: 1 << 20), folder: folder)
        #expect(rig.output.totals.published == 3 && rig.output.settled.rawValue == 5)
        rig.queue.stage([try unit(5...7)])
        try rig.write()
        #expect(publish(rig.output) == [5, 6, 7])
        try rig.write()
        #expect(try rig.number("SELECT settled * 100 + ending FROM outbox WHERE link = 3") == 808)
        #expect(try rig.number("SELECT records FROM outbox_totals WHERE name = 'appended'") == 7)
        #expect(try rig.number("SELECT count(*) FROM outbox_outputs") == 0)
    }
}
