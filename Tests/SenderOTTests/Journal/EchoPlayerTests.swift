import DiodeProtocol
import EventLog
import Storage
import TestKit
import Testing
import Threading

@testable import SenderOT
@testable import SenderOTJournal
@testable import SenderOTCore
@testable import SenderOTEmission

/// The player between a real journal and a queue that the test empties by hand.
@Suite(.timeLimit(.minutes(1)))
struct EchoPlayerTests {
    private func player(_ rig: JournalRig, _ journal: Journal, offsets: [Duration]) throws -> EchoPlayer {
        let schedule = EchoSchedule(offsets: offsets, cursors: offsets.map { _ in 1 })
        let player = try EchoPlayer(
            path: rig.path, schedule: schedule, queue: rig.queue, journal: journal,
            log: EventLog(threshold: .error))
        try player.start()
        return player
    }

    /// The numbers of the blocks that were repeated since this was last asked.
    private func echoes(_ rig: JournalRig) -> [UInt64] {
        var numbers: [UInt64] = []
        while let transmission = rig.queue.take(.echo) { numbers.append(transmission.block.id.block.rawValue) }
        return numbers
    }

    private func leave(_ blocks: ArraySlice<ClosedBlock>, _ queue: TransmissionQueue) {
        for block in blocks { queue.sourceLeft(block.lastSequence, block.id) }
    }

    @Test("D5 an echo comes soon after it is due, however long nothing was sent, and each once")
    func soon() async throws {
        let rig = try JournalRig()
        let journal = try rig.start()
        let player = try player(rig, journal, offsets: [.milliseconds(50), .milliseconds(200)])
        defer { player.stop() }
        let blocks = try rig.blocks(9)
        var seen: [UInt64] = []
        for (index, block) in blocks.enumerated() {
            journal.append(block)
            #expect(await eventually { rig.takeAll().count == index + 1 })
            let left = MonotonicClock.now()
            leave(blocks[index...index], rig.queue)
            #expect(
                await eventually {
                    seen += echoes(rig)
                    return seen.count == 2 * (index + 1)
                })
            #expect(left.duration(to: MonotonicClock.now()) >= .milliseconds(200))
        }
        #expect(seen.sorted() == (1...9).flatMap { [$0, $0] })
        #expect(player.report.echoed == [9, 9])
        #expect(player.report.shed == 0)
        journal.finish(until: .distantFuture)
    }

    @Test("P8 what is gone from the journal before its turn is counted as shed, once for each offset")
    func shed() async throws {
        let rig = try JournalRig()
        let journal = try rig.start()
        let blocks = try rig.blocks(20)
        for block in blocks { journal.append(block) }
        #expect(await eventually { rig.takeAll().count == 20 })
        #expect(try await eventually { try rig.journalledBlocks().count == 20 })
        try Database(path: rig.path, schema: SenderDatabase.schema).execute("DELETE FROM blocks WHERE position <= 8")
        let player = try player(rig, journal, offsets: [.milliseconds(20), .milliseconds(60)])
        defer { player.stop() }
        leave(blocks[...], rig.queue)
        #expect(await eventually { player.report.echoed == [12, 12] })
        #expect(player.report.shed == 16)
        journal.finish(until: .distantFuture)
    }

    @Test("D5, D7 when the database is set aside, echoes go on out of the new one")
    func databaseReplaced() async throws {
        let rig = try JournalRig()
        let journal = try rig.start()
        let player = try player(rig, journal, offsets: [.milliseconds(20)])
        defer { player.stop() }
        let blocks = try rig.blocks(6)
        for block in blocks.prefix(3) { journal.append(block) }
        #expect(await eventually { rig.takeAll().count == 3 })
        leave(blocks[..<3], rig.queue)
        var seen: [UInt64] = []
        let first = await eventually {
            seen += echoes(rig)
            return seen.count == 3
        }
        #expect(first)
        // As the journal's thread does it. This journal itself goes on in the old file.
        _ = try SetAside.move(rig.path, time: "now")
        var database = try Database(path: rig.path, schema: SenderDatabase.schema)
        try EpochReservation.insertAgain(
            rig.begun.journal.epoch, at: EpochReservation.earliestClock, into: &database)
        var store = try JournalStore(database, epoch: rig.begun.journal.epoch, limits: JournalStore.Limits())
        try store.commit(Array(blocks.suffix(3)), nil)
        player.forgetDatabase()
        leave(blocks[3...], rig.queue)
        let second = await eventually {
            seen += echoes(rig)
            return seen.count == 6
        }
        #expect(second)
        #expect(seen == [1, 2, 3, 4, 5, 6])
        #expect(player.report.shed == 0)
        journal.finish(until: .distantFuture)
    }
}
