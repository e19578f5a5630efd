import DiodeProtocol
import TestKit
import Testing
import Threading

@testable import SenderOT

/// The journal between a core and a queue that the test empties by hand.
@Suite(.timeLimit(.minutes(1)))
struct JournalTests {
    private final class Acknowledged: Sendable {
        private let tickets = Lock<[UInt64]>([])
        var all: [UInt64] { tickets.withLock { $0 } }
        func add(_ ticket: DeliveryTicket) { tickets.withLock { $0.append(ticket.rawValue) } }
    }

    private func blocks(_ count: Int, bytes: Int = 1_000) throws -> [ClosedBlock] {
        var bench = try CoreBench()
        var random = SeededGenerator(seed: 3)
        for index in 1...count {
            let payload = (0..<bytes).map { _ in UInt8.random(in: 0...255, using: &random) }
            bench.publish("acme/a", payload, delivery: UInt64(index))
            try bench.endGulp(idle: true)
        }
        return bench.blocks
    }

    @Test("blocks reach the queue in order, and deliveries are acknowledged up to the last that did")
    func order() async throws {
        let queue = try TransmissionQueue()
        let journal = try Journal(queue: queue)
        let acknowledged = Acknowledged()
        try journal.start { acknowledged.add($0) }
        for block in try blocks(100) { journal.append(block) }
        journal.settle(DeliveryTicket(rawValue: 105))
        #expect(journal.finish(until: .max) == 0)
        #expect(acknowledged.all.last == 105)
        #expect(acknowledged.all == acknowledged.all.sorted())
        var taken: [UInt64] = []
        while let transmission = queue.take(.live) { taken.append(transmission.block.id.block.rawValue) }
        #expect(taken == Array(1...100))
        #expect(!journal.isDurable, "nothing is on disk yet, and nobody may believe it")
    }

    @Test("D7 no delivery is acknowledged before its block is with the emitter")
    func acknowledgeAfter() async throws {
        let queue = try TransmissionQueue(laneBytes: 2_000)
        let journal = try Journal(queue: queue)
        let acknowledged = Acknowledged()
        try journal.start { acknowledged.add($0) }
        for block in try blocks(10) { journal.append(block) }
        // One block waits in the queue, which has no room for the next.
        #expect(await eventually { queue.unsentBlocks == 1 && journal.backlog == 9 })
        #expect((acknowledged.all.last ?? 0) <= 1)
        var taken: UInt64 = 0
        while taken < 10 {
            guard let transmission = queue.take(.live) else {
                await Task.yield()
                continue
            }
            taken = transmission.block.id.block.rawValue
            #expect((acknowledged.all.last ?? 0) <= taken + 1)
        }
        #expect(await eventually { acknowledged.all.last == 10 })
        #expect(journal.finish(until: .max) == 0)
    }

    @Test("P8 a full journal lets its reader wait, and goes on when there is room")
    func full() async throws {
        let queue = try TransmissionQueue(laneBytes: 1_500)
        let journal = try Journal(queue: queue, limitBytes: 5_000)
        try journal.start { _ in }
        for block in try blocks(10) { journal.append(block) }
        let passed = Lock(false)
        let reader = try WorkerThread(name: "reader") {
            journal.waitForRoom()
            passed.withLock { $0 = true }
        }
        #expect(await eventually { journal.backlog == 9 })
        #expect(!passed.withLock { $0 })
        var taken = 0
        while taken < 10 {
            if queue.take(.live) != nil { taken += 1 } else { await Task.yield() }
        }
        #expect(await eventually { passed.withLock { $0 } })
        reader.join()
        journal.finish(until: .max)
    }

    @Test("a finish that meets its deadline says how many blocks are left, and acknowledges none of them")
    func cutShort() async throws {
        let queue = try TransmissionQueue(laneBytes: 1_500)
        let journal = try Journal(queue: queue)
        let acknowledged = Acknowledged()
        try journal.start { acknowledged.add($0) }
        for block in try blocks(10) { journal.append(block) }
        #expect(journal.finish(until: MonotonicClock.now() + 50_000_000) == 9)
        #expect(acknowledged.all == [1])
        journal.waitForRoom()
    }
}
