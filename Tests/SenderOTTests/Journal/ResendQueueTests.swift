import DiodeProtocol
import EventLog
import SenderOTEmission
import Storage
import TestKit
import Testing

@testable import SenderOT
import Time
@testable import SenderOTJournal
@testable import SenderOTCore

/// Bundles against a real journal of two epochs.
@Suite(.timeLimit(.minutes(1)))
struct ResendQueueTests {
    private let fingerprint = "SHA256:" + String(repeating: "A", count: 43)
    private let folder: TemporaryDirectory
    private let epochs: [Epoch]
    private var path: String { folder.file("send.db") }

    /// Epochs of 20 and 10 blocks; the first five of the first are gone.
    init() throws {
        let first = try JournalRig()
        folder = first.folder
        try Self.fill(first, 20)
        let second = try JournalRig(folder: folder)
        try Self.fill(second, 10)
        epochs = [first.epoch, second.epoch]
        try Database(path: folder.file("send.db"), schema: SenderDatabase.schema)
            .execute("DELETE FROM blocks WHERE position <= 5")
    }

    private static func fill(_ rig: JournalRig, _ count: Int) throws {
        var store = try JournalStore(
            try Database(path: rig.path, schema: SenderDatabase.schema), epoch: rig.begun.journal.epoch,
            limits: JournalStore.Limits())
        try store.commit(try rig.blocks(count), nil)
    }

    private func bundle(_ runs: [(Epoch, ClosedRange<UInt64>)]) throws -> ResendBundle {
        let asked = runs.map { epoch, blocks in
            ResendBundle.Run(
                epoch: epoch,
                blocks: BlockNumber(rawValue: blocks.lowerBound)...BlockNumber(rawValue: blocks.upperBound))
        }
        let asking = ResendBundle.asking(
            for: asked, link: "plant-a", fingerprint: fingerprint, written: UnixMilliseconds(rawValue: 1))
        return try #require(asking?.bundle)
    }

    private func queued() throws -> [ClosedRange<UInt64>] {
        let database = try Database(path: path, schema: SenderDatabase.schema, access: .readOnly)
        var rows = try database.prepare("SELECT first_position, last_position FROM resends ORDER BY id")
        var found: [ClosedRange<UInt64>] = []
        while try rows.step() { found.append(rows.unsigned(0)...rows.unsigned(1)) }
        return found
    }

    @Test(
        "D5 what the journal holds is queued, what is gone or never was is counted, and no run reaches into another epoch"
    )
    func queueing() throws {
        let all = try bundle([(epochs[0], 1...20), (epochs[1], 3...4)])
        #expect(try ResendQueue.add(all, in: path) == ResendAnswer(held: 17, gone: 5))
        #expect(try queued() == [6...20, 23...24])
        let beyond = try bundle([(epochs[0], 19...(1 << 62)), (epochs[1], 1...(1 << 61)), (Epoch(rawValue: 7), 1...3)])
        #expect(
            try ResendQueue.add(beyond, in: path) == ResendAnswer(held: 12, gone: 1 << 62 - 20 + 1 << 61 - 10 + 3))
        #expect(try queued() == [6...20, 23...24, 21...30], "what waits already is not queued again")
        let gone = try bundle([(epochs[0], 1...5)])
        #expect(try ResendQueue.add(gone, in: path) == ResendAnswer(held: 0, gone: 5))
        #expect(try queued().count == 3)
    }

    @Test("P8 so many requests wait and no more; a bundle that does not fit leaves nothing behind")
    func limit() throws {
        try Database(path: path, schema: SenderDatabase.schema).execute(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(ResendQueue.limit - 1))
            INSERT INTO resends (first_position, last_position) SELECT 1000 + i, 1000 + i FROM n
            """)
        let two = try bundle([(epochs[0], 6...7), (epochs[0], 9...9)])
        #expect(throws: ResendError.full(ResendQueue.limit)) { try ResendQueue.add(two, in: path) }
        #expect(try queued().count == ResendQueue.limit - 1)
        #expect(try ResendQueue.add(try bundle([(epochs[0], 9...9)]), in: path).held == 1)
    }

    @Test("D5 what was queued is played as resend, each block once, and survives a restart of the sender")
    func playing() async throws {
        _ = try ResendQueue.add(try bundle([(epochs[0], 8...12), (epochs[1], 1...2)]), in: path)
        let rig = try JournalRig(folder: folder)
        #expect(rig.begun.journal.queuedResends == 7)
        let journal = try rig.start()
        let player = try EchoPlayer(
            path: path, schedule: EchoSchedule(offsets: [], cursors: []), queue: rig.queue, journal: journal,
            log: EventLog(threshold: .error))
        try player.start()
        defer { player.stop() }
        var played: [String] = []
        let isDone = await eventually {
            while let transmission = rig.queue.take(.resend) {
                let id = transmission.block.id
                played.append("\(id.epoch == epochs[0] ? "old" : "new") \(id.block.rawValue)")
                #expect(transmission.number >= .firstResend)
            }
            return played.count == 7
        }
        #expect(isDone)
        #expect(played == (8...12).map { "old \($0)" } + ["new 1", "new 2"])
        #expect(await eventually { player.report.resent == 7 && player.report.resendsWaiting == 0 })
        #expect(try queued().isEmpty)
        journal.finish(until: .distantPast)
    }
}
