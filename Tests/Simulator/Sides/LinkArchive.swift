package import DiodeProtocol
import EventLog
import Glibc
import Outbox
package import ReceiverITCore
import ReceiverITStore
package import Storage
package import Time

/// The database of one link without threads: a simulation decides when a transaction happens, and what a kill takes.
package final class LinkArchive {
    private let opening: StoreOpening
    private let cards: [LinkCard]
    private var file: StoreFile
    private var link: StoreLink

    /// An audit key that is no secret: making and syncing one takes longer than many a history.
    private static let auditKey = """
        -----BEGIN PRIVATE KEY-----
        MC4CAQAwBQYDK2VwBCIEILG5p+a1xy2p1VFTSJ0lrzBXLbTGfpprO+B9y8Ae4edQ
        -----END PRIVATE KEY-----

        """

    private static func writeAuditKey(beside path: String) {
        let file = open(AuditKey.path(ofState: path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        precondition(file >= 0, "a test can write its own folder")
        _ = auditKey.withCString { write(file, $0, strlen($0)) }
        close(file)
    }

    /// Opens the database, or makes it.
    package convenience init(path: String, card: LinkCard, time: UnixMilliseconds) throws {
        try self.init(path: path, cards: [card], time: time)
    }

    /// The same of a link of several cards.
    package init(path: String, cards: [LinkCard], time: UnixMilliseconds) throws {
        let card = cards[0]
        Self.writeAuditKey(beside: path)
        let opening = StoreOpening(path: path, reserve: DiskReserve(beside: path, bytes: 0), log: EventLog())
        // The rows that a start makes are there before this keeps sums of them.
        _ = try opening.restore(
            [StoreOpening.Link(cards: cards)], limits: Replica.Limits(ReceiverCore.Settings()), time: time)
        let opened = try opening.open(time: time)
        let id = try LinkLoader.id(of: card.link, fingerprint: card.fingerprint, in: opened.database)
        let (_, checkpoint) = try LinkLoader.row(of: id, opened.database)
        let queue = try DeliveryQueue(
            link: id, limits: .init(bytes: 1 << 30), database: OutboxDatabase(path: path, schema: StoreSchema.schema))
        try queue.restore(from: opened.database)
        let file = try StoreFile(opened.takeDatabase())
        self.opening = opening
        self.cards = cards
        self.file = file
        link = StoreLink(
            id: id, name: card.link, fingerprint: card.fingerprint, queue: queue, checkpoint: checkpoint)
    }

    /// A core that goes on where the last transaction ended.
    /// - Parameter change: what somebody changes in what was stored.
    package func core(
        settings: ReceiverCore.Settings, seed: UInt64, now: MonotonicInstant, time: UnixMilliseconds,
        _ change: (inout StoredLink) throws -> Void = { _ in }
    ) throws -> ReceiverCore {
        let restored = try opening.restore(
            [StoreOpening.Link(cards: cards)], limits: Replica.Limits(settings),
            time: time)
        var stored = restored.links[0].stored
        try change(&stored)
        return try ReceiverCore(
            keys: restored.links[0].keys, settings: settings, restoring: stored, seed: seed, now: now, time: time)
    }

    /// One transaction for these rounds.
    package func store(_ rounds: [Commit], time: UnixMilliseconds) throws(StorageError) {
        var batch = StoreBatch(links: [StoreBatch.Link()])
        for round in rounds {
            let end = link.queue.stage(round.units)
            batch.links[0].add(round.changes, upTo: end, of: &link)
            for event in round.events { batch.links[0].add(event) }
            batch.entries += link.notes.entries(of: round.events, at: time)
        }
        // More often than a quarter of an hour: each balance and anchor has to agree with whatever comes after it.
        if time.rawValue % 7 == 0 { batch.balance = time }
        try file.store(batch, [link], at: time)
        link.anchors.committed(at: time, withBalance: batch.balance != nil)
        link.queue.committed()
        link.checkpoint = batch.links[0].checkpoint ?? link.checkpoint
    }
}
