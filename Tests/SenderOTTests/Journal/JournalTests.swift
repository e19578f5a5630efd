import DiodeProtocol
import EventLog
import Glibc
import SenderOTEmission
import TestKit
import Testing
import Threading

@testable import SenderOT
@testable import SenderOTJournal
@testable import SenderOTCore

/// The journal between a core and a queue that the test empties by hand, on a real database.
@Suite(.timeLimit(.minutes(1)))
struct JournalTests {
    @Test("blocks reach the queue in order, and deliveries are acknowledged up to the last that is on disk")
    func order() async throws {
        let rig = try JournalRig()
        let journal = try rig.start()
        for block in try rig.blocks(100) { journal.append(block) }
        journal.settle(DeliveryTicket(rawValue: 105))
        #expect(journal.finish(until: .distantFuture) == 0)
        #expect(rig.acknowledged.last == 105)
        #expect(rig.acknowledged == rig.acknowledged.sorted())
        #expect(rig.takeAll() == Array(1...100))
        #expect(try rig.journalledBlocks() == Array(1...100))
    }

    @Test("D7 what the link has no room for waits on disk, is acknowledged, and goes out in order")
    func diskIsTheQueue() async throws {
        let rig = try JournalRig(laneBytes: 2_000)
        let journal = try rig.start()
        let blocks = try rig.blocks(300, bytes: 60_000)
        for block in blocks { journal.append(block) }
        // 18 MB, of which memory holds 16 at most, and nobody sends.
        #expect(await eventually(.seconds(20)) { rig.acknowledged.last == 300 })
        #expect(journal.backlog >= 299)
        var taken: [UInt64] = []
        while taken.count < 300 {
            guard let transmission = rig.queue.take(.live) else {
                await Task.yield()
                continue
            }
            taken.append(transmission.block.id.block.rawValue)
            let expected = blocks[taken.count - 1]
            #expect(transmission.block.symbols == expected.symbols, "block \(taken.count) came back as it was")
        }
        #expect(taken == Array(1...300))
        #expect(journal.finish(until: .distantFuture) == 0)
    }

    @Test("D7 what was not sent goes out at the next start, under its own numbers, before anything new")
    func backlogOfAnEarlierEpoch() async throws {
        let rig = try JournalRig(laneBytes: 2_000)
        let journal = try rig.start()
        for block in try rig.blocks(20) { journal.append(block) }
        #expect(await eventually { rig.acknowledged.last == 20 })
        #expect(journal.finish(until: MonotonicClock.now()) > 0, "nobody sent")
        let next = try JournalRig(folder: rig.folder)
        #expect(next.begun.journal.unsent == 1...20)
        let again = try next.start()
        for block in try next.blocks(3, epoch: next.epoch) { again.append(block) }
        #expect(again.finish(until: .distantFuture) == 0)
        var seen: [String] = []
        while let transmission = next.queue.take(.live) {
            let id = transmission.block.id
            seen.append("\(id.epoch == rig.epoch ? "old" : "new") \(id.block.rawValue)")
        }
        #expect(seen == (1...20).map { "old \($0)" } + (1...3).map { "new \($0)" })
        let last = next.begun.journal.earlierEpochs.last
        #expect(last?.epoch == rig.epoch)
        #expect(last?.lastBlock.rawValue == 20)
    }

    @Test("P8 at its limit the journal frees what was sent, oldest first, and never what was not")
    func limit() async throws {
        let rig = try JournalRig(limitBytes: 1 << 20)
        let journal = try rig.start()
        let blocks = try rig.blocks(400, bytes: 20_000)
        for block in blocks.prefix(200) {
            journal.append(block)
            rig.sendAll()
        }
        #expect(await eventually(.seconds(20)) { rig.acknowledged.last == 200 })
        rig.sendAll()
        #expect(await eventually { journal.coreState == .writing }, "all was sent: there is room")
        for block in blocks.suffix(200) { journal.append(block) }
        #expect(await eventually(.seconds(20)) { rig.acknowledged.last == 400 })
        #expect(await eventually { journal.coreState == .full }, "nothing more may be freed")
        rig.sendAll()
        #expect(await eventually { journal.coreState == .writing }, "what was sent makes room")
        #expect(journal.finish(until: .distantFuture) == 0)
        let held = try rig.journalledBlocks()
        #expect(held.first ?? 401 > 300, "the oldest are gone")
    }

    @Test("D7 a disk that refuses: the link goes on, acknowledgements wait, then records are named unjournalled")
    func failingDisk() async throws {
        let rig = try JournalRig(withholding: .milliseconds(300))
        let journal = try rig.start()
        let blocks = try rig.blocks(30)
        journal.append(blocks[0])
        #expect(await eventually { rig.acknowledged.last == 1 })
        // Another owner holds the write lock for longer than the journal waits.
        try rig.whileLocked {
            for block in blocks[1...] { journal.append(block) }
            #expect(waitUntil { journal.report.failure != nil })
            #expect(waitUntil { rig.takeAll().contains(30) }, "the live path goes on")
            #expect(waitUntil { rig.acknowledged.last == 30 }, "from memory, after a while")
            #expect(rig.notes.contains { $0.what == "unjournalled" })
        }
        #expect(await eventually(.seconds(20)) { journal.report.failure == nil })
        #expect(rig.notes.contains { $0.what == "journalled" })
        journal.finish(until: .distantFuture)
    }

    @Test("D7 a log that cannot be synced: acknowledgements wait, then what they cover is named")
    func failingSync() async throws {
        let folder = try TemporaryDirectory()
        let log = EventLog(threshold: .error)
        let sync = try JournalSync(
            path: folder.file("send.db"), released: 0, withholding: .milliseconds(300), log: log)
        let heard = Lock((acknowledged: [UInt64](), notes: [Action]()))
        try sync.start(
            Journal.Observer(
                acknowledge: { ticket in
                    heard.withLock { $0.acknowledged.append(ticket.rawValue) }
                    return true
                }, note: { action in heard.withLock { $0.notes.append(action) } },
                takeDirtySlots: { _ in SlotBatch(replayFrom: nil) }, databaseReplaced: {}, echoes: { "" },
                broker: { "" }))
        // There is no log to sync.
        sync.committed(DeliveryTicket(rawValue: 7), through: 3, SequenceNumber(rawValue: 40))
        #expect(await eventually { sync.isFailingNow })
        #expect(heard.withLock { $0.acknowledged.isEmpty })
        #expect(await eventually { heard.withLock { $0.acknowledged } == [7] })
        sync.committed(DeliveryTicket(rawValue: 9), through: 5, SequenceNumber(rawValue: 60))
        #expect(await eventually { heard.withLock { $0.acknowledged } == [7, 9] })
        #expect(sync.unsyncedRecords == 60)
        try folder.write("send.db-wal", "")
        #expect(await eventually { sync.failure == nil && !sync.isFailingNow }, "it is tried again by itself")
        let notes = heard.withLock { $0.notes }
        #expect(notes.map(\.what) == ["unjournalled", "journalled"])
        #expect(notes.first?.detail.hasPrefix("from 1 on: ") == true)
        #expect(notes.last?.detail.hasPrefix("1-60 ") == true)
        sync.committed(DeliveryTicket(rawValue: 11), through: 6, SequenceNumber(rawValue: 61))
        #expect(await eventually { heard.withLock { $0.acknowledged } == [7, 9, 11] })
        #expect(sync.unsyncedRecords == 60)
        sync.finish()
    }

    private func waitUntil(_ condition: () -> Bool) -> Bool {
        let deadline = MonotonicClock.now().advanced(by: .seconds(30))
        while !condition() {
            guard MonotonicClock.now() < deadline else { return false }
            sched_yield()
        }
        return true
    }
}
