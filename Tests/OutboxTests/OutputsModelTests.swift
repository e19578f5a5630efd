import Account
import Deliveries
import DiodeProtocol
import Outbox
import TestKit
import Testing

/// Two outputs on one queue against a plain model of each, on real files: one that keeps up, and one that stalls.
@Suite("Outputs model")
struct OutputsModelTests {
    /// What should be of one output.
    private final class Reader {
        let name: OutputName
        /// Of all steps that are its own, how many of a hundred it takes part in.
        let pace: Int
        var model = OutboxModelTests.Model()
        var open: [QueuedDelivery] = []
        var losses: [Loss] = []

        init(_ name: OutputName, pace: Int) {
            self.name = name
            self.pace = pace
        }
    }

    @Test(
        "P1 a fast and a stalled output of one queue each balance, over kills, failed commits, rewinds and the limit",
        arguments: 0..<12)
    func random(_ round: Int) async throws {
        try await withSeed("OutputsModelTests.random") { random in
            let other = OutputName(rawValue: "other")
            let limit = [131_072, 400_000, 1 << 30][round % 3]
            let rig = try OutboxRig(
                limits: .init(bytes: limit, memoryBytes: [131_072, 4 << 20][round / 3 % 2]), others: [other])
            // Either may be the one that stalls.
            let readers =
                round % 2 == 0
                ? [Reader(.mqtt, pace: 95), Reader(other, pace: 15)]
                : [Reader(.mqtt, pace: 15), Reader(other, pace: 95)]
            var writer = OutboxModelTests.Model()
            for _ in 0..<250 {
                switch Int.random(in: 0..<100, using: &random) {
                case 0..<35:
                    for _ in 0..<Int.random(in: 1...4, using: &random) {
                        rig.queue.stage([try DeliveryUnit(writer.batch(&random, topics: 40))])
                    }
                    try write(rig, readers, writer)
                case 35..<40:
                    try write(rig, readers, writer)
                    rig.queue.stage([try DeliveryUnit(writer.batch(&random, topics: 40))])
                    _ = try rig.writeAll(failing: true)
                    for reader in readers { reader.model.records = writer.records }
                case 40..<97:
                    for reader in readers where Int.random(in: 0..<100, using: &random) < reader.pace {
                        use(reader, of: rig, &random)
                    }
                case 97..<99:
                    try rig.restart()
                    for reader in readers {
                        reader.model.restart()
                        reader.open = []
                    }
                    writer.records = readers[0].model.records
                default: try write(rig, readers, writer)
                }
                for (output, reader) in zip(rig.queue.outputs, readers) { check(output, reader.model) }
            }
            try finish(rig, readers, writer)
        }
    }

    private func write(_ rig: OutboxRig, _ readers: [Reader], _ writer: OutboxModelTests.Model) throws {
        let losses = try rig.writeAll()
        for reader in readers {
            reader.losses += losses[reader.name] ?? []
            reader.model.records = writer.records
            reader.model.commit()
        }
    }

    private func use(_ reader: Reader, of rig: OutboxRig, _ random: inout some RandomNumberGenerator) {
        guard let output = rig.queue.outputs.first(where: { $0.name == reader.name }) else { return }
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<10:
            let window = output.take(records: .random(in: 1...300, using: &random), bytes: 100_000)
            reader.model.take(window)
            reader.open += window
        case 10..<19:
            for _ in 0..<Int.random(in: 0...300, using: &random) {
                guard !reader.open.isEmpty else { break }
                let queued = reader.open.remove(at: Int.random(in: 0..<min(reader.open.count, 5), using: &random))
                output.settle([.init(position: queued.position, disposition: .published)])
                reader.model.answer(queued.sequence)
            }
        default:
            output.rewind()
            reader.model.rewind()
            reader.open = []
        }
    }

    private func check(_ output: OutboxOutput, _ model: OutboxModelTests.Model) {
        let totals = output.totals
        let load = output.load
        #expect(totals.appended == UInt64(model.records.count))
        #expect(totals.published == UInt64(model.left.count))
        #expect(totals.appended == UInt64(load.waiting + load.taken) + totals.left)
        #expect(load.taken == model.given)
    }

    private func finish(_ rig: OutboxRig, _ readers: [Reader], _ writer: OutboxModelTests.Model) throws {
        for (output, reader) in zip(rig.queue.outputs, readers) {
            output.rewind()
            reader.model.rewind()
            for _ in 0..<100_000 {
                try write(rig, readers, writer)
                let window = output.take(records: 1_000, bytes: .max)
                reader.model.take(window)
                output.settle(window.map { OutboxSettlement(position: $0.position, disposition: .published) })
                for queued in window { reader.model.answer(queued.sequence) }
                if window.isEmpty, output.load.waiting == 0 { break }
            }
        }
        try write(rig, readers, writer)
        for (output, reader) in zip(rig.queue.outputs, readers) {
            check(output, reader.model)
            let shed = reader.model.records.values.filter { !reader.model.left.contains($0.sequence) }
            #expect(output.totals.shedSum == UInt64(shed.count))
            var topics: [String: UInt64] = [:]
            for loss in reader.losses { topics.merge(loss.topics, uniquingKeysWith: +) }
            #expect(topics == Dictionary(shed.map { ($0.topic, 1) }, uniquingKeysWith: +))
            #expect(
                reader.model.newest.subtracting(reader.model.left).isEmpty, "the newest value of every topic survives")
            let repeats = reader.model.takes.values.reduce(0) { $0 + $1 - 1 }
            #expect(UInt64(repeats) <= output.totals.repeatedInDoubt + rig.forgottenDoubts[output.name, default: 0])
        }
        #expect(try rig.number("SELECT count(*) FROM units") == 0)
        #expect(try rig.number("SELECT count(*) FROM last_known") == 0)
        #expect(rig.output.load.bytes == 0 && rig.output.load.memoryBytes == 0)
    }
}
