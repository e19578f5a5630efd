import DiodeProtocol
import Outbox
import TestKit
import Testing
import Account
import Deliveries

/// The outbox against a plain model, on real files.
@Suite("Outbox model")
struct OutboxModelTests {
    /// What should be, kept the plainest way.
    struct Model {
        var records: [UInt64: TestRecord] = [:]
        var taken: [(sequence: UInt64, answered: Bool, isAgain: Bool)] = []
        var left: Set<UInt64> = []
        var durable: (records: [UInt64: TestRecord], left: Set<UInt64>) = ([:], [])
        var next: UInt64 = 1
        var takes: [UInt64: Int] = [:]
        var lastTaken: UInt64 = 0

        mutating func batch<R: RandomNumberGenerator>(_ random: inout R, topics: Int) -> [TestRecord] {
            let count = Int.random(in: 1...Int.random(in: 1...100, using: &random), using: &random)
            return (0..<count).map { _ in
                let record = TestRecord(
                    topic: "acme/\(Int.random(in: 0..<topics, using: &random))",
                    retain: Bool.random(using: &random), isSuperseded: Int.random(in: 0..<20, using: &random) == 0,
                    payloadBytes: Int.random(in: 0...300, using: &random), sequence: next)
                next += 1
                records[record.sequence] = record
                return record
            }
        }

        mutating func take(_ window: [QueuedDelivery]) {
            for queued in window {
                let sequence = queued.sequence
                #expect(sequence > lastTaken, "deliveries are taken in order")
                lastTaken = sequence
                #expect(!left.contains(sequence), "what has left does not come again")
                #expect(
                    records[sequence].map { queued.delivery.payload.elements == $0.payload } == true,
                    "a delivery reads as it was written")
                if let index = taken.firstIndex(where: { $0.sequence == sequence }) {
                    #expect(taken[index].isAgain, "what is taken does not come again")
                    taken[index].isAgain = false
                } else {
                    taken.append((sequence, false, false))
                }
                takes[sequence, default: 0] += 1
            }
        }

        mutating func answer(_ sequence: UInt64) {
            if let index = taken.firstIndex(where: { $0.sequence == sequence }), !taken[index].isAgain {
                taken[index].answered = true
            }
            while let first = taken.first, first.answered {
                left.insert(first.sequence)
                taken.removeFirst()
            }
        }

        mutating func rewind() {
            var open: Set<String> = []
            for index in taken.indices {
                let topic = records[taken[index].sequence]?.topic ?? ""
                if !taken[index].answered || open.contains(topic) {
                    open.insert(topic)
                    (taken[index].answered, taken[index].isAgain) = (false, true)
                }
            }
            lastTaken = 0
        }

        /// What it has been given and has not put back.
        var given: Int { taken.count { !$0.isAgain } }

        mutating func commit() { durable = (records, left) }

        mutating func restart() {
            (records, left) = durable
            taken = []
            lastTaken = 0
        }

        /// Values that must survive whatever is shed.
        var newest: Set<UInt64> {
            var newest: [String: UInt64] = [:]
            for record in records.values where !record.isSuperseded {
                newest[record.slot] = max(newest[record.slot] ?? 0, record.sequence)
            }
            return Set(newest.values)
        }
    }

    @Test(
        "P1 over random kills, failed commits, rewinds and the limit nothing is lost that is not named",
        arguments: 0..<12)
    func random(_ round: Int) async throws {
        try await withSeed("OutboxModelTests.random") { random in
            let limit = [131_072, 400_000, 1 << 30][round % 3]
            let rig = try OutboxRig(limits: .init(bytes: limit, memoryBytes: [65_536, 4 << 20][round / 3 % 2]))
            let steps = 250
            // Values that do not fit are another test's.
            let topics = 40
            var model = Model()
            var losses: [Loss] = []
            var open: [QueuedDelivery] = []
            for _ in 0..<steps {
                switch Int.random(in: 0..<100, using: &random) {
                case 0..<45:
                    for _ in 0..<Int.random(in: 1...4, using: &random) {
                        rig.queue.stage([try DeliveryUnit(model.batch(&random, topics: topics))])
                    }
                    losses += try rig.write()
                    model.commit()
                case 45..<50:
                    // Commits that fail stand between ones that do not: more than memory holds is another test's.
                    losses += try rig.write()
                    model.commit()
                    rig.queue.stage([try DeliveryUnit(model.batch(&random, topics: topics))])
                    _ = try rig.write(failing: true)
                case 50..<75:
                    let window = rig.output.take(
                        records: .random(in: 1...300, using: &random), bytes: 100_000, isSure: Self.isSure)
                    model.take(window)
                    open += window
                case 75..<94:
                    for _ in 0..<Int.random(in: 0...200, using: &random) {
                        guard !open.isEmpty else { break }
                        let queued = open.remove(at: Int.random(in: 0..<min(open.count, 5), using: &random))
                        rig.output.settle([.init(position: queued.position, disposition: .published)])
                        model.answer(queued.sequence)
                    }
                case 94..<97:
                    rig.output.rewind()
                    model.rewind()
                    open = []
                case 97..<99:
                    try rig.restart()
                    model.restart()
                    open = []
                default:
                    losses += try rig.write()
                    model.commit()
                }
                check(rig, model)
            }
            try finish(rig, &model, losses)
        }
    }

    /// What a publisher says that it knows to be no repetition; its doubts are taken off, and those of others are not.
    private static func isSure(_ queued: QueuedDelivery) -> Bool { isSure(queued.sequence) }
    private static func isSure(_ sequence: UInt64) -> Bool { sequence % 3 == 0 }

    private func check(_ rig: OutboxRig, _ model: Model) {
        let totals = rig.output.totals
        let load = rig.output.load
        #expect(totals.appended == UInt64(model.records.count))
        #expect(totals.published == UInt64(model.left.count))
        #expect(totals.appended == UInt64(load.waiting + load.taken) + totals.left)
        #expect(load.taken == model.given)
    }

    private func finish(_ rig: OutboxRig, _ model: inout Model, _ named: [Loss]) throws {
        rig.output.rewind()
        model.rewind()
        var drained: [QueuedDelivery] = []
        let losses = named + (try rig.drain { drained.append($0) })
        model.take(drained)
        for queued in drained { model.answer(queued.sequence) }
        check(rig, model)
        let shed = model.records.values.filter { !model.left.contains($0.sequence) }
        #expect(rig.output.totals.shedSum == UInt64(shed.count))
        #expect(losses.reduce(0) { $0 + $1.records } == UInt64(shed.count))
        var topics: [String: UInt64] = [:]
        for loss in losses { topics.merge(loss.topics, uniquingKeysWith: +) }
        #expect(topics == Dictionary(shed.map { ($0.topic, 1) }, uniquingKeysWith: +))
        #expect(
            shed.allSatisfy { record in
                losses.contains { ($0.first.sequence.rawValue...$0.last.sequence.rawValue).contains(record.sequence) }
            })
        #expect(model.newest.subtracting(model.left).isEmpty, "the newest value of every topic survives")
        let repeats = model.takes.filter { !Self.isSure($0.key) }.values.reduce(0) { $0 + $1 - 1 }
        #expect(UInt64(repeats) <= rig.output.totals.repeatedInDoubt + rig.forgottenDoubts[.mqtt, default: 0])
        #expect(try rig.number("SELECT count(*) FROM units") == 0)
        #expect(try rig.number("SELECT count(*) FROM last_known") == 0)
        #expect(rig.output.load.bytes == 0 && rig.output.load.memoryBytes == 0)
    }
}

extension RawSpan {
    var elements: [UInt8] { withUnsafeBytes { Array($0) } }
}
