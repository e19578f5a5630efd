import Audit
import DiodeProtocol
import Ledger
import Outbox
import Storage
import TestKit
import Testing

@testable import ReceiverIT
import Time
@testable import ReceiverITStore
@testable import ReceiverITCore
@testable import Account
@testable import ReceiverITAudit

@Suite("The table of lost gaps within its limit")
struct GapMergingTests {
    private static let count: UInt64 = 60
    private static let sealed = "the tables are as they were sealed"
    private let epoch = Epoch(rawValue: 1_763_716_000_001)
    private let start: UInt64 = 1_763_716_000_000
    private let folder: TemporaryDirectory
    private let path: String

    init() throws {
        folder = try TemporaryDirectory("gaps")
        path = folder.file("recv.db")
    }

    /// Gap n has ten records and lost n % 10 + 1 of them; the third can still be filled by hand, the fifth is acknowledged.
    private func gap(_ number: UInt64) -> Gap {
        let hole = Hole(
            gap: number, firstBlock: number * 4, lastBlock: number * 4 + 1, firstSequence: number * 20, records: 10)
        var gap = Gap(
            hole, epoch: epoch, openedAt: UnixMilliseconds(rawValue: start + number * 1_000),
            cause: number % 2 == 0 ? .link : .socket)
        gap.setSource(
            from: UnixMilliseconds(rawValue: start + number * 1_000 - 500),
            to: UnixMilliseconds(rawValue: start + number * 1_000 - 100))
        (gap.missing, gap.lost) = (0, number % 10 + 1)
        return gap
    }

    private func fill() throws -> Int {
        let database = try Database(path: path, schema: StoreSchema.schema)
        let id = try LinkLoader.id(of: "plant-a", fingerprint: "SHA256:x", in: database)
        let queue = try DeliveryQueue(
            link: id, limits: .init(bytes: 1 << 30), database: OutboxDatabase(path: path, schema: StoreSchema.schema))
        try queue.restore(from: database)
        var link = StoreLink(
            id: id, name: "plant-a", fingerprint: "SHA256:x", queue: queue, checkpoint: OutboxPosition(rawValue: 0))
        var batch = StoreBatch(links: [StoreBatch.Link()])
        var account = EpochAccount()
        for number in 1...Self.count {
            let gap = gap(number)
            account.lost += gap.lost
            account.late += gap.records - gap.lost
            batch.links[0].changes.tracker.gaps[number] = gap
            // One topic lost in this gap alone; another one somewhere in this gap and the next, which has another cause.
            for (topic, records, reach) in [("acme/\(number)", gap.lost, 10), ("acme/all", 1, 30)]
                as [(String, UInt64, UInt64)]
            where reach == 10 || number < Self.count {
                let jump = VersionJump(
                    topic: Array(topic.utf8), versions: 5...4 + records,
                    after: Stamp(epoch: epoch, sequence: SequenceNumber(rawValue: number * 20 - 1)),
                    before: Stamp(epoch: epoch, sequence: SequenceNumber(rawValue: number * 20 + reach)))
                batch.links[0].changes.jumps[jump.key] = jump
            }
            var opened = gap
            (opened.missing, opened.lost) = (gap.records, 0)
            batch.entries += link.notes.entries(of: [.gapOpened(opened)], at: gap.openedAt)
            batch.entries += link.notes.entries(of: [.gapClosed(gap)], at: gap.openedAt)
        }
        let hole = Hole(gap: 3, firstBlock: 13, lastBlock: 13, firstSequence: 65, records: 4, isLost: true)
        batch.links[0].changes.tracker.holes[HoleKey(epoch: epoch, firstBlock: 13)] = hole
        let newest = Self.count * 20 + 20
        account.delivered = newest - account.lost - account.late
        let mark = EpochTrack.Mark(block: newest / 5, sequence: newest)
        batch.links[0].changes.tracker.tracks[epoch] = TrackRow(
            epoch: epoch, incarnation: Incarnation(rawValue: 1), firstSequence: 1, frontier: mark, account: account,
            announced: mark, shedRuns: [], isFinal: false, startedAt: UnixMilliseconds(rawValue: start), endedAt: nil,
            wasUndurable: false)
        var file = try StoreFile(try Database(path: path, schema: StoreSchema.schema))
        try file.store(batch, [link], at: UnixMilliseconds(rawValue: start))
        for name in ["appended", "published"] {
            try database.execute(
                "INSERT OR REPLACE INTO outbox_totals (link, name, records) VALUES (\(id), '\(name)', \(account.delivered + account.late))"
            )
        }
        try signAnew()
        let item = try #require(AcknowledgedItem("gap-5"))
        _ = try Acknowledgement(item: item, link: nil, by: "me", reason: "it was me", account: "uid 0")
            .store(inDatabase: path, at: UnixMilliseconds(rawValue: start))
        return id
    }

    /// What the test wrote itself is sealed as it is.
    private func signAnew() throws {
        try Database(path: path, schema: StoreSchema.schema).execute("DELETE FROM seal")
        var file = try StoreFile(try Database(path: path, schema: StoreSchema.schema))
        try file.store([])
    }

    private func audit() throws -> LinkAudit {
        let reader = AuditReader(
            path, silenceTimeout: .seconds(3), now: UnixMilliseconds(rawValue: start + 100_000), cards: [])
        return try #require(try reader.read(verifies: true).links.first)
    }

    /// - Returns: how many times there was something to do.
    private func merge(_ id: Int, rows limit: Int) throws {
        let database = try Database(path: path, schema: StoreSchema.schema)
        var losses = try LossTable(database)
        var ledger = try LedgerWriter(database)
        for round in 0..<3 as Range<UInt64> {
            try database.begin()
            try GapMerging.keepLimit(
                id, name: "plant-a", rows: limit, at: UnixMilliseconds(rawValue: start + 200_000 + round * 10_000),
                losses: &losses, ledger: &ledger, in: database)
            try database.commit()
            ledger.committed()
        }
        try signAnew()
    }

    @Test(
        "P8 numbers of gaps that no account can have, as an earlier release stored them, are merged and shown without a trap"
    )
    func absurd() throws {
        let id = try fill()
        try Database(path: path, schema: StoreSchema.schema).execute(
            "UPDATE gaps SET lost = \(Int64.max - 1) WHERE lost > 0 AND missing = 0")
        try merge(id, rows: 10)
        let link = try audit()
        #expect(link.losses.allSatisfy { $0.records <= 1 << 60 } && !link.losses.isEmpty)
        let report = AuditReport(generatedAt: UnixMilliseconds(rawValue: start), madeBy: "test", links: [link])
        for format in AuditReport.Format.allCases { #expect(!report.text(as: format).isEmpty) }
    }

    @Test("P8 P9 beyond the limit old lost gaps become losses: no record, no name and no acknowledgement goes")
    func merged() throws {
        let id = try fill()
        let before = try audit()
        #expect(
            before.gaps.count == Int(Self.count)
                && before.verification == .intact(entries: 2 * Self.count + 1, detail: Self.sealed))
        try merge(id, rows: 60)
        #expect(try audit() == before)
        try merge(id, rows: 20)
        let after = try audit()
        // Only what can still be filled is left.
        #expect(after.gaps.map(\.id) == [3])
        #expect(after.totals == before.totals && after.isBalanced)
        #expect(after.verification == .intact(entries: 2 * Self.count + 2, detail: Self.sealed))
        let merged = after.losses.filter { $0.cause.layer == .gap }
        #expect(Set(merged.map(\.cause)) == [.gap(.link), .gap(.socket)] && merged.count == 3)
        #expect(merged.filter(\.isAcknowledged).map(\.records) == [6])
        let lost = (1...Self.count).reduce(0) { $0 + gap($1).lost }
        #expect(merged.reduce(0) { $0 + $1.records } == lost - gap(3).lost)
        for loss in merged {
            #expect(loss.topics.reduce(0) { $0 + $1.records } == loss.records)
            #expect(loss.from < loss.to)
        }
        let names = Set(merged.flatMap { $0.topics.map(\.topic) })
        #expect((1...Self.count).allSatisfy { $0 == 3 || names.contains("acme/\($0)") })
        // Its records lie in gaps of different causes, so no loss can name it.
        #expect(!names.contains("acme/all"))
        #expect(after.exit == .lost && !after.findings.contains { $0.text.contains("no entry names") })
        #expect(merged.map(\.from).min() == gap(1).sourceFrom)
    }

    @Test("P9 a lost gap that went another way than into the losses is missed")
    func deleted() throws {
        let id = try fill()
        try merge(id, rows: 20)
        let database = try Database(path: path, schema: StoreSchema.schema)
        try database.execute("DELETE FROM losses WHERE layer = 'gap' AND reason = 'link'")
        #expect(try audit().findings.contains { $0.text.contains("lost that no entry names") })
        try database.execute("DELETE FROM ledger WHERE kind = 'gap.merged'")
        guard case .broken(let defect) = try audit().verification else {
            Issue.record("a table without its gaps is taken for whole")
            return
        }
        #expect(defect.contains("gone from the table of gaps"))
    }
}
