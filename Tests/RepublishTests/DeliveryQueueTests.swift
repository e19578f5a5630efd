import Account
import DiodeProtocol
import Outbox
import TestKit
import Testing
import Deliveries
import Time

@Suite("DeliveryQueue")
struct DeliveryQueueTests {
    private func queue(bytes: Int = 1 << 20) throws -> UnstoredQueue { try UnstoredQueue(bytes: bytes) }

    private func batch(_ sequences: ClosedRange<UInt64>, payloadBytes: Int = 10) -> [Delivery] {
        sequences.map { testDelivery("a/b", [UInt8](repeating: 1, count: payloadBytes), sequence: $0) }
    }

    private func sequences(_ window: [QueuedDelivery]) -> [UInt64] {
        window.map { $0.delivery.stamp.sequence.rawValue }
    }

    @Test("Deliveries are taken in order and leave when they and all before them are answered")
    func order() throws {
        let queue = try queue()
        queue.append(batch(1...5))
        let window = queue.output.take(records: 3, bytes: .max)
        #expect(sequences(window) == [1, 2, 3])
        queue.output.settle([OutboxSettlement(position: window[1].position, disposition: .published)])
        #expect(queue.output.totals.published == 0 && queue.output.load.taken == 3)
        queue.output.settle([OutboxSettlement(position: window[0].position, disposition: .dead(.refused))])
        #expect(queue.output.totals.published == 1 && queue.output.totals.dead == [.refused: 1])
        #expect(queue.output.load.taken == 1 && queue.output.load.waiting == 2)
    }

    @Test("P3 after a lost broker the run from the oldest unanswered delivery repeats in order")
    func rewind() throws {
        let queue = try queue()
        queue.append(batch(1...6))
        let window = queue.output.take(records: 4, bytes: .max)
        queue.output.settle([0, 2, 3].map { OutboxSettlement(position: window[$0].position, disposition: .published) })
        queue.output.rewind()
        #expect(queue.output.totals.published == 1)
        #expect(sequences(queue.output.take(records: 10, bytes: .max)) == [2, 3, 4, 5, 6])
        queue.output.settle([OutboxSettlement(position: window[0].position, disposition: .published)])
        #expect(queue.output.totals.published == 1)
    }

    @Test("P8 at its limit the queue sheds the oldest that nobody reaches for, and counts and names it")
    func limit() throws {
        let queue = try queue(bytes: 65_536)
        queue.append(batch(1...3))
        let taken = queue.output.take(records: 1, bytes: .max)
        let shed = try #require(queue.append(batch(4...400, payloadBytes: 100)))
        #expect(queue.output.load.memoryBytes <= 2 * 65_536)
        #expect(shed.first.sequence.rawValue == 4)
        #expect(shed.last.sequence.rawValue == shed.records + 3)
        #expect(shed.to.rawValue - shed.from.rawValue == shed.records - 1)
        #expect(queue.output.totals.shed == [.outboxFull: shed.records])
        queue.output.settle([OutboxSettlement(position: taken[0].position, disposition: .published)])
        #expect(queue.output.totals.published == 1)
        #expect(sequences(queue.output.take(records: 3, bytes: .max)) == [2, 3])
        #expect(sequences(queue.output.take(records: 1, bytes: .max)) == [shed.last.sequence.rawValue + 1])
        #expect(shed.topics == ["a/b": shed.records] && queue.output.losses == [shed])
    }

    @Test("A window is bounded by bytes, but one delivery always passes")
    func windowBytes() throws {
        let queue = try queue()
        queue.append(batch(1...3, payloadBytes: 5_000))
        #expect(sequences(queue.output.take(records: 10, bytes: 100)) == [1])
        #expect(sequences(queue.output.take(records: 10, bytes: 12_000)) == [2, 3])
    }

    @Test("What a stopping receiver leaves in the queue is shed with a name")
    func close() throws {
        let queue = try queue()
        queue.append(batch(1...4))
        _ = queue.output.take(records: 2, bytes: .max)
        let shed = try #require(queue.close())
        #expect(shed.records == 4 && queue.output.totals.shed == [.stopped: 4] && queue.output.load.bytes == 0)
    }

    @Test("P1 under random use every delivery is waiting, taken or counted, and order holds", arguments: 0..<20)
    func random(_ round: Int) async throws {
        try await withSeed("DeliveryQueueTests.random") { random in
            let queue = try queue(bytes: 65_536)
            var next: UInt64 = 1
            var open: [QueuedDelivery] = []
            var published: UInt64 = 0
            for _ in 0..<2_000 {
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<4:
                    let count = UInt64.random(in: 1...20, using: &random)
                    queue.append(batch(next...next + count - 1, payloadBytes: .random(in: 0...500, using: &random)))
                    next += count
                case 4..<7: open += queue.output.take(records: .random(in: 1...20, using: &random), bytes: 4_096)
                case 7..<9:
                    guard let index = open.indices.randomElement(using: &random) else { continue }
                    queue.output.settle([OutboxSettlement(position: open[index].position, disposition: .published)])
                default:
                    queue.output.rewind()
                    open = []
                }
                let totals = queue.output.totals
                let load = queue.output.load
                #expect(totals.appended == next - 1)
                #expect(totals.appended == UInt64(load.waiting + load.taken) + totals.published + totals.shedSum)
                #expect(totals.published >= published)
                published = totals.published
                #expect(open.map(\.position) == open.map(\.position).sorted())
            }
        }
    }
}
