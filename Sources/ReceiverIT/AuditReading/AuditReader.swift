public import Account
public import Audit
internal import Crypto
public import DiodeProtocol
internal import JSON
public import Ledger
internal import ReceiverITCore
internal import ReceiverITStore
public import Storage
public import Time

/// Everything that an audit says, as one transaction saw it.
public struct AuditSnapshot: Sendable {
    /// Not narrowed to any period.
    public var links: [LinkAudit] = []
    /// What the ledger noted of each link's account, by the link's name, ascending in time.
    public internal(set) var balances: [String: [LinkBalance]] = [:]
    /// The blocks that each link misses and that can still come, by the link's name.
    public internal(set) var missing: [String: [ResendBundle.Run]] = [:]
}

/// Reads the receiver's database for the audit, whether the daemon runs or not. It never writes.
public struct AuditReader: Sendable {
    /// Actions that a report lists, the newest.
    private static let actionLimit = 1_000
    /// How often the daemon writes how a link is, and how late it may be with that.
    private static let writingPeriodMilliseconds: UInt64 = 1_000
    private static let writingDelayMilliseconds: UInt64 = 2_000

    private let path: String
    private let silenceMilliseconds: UInt64
    private let now: UnixMilliseconds
    private let cards: [LinkCard]
    private let seals: [SealKey]

    /// - Parameters:
    ///   - path: the database.
    ///   - silenceTimeout: how long a link may be silent before it is stale.
    ///   - cards: of the links, to verify what their senders signed.
    ///   - seals: the receiver's private seal keys; without them what was sealed is not read.
    public init(
        _ path: String, silenceTimeout: Duration, now: UnixMilliseconds, cards: [LinkCard], seals: [SealKey] = []
    ) {
        self.path = path
        self.cards = cards
        self.seals = seals
        silenceMilliseconds = UInt64(max(0, silenceTimeout / .milliseconds(1)))
        self.now = now
    }

    /// Reads all links.
    /// - Parameters:
    ///   - verifies: whether the ledger's chain is followed from its beginning.
    ///   - noted: heads that were noted elsewhere; the chain must have them.
    public func read(verifies: Bool = false, noted: [NotedHead] = []) throws(StorageError) -> AuditSnapshot {
        let database = try Database(path: path, schema: StoreSchema.schema, access: .readOnly)
        try database.beginReading()
        var snapshot = AuditSnapshot()
        let head = try LedgerReader.head(in: database)
        var ids: [Int] = []
        let alterations = try LedgerWords.alterations(in: database)
        let actions = try LedgerWords.actions(kinds: ReceiverAction.all, of: "", in: database)
        let start = try LedgerWords.newestStart(in: database)
        let configuration = try LedgerWords.newestConfiguration(in: database)
        var rows = try database.prepare("SELECT id, name, fingerprint FROM links ORDER BY id")
        while try rows.step() {
            var link = LinkAudit(link: rows.text(1), fingerprint: rows.text(2))
            link.head = head.text
            ids.append(Int(rows.integer(0)))
            try fill(&link, id: Int(rows.integer(0)), in: database)
            link.alterations = alterations
            link.actions += actions
            link.actions.sort { $0.at < $1.at }
            link.clock.steps = UInt64(link.actions.count { LedgerWords.clockSteps.contains($0.what) })
            link.actions = link.actions.suffix(Self.actionLimit)
            link.software = [
                "receiver": ["version": start.software, "sha256": start.binary], "sender": ["version": link.software],
            ]
            link.config = ["receiver": configuration, "sender": ["fingerprint": link.config]]
            link.keys = ["link": .text(link.fingerprint), "audit": start.auditKey]
            snapshot.missing[link.link] = try LinkLoader.missingBlocks(of: Int(rows.integer(0)), database)
            snapshot.balances[link.link] = try LedgerWords.balances(of: link.link, in: database)
            snapshot.links.append(link)
        }
        if verifies { try verify(&snapshot, ids: ids, noted: noted, in: database) }
        let names = Set(snapshot.links.map(\.link))
        for name in try LedgerWords.links(in: database) where !names.contains(name) {
            var link = LinkAudit(link: name, fingerprint: "")
            link.disagreements = ["the ledger tells of this link, and the table of links does not"]
            snapshot.links.append(link)
        }
        try database.commit()
        return snapshot
    }

    /// Compares everything that was read with what entries, beats and the seal say of it.
    private func verify(
        _ snapshot: inout AuditSnapshot, ids: [Int], noted: [NotedHead], in database: borrowing Database
    ) throws(StorageError) {
        let rows = snapshot.links.flatMap { link in
            link.gaps.map { LedgerGaps.Row(link: link.link, gap: GapStatement($0.gap)) }
        }
        let chain = try LedgerWords.verification(noted: noted, gaps: rows, in: database)
        let seal = try SealCheck.verdict(in: database)
        let folded = try FoldedKinds(in: database)
        for (index, id) in ids.enumerated() {
            let link = snapshot.links[index]
            let followed = try LinkLoader.rotations(of: link.link, in: database)
            let keys = cards.filter { $0.link == link.link }.map { KeyChain($0, followed: followed) }
            var anchors = AnchorCheck(link: link.link, keys: keys, seals: seals, folded: folded)
            var verification = chain.and(try anchors.verdict(of: id, in: database))
            if case .intact = verification,
                let difference = try EntryCheck(link: link.link, id: id, folded: folded).difference(
                    of: link, in: database)
            {
                verification = .broken(difference)
            }
            snapshot.links[index].verification = verification.and(seal)
        }
        let whole = chain.and(seal)
        if case .broken = whole, snapshot.links.isEmpty {
            // No link is left to say it of but those that the configuration names.
            snapshot.links = (cards.isEmpty ? [""] : Set(cards.map(\.link)).sorted()).map {
                var link = LinkAudit(link: $0, fingerprint: "")
                link.verification = whole
                return link
            }
        }
    }

    private func fill(_ link: inout LinkAudit, id: Int, in database: borrowing Database) throws(StorageError) {
        let account = try StoredAccount(of: id, in: database)
        link.beginsAt = account.beginsAt
        link.totals = account.totals
        link.epochs = account.epochs
        link.disagreements = account.disagreements
        link.senders = SenderReport.all(try SenderTable.rows(of: id, database))
        let acknowledged = try AcknowledgementTable.acknowledged(.gap, of: id, in: database)
        link.gaps = try LinkLoader.gaps(of: id, database).map { gap in
            AuditGap(
                gap, isAcknowledged: gap.state == .lost && acknowledged[gap.id].map { $0 >= gap.lost } ?? false)
        }
        let missing = link.gaps.reduce(UInt64(0)) { $0 &+ $1.missing }
        if Int64(clamping: missing) != link.totals.missing {
            link.disagreements.append("\(link.totals.missing) records are missing and \(missing) by the open gaps")
        }
        link.losses = try StoredLosses.read(id, in: database)
        link.attribute(try LinkLoader.jumps(of: id, database))
        link.unobserved = try LedgerWords.unobserved(of: link.link, in: database)
        link.actions = try LedgerWords.actions(
            kinds: [LinkEvent.Kind.action] + ReceiverAction.ofLink, of: link.link, in: database)
        link.equivocations = try LedgerWords.equivocations(
            of: link.link,
            acknowledged: try AcknowledgementTable.acknowledged(.equivocation, of: id, in: database).keys.max() ?? 0,
            in: database)
        let (row, _) = try LinkLoader.row(of: id, database)
        let replica = ReplicaReport(row, topics: try topics(of: id, in: database))
        link.replica.topics = replica.topics
        link.replica.digestMatches = replica.digestMatches
        link.replica.itMatches = replica.itMatches
        link.replica.itRefused = replica.itRefused
        link.isSettled = replica.isSettled
        link.replica.asOfSequence = replica.asOf?.sequence
        link.replica.asOf = replica.asOfTime
        link.isStale = true
        link.software = .null
        link.config = .null
        if let vitals = try LinkLoader.vitals(of: id, database) {
            take(vitals, into: &link)
        } else {
            link.isUnwritten = true
        }
    }

    private func take(_ vitals: LinkVitals, into link: inout LinkAudit) {
        link.heardUntil = vitals.heardUntil
        link.writtenUntil = vitals.at
        link.reason = vitals.state == .online ? "" : vitals.reason
        // It was written before a clock was set back.
        let isAhead = now.rawValue.plus(Self.writingDelayMilliseconds) < vitals.at.rawValue
        link.isUnwritten =
            isAhead
            || vitals.at.rawValue.plus(Self.writingPeriodMilliseconds + Self.writingDelayMilliseconds) < now.rawValue
        let isSilent =
            vitals.heardUntil.map {
                $0.rawValue.plus(silenceMilliseconds).plus(Self.writingDelayMilliseconds) < now.rawValue
            } ?? true
        link.isStale = vitals.state.isSilent || isSilent || isAhead
        if isSilent || isAhead, !vitals.state.isSilent {
            link.reason = "the receiver has written nothing since \(CalendarTime.text(vitals.at))"
        }
        link.clock.offsetMinMilliseconds = vitals.clockOffsetMilliseconds?.lowerBound ?? 0
        link.clock.offsetMaxMilliseconds = vitals.clockOffsetMilliseconds?.upperBound ?? 0
        link.rejected.badSignature = vitals.counters.badSignature
        link.rejected.replayed = vitals.counters.replayed
        link.rejected.malformed = vitals.counters.malformed
        link.rejected.unknownLink = vitals.counters.unknownLink
        link.rejected.overBudget = vitals.counters.overBudget
        link.form = vitals.form
        link.paths = vitals.paths
        guard let beat = vitals.beat else { return }
        if let heard = vitals.heardUntil, let range = vitals.clockOffsetMilliseconds {
            // Other frames may have come since that beat.
            let difference = Int64(clamping: beat.clock.rawValue).minus(Int64(clamping: heard.rawValue))
            link.clock.difference = ClockDifference(
                milliseconds: min(max(difference, range.lowerBound), range.upperBound))
        }
        link.software = .optional(beat.software)
        link.config = .optional(beat.configuration?.description)
        link.sender.filtered = beat.counters[.filtered] ?? 0
        link.sender.shed = beat.counters[.shed] ?? 0
        link.sender.echoShed = beat.counters[.echoShed] ?? 0
        link.sender.otBrokerDropped = beat.counters[.brokerDropped] ?? 0
        link.sender.isDurable = beat.isDurable
    }

    private func topics(of id: Int, in database: borrowing Database) throws(StorageError) -> UInt64 {
        var row = try database.prepare("SELECT count(*) FROM topics WHERE link = ?1")
        row.bind(1, Int64(id))
        defer { row.reset() }
        return try row.step() ? row.unsigned(0) : 0
    }
}
