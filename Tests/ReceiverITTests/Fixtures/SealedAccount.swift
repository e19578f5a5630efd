import Audit
import Crypto
import DiodeProtocol
import Foundation
import JSON
import Ledger
import Outbox
import Storage
import TestKit
import Time

@testable import Account
@testable import ReceiverITAudit
@testable import ReceiverITCore
@testable import ReceiverITStore

/// A database that the real store wrote, with rows in every table that a report reads; nobody but whoever tampers with it has changed it.
struct SealedAccount {
    static let name = "plant-a"
    private static let start: UInt64 = 1_763_716_000_000
    private static let epoch = Epoch(rawValue: start + 1)

    let folder: TemporaryDirectory
    let path: String
    private let id: Int
    private let queue: DeliveryQueue

    /// What an audit with `--verify` comes to.
    enum Verdict: Equatable {
        case holds
        /// Exit 5, and why.
        case broken(String)

        var isBroken: Bool { self != .holds }
        var words: String { if case .broken(let words) = self { words } else { "" } }
    }

    /// - Parameter routine: entries of no weight, so that there is something to fold.
    init(routine: Int = 0) throws {
        folder = try TemporaryDirectory("sealed")
        path = folder.file("recv.db")
        let database = try Database(path: path, schema: StoreSchema.schema)
        id = try LinkLoader.id(of: Self.name, fingerprint: "SHA256:x", in: database)
        queue = try DeliveryQueue(
            link: id, limits: .init(bytes: 1 << 30), database: OutboxDatabase(path: path, schema: StoreSchema.schema))
        try queue.restore(from: database)
        var batch = StoreBatch(links: [StoreBatch.Link()])
        for number in 0..<routine {
            batch.entries.append(
                LedgerEntry(link: Self.name, at: Self.at(number), kind: "epoch.began", body: #"{"epoch":1}"#))
        }
        Self.fill(&batch)
        batch.links[0].changes.keys[0] = try Self.rotated()
        var file = try file()
        try file.store(batch, [link], at: UnixMilliseconds(rawValue: Self.start))
        try fillOutbox(of: database)
        // What the test wrote itself is counted anew, as in a database that was never sealed.
        try database.execute("DELETE FROM seal")
        try start()
        for item in ["gap-2", "loss-1", "equivocation-\(try number(ofKind: LinkEvent.Kind.equivocation))"] {
            try acknowledge(item)
        }
        file = try self.file()
        try file.noteBalances([link], at: Self.time(9_000_000))
    }

    private static func at(_ milliseconds: Int) -> UInt64 { start + UInt64(milliseconds) }
    private static func time(_ milliseconds: Int) -> UnixMilliseconds { UnixMilliseconds(rawValue: at(milliseconds)) }

    private var link: StoreLink {
        StoreLink(
            id: id, name: Self.name, fingerprint: "SHA256:x", queue: queue, checkpoint: OutboxPosition(rawValue: 0))
    }

    func file() throws -> StoreFile { try StoreFile(try Database(path: path, schema: StoreSchema.schema)) }

    /// The newest entry of a kind; 0: none.
    func number(ofKind kind: String) throws -> Int64 {
        let database = try Database(path: path, schema: StoreSchema.schema, access: .readOnly)
        var row = try database.prepare("SELECT max(entry) FROM ledger WHERE kind = ?1")
        row.bind(1, text: kind)
        return try row.step() ? row.integer(0) : 0
    }

    private func start() throws {
        let key = AuditKey.text(of: try AuditKey.open(beside: path).publicKey)
        var file = try file()
        try file.store([
            LedgerEntry(
                link: "", at: Self.at(8_000_000), kind: ReceiverAction.started,
                body: JSONValue.object([.init("audit_key", .text(key)), .init("seal", .integer(1))]).line)
        ])
    }

    func acknowledge(_ item: String) throws {
        guard let name = AcknowledgedItem(item) else { throw StorageError.busy(path: item) }
        var file = try file()
        let result = try file.run(
            .acknowledge(
                Acknowledgement(item: name, link: nil, by: "Ilse", reason: "it was known", account: "uid 0")),
            at: Self.time(8_500_000))
        _ = try result.get()
    }

    // MARK: Rows

    /// A key that has handed over once.
    private static func rotated() throws -> KeyChain {
        var former = try Ed25519Signer(seed: [UInt8](repeating: 1, count: 32).span.bytes)
        var keys = KeyChain(try TestSender(seed: 1, name: name).card)
        _ = try keys.follow(Rotation(to: try TestSender(seed: 2, name: name).card, signer: &former))
        return keys
    }

    /// Six gaps: the first open, the next two lost, the others healed.
    private static func fill(_ batch: inout StoreBatch) {
        var notes = LedgerNotes(link: name)
        var account = EpochAccount()
        for number in 1...6 as ClosedRange<UInt64> {
            let hole = Hole(
                gap: number, firstBlock: number * 4, lastBlock: number * 4 + 1, firstSequence: number * 20, records: 10)
            var gap = Gap(hole, epoch: epoch, openedAt: time(Int(number) * 1_000), cause: .link)
            gap.setSource(from: time(Int(number) * 1_000 - 900), to: time(Int(number) * 1_000 - 500))
            batch.entries += notes.entries(of: [.gapOpened(gap)], at: gap.openedAt)
            switch number {
            case 1:
                batch.links[0].changes.tracker.holes[HoleKey(epoch: epoch, firstBlock: hole.firstBlock)] = hole
                batch.links[0].changes.tracker.filled[FilledKey(epoch: epoch, word: 0)] = 0b11 << 20
            case 2, 3:
                (gap.missing, gap.lost) = (0, 10)
                for (topic, records) in [("acme/lost", 7), ("acme/more", 3)] as [(String, UInt64)] {
                    let jump = VersionJump(
                        topic: Array(topic.utf8), versions: number * 100...number * 100 + records - 1,
                        after: Stamp(epoch: epoch, sequence: SequenceNumber(rawValue: number * 20 - 1)),
                        before: Stamp(epoch: epoch, sequence: SequenceNumber(rawValue: number * 20 + 10)))
                    batch.links[0].changes.jumps[jump.key] = jump
                }
            default: (gap.missing, gap.healedBy) = (0, .echo)
            }
            if gap.state != .open {
                gap.closedAt = time(Int(number) * 1_000 + 300)
                batch.entries += notes.entries(of: [.gapClosed(gap)], at: time(Int(number) * 1_000 + 300))
            }
            account.missing += gap.missing
            account.lost += gap.lost
            account.late += gap.records - gap.missing - gap.lost
            batch.links[0].changes.tracker.gaps[number] = gap
        }
        batch.entries.insert(
            LedgerEntry(
                link: name, at: at(10), kind: LinkEvent.Kind.equivocation,
                body: #"{"channel":"live","epoch":1,"block":1,"first_sequence":1,"last_sequence":2,"blocks":1}"#), at: 0
        )
        let newest: UInt64 = 200
        account.delivered = newest - account.missing - account.lost - account.late
        for (number, account) in [account, EpochAccount()].enumerated() {
            let last = number == 0 ? newest : 0
            batch.links[0].changes.tracker.tracks[Epoch(rawValue: epoch.rawValue + UInt64(number))] = TrackRow(
                epoch: Epoch(rawValue: epoch.rawValue + UInt64(number)), incarnation: Incarnation(rawValue: 1),
                firstSequence: 1, frontier: EpochTrack.Mark(block: 40, sequence: last), account: account,
                announced: EpochTrack.Mark(block: 40, sequence: last), shedRuns: [], isFinal: number == 0,
                startedAt: time(0), endedAt: number == 0 ? time(500_000) : nil, wasUndurable: false)
        }
        var row = LinkRow()
        row.tracker.nextGap = 7
        row.tracker.beginsAt = Stamp(epoch: epoch, sequence: SequenceNumber(rawValue: 1))
        batch.links[0].changes.link = row
        var sender = SenderRow(place: 0, fingerprint: "SHA256:x")
        sender.heardUntil = time(600_000)
        batch.links[0].changes.senders = [sender]
        batch.links[0].changes.topics = [TopicRow(id: 1, name: Array("acme/a".utf8)), TopicRow(id: 2, name: [0x62])]
        batch.links[0].vitals = LinkVitals(
            at: time(600_000), state: .online, since: time(0), reason: "", heardUntil: time(600_000),
            clockOffsetMilliseconds: -3...5, beat: nil, counters: ReceiverCounters())
        let stamp = Stamp(epoch: epoch, sequence: SequenceNumber(rawValue: 9))
        batch.links[0].losses = [
            Loss(
                .shedBySender(.oversize), records: 2, first: stamp, last: stamp, from: time(1), to: time(2),
                topics: ["acme/large": 2]),
            Loss(
                .dropped(.queueLimit), records: 4, first: stamp, last: stamp, from: time(3), to: time(4), others: 4),
        ]
    }

    /// What was released has been published, but for one value that waits.
    private func fillOutbox(of database: borrowing Database) throws {
        try database.execute(
            """
            INSERT OR REPLACE INTO outbox_totals VALUES (\(id), 'appended', 170), (\(id), 'published', 169);
            INSERT INTO outbox_outputs VALUES (\(id), 'kafka', 1, 2);
            INSERT INTO outbox_output_totals VALUES (\(id), 'kafka', 'appended', 3);
            INSERT INTO last_known VALUES (\(id), 1, 'acme/a', 3, 1, 9, 1, 1, 1, 0, 0, X'', X'2A')
            """)
    }

    // MARK: Tampering

    /// The bytes of the file; nobody has it open.
    func bytes() throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

    func restore(_ bytes: Data) throws {
        for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
        try bytes.write(to: URL(fileURLWithPath: path))
    }

    /// Runs SQL as anybody could who may write the file.
    /// - Returns: false where SQLite refused it.
    func tamper(_ sql: String) throws -> Bool {
        do throws(StorageError) {
            try Database(path: path, schema: StoreSchema.schema).execute(sql)
            return true
        } catch {
            switch error {
            // The schema refuses it, or the type of a key.
            case .constraint, .failed(_, code: 20, _): return false
            default: throw error
            }
        }
    }

    /// Changes the ledger's entries. Numbers stay without holes at the end; hashes are worked out anew, or stay as they were.
    func rewriteLedger(
        _ recomputed: Bool, _ change: (inout [(number: Int64, entry: LedgerEntry, hash: [UInt8])]) -> Void
    )
        throws
    {
        let database = try Database(path: path, schema: StoreSchema.schema)
        var entries = try Self.entries(in: database)
        change(&entries)
        try database.execute("BEGIN; DELETE FROM ledger")
        if recomputed {
            var writer = try LedgerWriter(database)
            for entry in entries { try writer.append(entry.entry) }
        } else {
            var row = try database.prepare("INSERT INTO ledger VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
            for (number, entry) in zip(entries.map(\.number).sorted(), entries) {
                row.bind(1, number)
                row.bind(2, text: entry.entry.link)
                row.bind(3, unsigned: entry.entry.at)
                row.bind(4, text: entry.entry.kind)
                row.bind(5, text: entry.entry.body)
                row.bind(6, blob: entry.hash.span.bytes)
                try row.run()
            }
        }
        try database.commit()
    }

    private static func entries(
        in database: borrowing Database
    ) throws -> [(number: Int64, entry: LedgerEntry, hash: [UInt8])] {
        var rows = try database.prepare("SELECT entry, link, at, kind, body, hash FROM ledger ORDER BY entry")
        var entries: [(number: Int64, entry: LedgerEntry, hash: [UInt8])] = []
        while try rows.step() {
            entries.append(
                (
                    rows.integer(0),
                    LedgerEntry(link: rows.text(1), at: rows.unsigned(2), kind: rows.text(3), body: rows.text(4)),
                    rows.blob(5).withUnsafeBytes { [UInt8]($0) }
                ))
        }
        return entries
    }

    /// Folds some entries, whatever the rules say.
    /// - Parameters:
    ///   - totals: as the fold's entry writes them.
    ///   - signed: with the receiver's own key, and the tables with it.
    func forgeFold(_ runs: [ClosedRange<Int64>], totals: String, signed: Bool) throws {
        do {
            let database = try Database(path: path, schema: StoreSchema.schema)
            let entries = try Self.entries(in: database)
            let said = LedgerFold(
                LedgerEntry(link: "", at: 0, kind: LedgerFold.kind, body: #"{"runs":[],"totals":[\#(totals)]}"#))
            let fold = LedgerFold(
                runs: runs.map { run in
                    LedgerFold.Run(
                        first: run.lowerBound, last: run.upperBound,
                        hash: entries.first { $0.number == run.upperBound }?.hash ?? [])
                }, totals: said?.totals ?? [], lost: [])
            var writer = try LedgerWriter(database)
            if signed {
                var key = try AuditKey.open(beside: path)
                try writer.fold(fold, at: Self.at(9_050_000), signer: &key, in: database)
            } else {
                try writer.append(fold.entry(at: Self.at(9_050_000)))
                for run in runs {
                    try database.execute(
                        "DELETE FROM ledger WHERE entry BETWEEN \(run.lowerBound) AND \(run.upperBound)")
                }
            }
        }
        if signed { try signAnew() }
    }

    /// Signs what is there now with the receiver's own key, as whoever has stolen that could.
    func signAnew() throws {
        try Database(path: path, schema: StoreSchema.schema).execute("DELETE FROM seal")
        var file = try file()
        try file.store([])
    }

    /// What a daemon would find not in order.
    func matters() throws -> AccountMatters {
        var file = try file()
        return try file.matters(of: [link])[0]
    }

    var head: NotedHead {
        get throws { NotedHead(try LedgerReader.head(in: Database(path: path, schema: StoreSchema.schema))) }
    }

    func verdict(noted: [NotedHead] = []) throws -> Verdict {
        let reader = AuditReader(path, silenceTimeout: .seconds(3), now: Self.time(9_100_000), cards: [])
        do throws(StorageError) {
            for link in try reader.read(verifies: true, noted: noted).links {
                if let finding = link.findings.first, finding.exit == .broken { return .broken(finding.text) }
                guard case .intact(_, let detail) = link.verification else { return .broken("not verified") }
                if detail.contains("not proven") { return .broken(detail) }
            }
            return .holds
        } catch {
            guard case .corrupt = error else { throw error }
            return .broken(error.description)
        }
    }
}
