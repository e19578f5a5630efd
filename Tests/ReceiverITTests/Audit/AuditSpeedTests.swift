@testable import Account
import Crypto
import DiodeProtocol
import Foundation
import JSON
import Ledger
import Outbox
import Storage
import TestKit
import Testing
import Threading

@testable import ReceiverIT
import Time
@testable import ReceiverITCore
@testable import ReceiverITStore

/// How long an audit takes, without and with `--verify`, and how large ledger and bundle grow with gaps. The limits of time are for a busy machine;
/// `make bench-audit` prints what it takes on a quiet one: each form both ways, in turns, `AUDIT_RUNS` times, and the medians.
@Suite("Audits of many gaps", .timeLimit(.minutes(10)), .serialized)
struct AuditSpeedTests {
    /// An unoptimised build is many times slower, and gets fewer gaps and more time.
    #if DEBUG
        private static let counts = [0, 1, 1_000]
        private static let limit = Duration.seconds(20)
    #else
        private static let counts = [0, 1, 1_000, 10_000, 100_000]
        private static let limit = Duration.seconds(5)
    #endif

    /// A database that the store wrote, with so many gaps: of a hundred, ninety are healed, nine lost and one open.
    private func receiver(gaps count: Int) throws -> AuditedReceiver {
        let receiver = try AuditedReceiver()
        let time = UnixClock.now()
        let database = try Database(path: receiver.state, schema: StoreSchema.schema)
        let id = try LinkLoader.id(of: "plant-a", fingerprint: receiver.sender.card.fingerprint, in: database)
        let queue = try DeliveryQueue(
            link: id, limits: .init(bytes: 1 << 30),
            database: OutboxDatabase(path: receiver.state, schema: StoreSchema.schema))
        try queue.restore(from: database)
        var link = StoreLink(
            id: id, name: "plant-a", fingerprint: receiver.sender.card.fingerprint, queue: queue,
            checkpoint: OutboxPosition(rawValue: 0))
        let epoch = Epoch(rawValue: 1_763_716_000_001)
        var account = EpochAccount()
        var batch = StoreBatch(links: [StoreBatch.Link()])
        var opened: [LinkEvent] = []
        var closed: [LinkEvent] = []
        for number in 1...max(1, UInt64(count)) where count > 0 {
            // Ten records in two blocks, then two blocks that came.
            let hole = Hole(
                gap: number, firstBlock: number * 4, lastBlock: number * 4 + 1, firstSequence: number * 20, records: 10)
            let at = UnixMilliseconds(rawValue: time.rawValue - 86_400_000 + number * 800)
            var gap = Gap(hole, epoch: epoch, openedAt: at, cause: Gap.Cause.allCases[Int(number % 4)])
            opened.append(.gapOpened(gap))
            switch number % 100 {
            case 1...9: (gap.missing, gap.lost) = (0, 10)
            case 0: batch.links[0].changes.tracker.holes[HoleKey(epoch: epoch, firstBlock: hole.firstBlock)] = hole
            default: (gap.missing, gap.lost, gap.healedBy) = (0, 0, .echo)
            }
            if gap.state != .open {
                gap.closedAt = UnixMilliseconds(rawValue: at.rawValue + 1_000)
                closed.append(.gapClosed(gap))
            }
            account.missing += gap.missing
            account.lost += gap.lost
            account.late += gap.records - gap.missing - gap.lost
            batch.links[0].changes.tracker.gaps[number] = gap
        }
        let newest = UInt64(count) * 20 + 20
        account.delivered = newest - account.missing - account.lost - account.late
        let mark = EpochTrack.Mark(block: newest / 5, sequence: newest)
        batch.links[0].changes.tracker.tracks[epoch] = TrackRow(
            epoch: epoch, incarnation: Incarnation(rawValue: 1), firstSequence: 1, frontier: mark, account: account,
            announced: mark, shedRuns: [], isFinal: false,
            startedAt: UnixMilliseconds(rawValue: time.rawValue - 86_400_000), endedAt: nil, wasUndurable: false)
        batch.links[0].vitals = LinkVitals(
            at: time, state: .online, since: time, reason: "", heardUntil: time, clockOffsetMilliseconds: nil,
            beat: nil,
            counters: ReceiverCounters())
        // As they come: an entry for each, as if each were a round of its own.
        for event in opened + closed { batch.entries += link.notes.entries(of: [event], at: time) }
        var file = try StoreFile(try Database(path: receiver.state, schema: StoreSchema.schema))
        try file.store(batch, [link], at: time)
        // What was released has been published.
        for name in ["appended", "published"] {
            try database.execute(
                "INSERT OR REPLACE INTO outbox_totals (link, name, records) VALUES (\(id), '\(name)', \(account.delivered + account.late))"
            )
        }
        try receiver.signAnew()
        return receiver
    }

    /// So often each form is measured. Once is a test, which verifies one form.
    private static let runs = ProcessInfo.processInfo.environment["AUDIT_RUNS"].flatMap { Int($0) } ?? 1

    @Test(
        "P9 gaps are told in each form within seconds and their bundle stays below 64 KiB, even if there are 100,000",
        arguments: Self.counts)
    func audits(_ count: Int) async throws {
        let receiver = try receiver(gaps: count)
        let verify = try ["--verify"] + Self.heads(of: receiver.state).flatMap { ["--head", $0] }
        let exit = count == 0 ? Child.Exit.code(0) : .code(4)
        let formats = ["table", "json", "csv", "html"]
        var ways = formats.map { (name: $0, arguments: ["--format", $0]) }
        for format in Self.runs > 1 ? formats : ["table"] {
            ways.append(("verified \(format)", ["--format", format] + verify))
        }
        var spent: [String: [Int]] = [:]
        var bytes: [String: Int] = [:]
        for _ in 0..<Self.runs {
            for (name, arguments) in ways {
                let start = MonotonicClock.now()
                let finished = try await receiver.command(["--audit"] + arguments)
                let time = start.duration(to: MonotonicClock.now())
                #expect(finished.exit == exit, "\(name): \(finished.output.prefix(1_000))\(finished.errors)")
                #expect(time < Self.limit, "\(name)")
                spent[name, default: []].append(Int(time / .milliseconds(1)))
                bytes[name] = finished.output.utf8.count
            }
        }
        let words = ways.map { way in
            let times = (spent[way.name] ?? []).sorted()
            return "\(way.name) \(times[times.count / 2]) ms \(bytes[way.name] ?? 0) B"
        }
        let asked = try await receiver.command(["--audit", "--bundle", receiver.folder.file("bundle")])
        #expect(asked.exit == exit)
        let bundle = (try? Data(contentsOf: URL(fileURLWithPath: receiver.folder.file("bundle")))) ?? Data()
        #expect(bundle.count <= 65_536)
        let database = try Database(path: receiver.state, schema: StoreSchema.schema, access: .readOnly)
        var size = try database.prepare(
            "SELECT count(*), coalesce(sum(96 + length(body) + length(kind)), 0) FROM ledger")
        _ = try size.step()
        let ledger = "ledger \(size.integer(0)) entries \(size.integer(1)) B, bundle \(bundle.count) B"
        print("audit of \(count) gaps: \((words + [ledger]).joined(separator: ", "))")
    }

    /// Heads that somebody might have noted: of the middle of the ledger and of its end.
    private static func heads(of state: String) throws -> [String] {
        let database = try Database(path: state, schema: StoreSchema.schema, access: .readOnly)
        let newest = try LedgerReader.head(in: database)
        guard newest.number > 1 else { return [] }
        var row = try database.prepare("SELECT entry, hash FROM ledger WHERE entry = ?1")
        row.bind(1, newest.number / 2)
        guard try row.step() else { return [newest.text] }
        return [LedgerHead(number: row.integer(0), hash: row.bytes(1)).text, newest.text]
    }
}
