public import DiodeProtocol
public import JSON
public import Ledger
import Outbox
public import Storage

/// Everything that an audit says, as one transaction saw it.
public struct AuditSnapshot: Sendable {
    public internal(set) var links: [LinkAudit] = []
    public internal(set) var head = LedgerHead.empty
    /// What the receiver itself did, the oldest first; the newest 1,000.
    public internal(set) var actions: [LedgerEntry] = []
    /// Name and version of the receiver that started last.
    public internal(set) var software: String?
    /// The first entry that does not follow from those before it; nil if all do, or if nobody asked.
    public internal(set) var firstDivergence: Int64?

    /// Leaves the other links out.
    public mutating func keepLink(_ name: String) { links.removeAll { $0.name != name } }
}

/// One link as its rows tell it.
public struct LinkAudit: Sendable {
    public let name: String
    public let fingerprint: String
    public internal(set) var beginsAt: Stamp?
    /// All epochs together, folded ones included.
    public internal(set) var account = EpochAccount()
    public internal(set) var epochs: [EpochReport] = []
    /// Announced by the sender and not decided.
    public internal(set) var pending: UInt64 = 0
    /// Open, lost and healed ones.
    public internal(set) var gaps: [Gap] = []
    public internal(set) var losses: [AuditedLoss] = []
    public internal(set) var outbox = AuditedOutbox()
    public internal(set) var unobserved: [LedgerEntry] = []
    public internal(set) var senderActions: [LedgerEntry] = []
    public internal(set) var equivocations = 0
    public internal(set) var topics: UInt64 = 0
    /// When the daemon last wrote how the link is, and what it wrote; nil: it never did.
    public internal(set) var writtenAt: UnixMilliseconds?
    public internal(set) var state = LinkState.offline
    public internal(set) var heardUntil: UnixMilliseconds?
    public internal(set) var clockOffsetMilliseconds: ClosedRange<Int64>?
    public internal(set) var beat: Beat?
    public internal(set) var counters = ReceiverCounters()

    /// Double entry: what the tracker released is what came to the outbox, what came there went one of its ways or lies in
    /// its rows, each epoch adds up to its numbers, and the open gaps to what is missing.
    public var isBalanced: Bool {
        account.delivered + account.late + account.repeated == outbox.appended
            && outbox.appended == outbox.left + outbox.waiting
            && epochs.allSatisfy {
                $0.firstSequence.rawValue + $0.account.sent == $0.lastSequence.rawValue + 1
            } && gaps.reduce(0) { $0 + $1.missing } == account.missing
    }
}

/// What never will be published, for one reason in one stretch of time.
public struct AuditedLoss: Sendable {
    public let layer, reason: String
    public let from, to: UnixMilliseconds
    public let records: UInt64
    public let isAcknowledged: Bool
    public internal(set) var topics: [(topic: String, records: UInt64)] = []
}

/// What became of what was released: the totals, and what lies in the rows.
public struct AuditedOutbox: Sendable {
    public internal(set) var appended: UInt64 = 0
    public internal(set) var published: UInt64 = 0
    public internal(set) var folded: UInt64 = 0
    public internal(set) var dead: UInt64 = 0
    public internal(set) var shed: UInt64 = 0
    public internal(set) var repeatedInDoubt: UInt64 = 0
    /// Counted, not worked out.
    public internal(set) var waiting: UInt64 = 0

    public var left: UInt64 { published + folded + dead + shed }
}

/// Reads the receiver's database for the audit, whether the daemon runs or not. It never writes.
public enum AuditReader {
    private static let actionLimit = 1_000

    /// - Parameters:
    ///   - path: the database.
    ///   - verifies: whether the ledger's chain is followed from its beginning.
    public static func read(_ path: String, verifies: Bool) throws(StorageError) -> AuditSnapshot {
        let database = try Database(path: path, schema: StoreSchema.schema, access: .readOnly)
        try database.beginReading()
        var snapshot = AuditSnapshot()
        snapshot.head = try LedgerReader.head(in: database)
        for kind in ReceiverAction.all {
            snapshot.actions += try LedgerReader.entries(of: "", kind: kind, in: database)
        }
        snapshot.actions.sort { $0.at < $1.at }
        snapshot.actions = snapshot.actions.suffix(actionLimit)
        snapshot.software = snapshot.actions.last { $0.kind == ReceiverAction.started }
            .flatMap { $0.json["detail"]?.text }
        var rows = try database.prepare("SELECT id, name, fingerprint FROM links ORDER BY id")
        while try rows.step() {
            snapshot.links.append(
                try link(
                    Int(rows.integer(0)), LinkAudit(name: rows.text(1), fingerprint: rows.text(2)), in: database))
        }
        if verifies { snapshot.firstDivergence = try LedgerReader.firstDivergence(in: database) }
        try database.commit()
        return snapshot
    }

    private static func link(
        _ id: Int, _ empty: LinkAudit, in database: borrowing Database
    ) throws(StorageError) -> LinkAudit {
        var link = empty
        let (row, _) = try LinkLoader.row(of: id, database)
        let tracks = try LinkLoader.tracks(of: id, database)
        link.beginsAt = row.tracker.beginsAt
        link.account = tracks.reduce(row.tracker.foldedAccount) { $0 + $1.account }
        link.epochs = tracks.map(EpochReport.init)
        link.pending = tracks.reduce(0) { sum, track in
            let newest = track.announced?.sequence ?? 0
            return sum + (newest > track.frontier.sequence ? newest - track.frontier.sequence : 0)
        }
        link.gaps = try LinkLoader.gaps(of: id, database)
        link.losses = try losses(of: id, in: database)
        link.outbox = try outbox(of: id, in: database)
        link.unobserved = try LedgerReader.entries(of: link.name, kind: LinkEvent.Kind.unobserved, in: database)
        link.senderActions = try LedgerReader.entries(of: link.name, kind: LinkEvent.Kind.action, in: database)
            .suffix(actionLimit)
        link.equivocations = try LedgerReader.entries(
            of: link.name, kind: LinkEvent.Kind.equivocation, in: database
        ).count
        link.topics = try number("SELECT count(*) FROM topics WHERE link = ?1", id, in: database)
        if let vitals = try LinkLoader.vitals(of: id, database) {
            link.writtenAt = vitals.at
            link.state = vitals.state
            link.heardUntil = vitals.heardUntil
            link.clockOffsetMilliseconds = vitals.clockOffsetMilliseconds
            link.beat = vitals.beat
            link.counters = vitals.counters
        }
        return link
    }

    private static func losses(of id: Int, in database: borrowing Database) throws(StorageError) -> [AuditedLoss] {
        var rows = try database.prepare(
            """
            SELECT layer, reason, from_at, to_at, records, acknowledged, id FROM losses WHERE link = ?1 ORDER BY id
            """)
        var topics = try database.prepare(
            "SELECT topic, records FROM loss_topics WHERE loss = ?1 ORDER BY records DESC, topic")
        rows.bind(1, Int64(id))
        var losses: [AuditedLoss] = []
        while try rows.step() {
            var loss = AuditedLoss(
                layer: rows.text(0), reason: rows.text(1), from: UnixMilliseconds(rawValue: rows.unsigned(2)),
                to: UnixMilliseconds(rawValue: rows.unsigned(3)), records: rows.unsigned(4),
                isAcknowledged: rows.integer(5) != 0)
            topics.bind(1, rows.integer(6))
            while try topics.step() { loss.topics.append((topics.text(0), topics.unsigned(1))) }
            losses.append(loss)
        }
        return losses
    }

    private static func outbox(of id: Int, in database: borrowing Database) throws(StorageError) -> AuditedOutbox {
        var outbox = AuditedOutbox()
        var rows = try database.prepare("SELECT name, records FROM outbox_totals WHERE link = ?1")
        rows.bind(1, Int64(id))
        while try rows.step() {
            let records = rows.unsigned(1)
            switch rows.text(0) {
            case "appended": outbox.appended = records
            case "repeated": outbox.repeatedInDoubt = records
            case "published": outbox.published = records
            case "folded": outbox.folded = records
            case let name where name.hasPrefix("dead."): outbox.dead += records
            case let name where name.hasPrefix("shed."): outbox.shed += records
            case let name: throw .corrupt(path: database.path, reason: "outbox total \(name)")
            }
        }
        // Units have a delivery at every position; last-known values are rows of their own.
        outbox.waiting =
            try number(
                "SELECT ending - max(settled, boundary) FROM outbox WHERE link = ?1", id, in: database)
            + number(
                """
                SELECT count(*) FROM last_known WHERE link = ?1
                    AND position >= (SELECT settled FROM outbox WHERE link = ?1)
                """, id, in: database)
        return outbox
    }

    private static func number(
        _ sql: String, _ id: Int, in database: borrowing Database
    ) throws(StorageError) -> UInt64 {
        var row = try database.prepare(sql)
        row.bind(1, Int64(id))
        defer { row.reset() }
        return try row.step() ? row.unsigned(0) : 0
    }
}

extension LedgerEntry {
    /// Its body; empty if it is none.
    public var json: JSONValue {
        do throws(JSON5Error) { return try JSON5Reader.value(of: Array(body.utf8)) } catch { return .object([]) }
    }
}
