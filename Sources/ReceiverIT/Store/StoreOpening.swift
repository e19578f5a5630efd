package import DiodeProtocol
package import EventLog
package import Ledger
package import Outbox
package import ReceiverITCore
package import Storage
package import Time

/// What an earlier process left.
package struct RestoredLinks: Sendable {
    package var links: [StoreOpening.RestoredLink]
    /// Where the damaged file went, if there was one: then the links begin anew.
    package var setAside: String?
    /// What somebody changed in the file since the receiver wrote it, each as a sentence.
    package var defects: [String] = []
}

/// An open database, and where a damaged one went that stood in its place.
package struct OpenedDatabase: ~Copyable {
    package let database: Database
    package let setAside: String?

    /// Moves the database out.
    package consuming func takeDatabase() -> Database { database }
}

/// Opens the receiver's database, whatever an earlier process or the disk left.
///
/// ```text
///  open ─▶ fine ──────────────────────────▶ load every link
///       ─▶ full ──▶ give the reserve up ──▶ once more
///       ─▶ damaged, here or in any row ───▶ set aside, an empty one in its place, and say so
///       ─▶ a newer version's, somebody else's, unreadable ──▶ refuse
/// ```
package struct StoreOpening: Sendable {
    /// A link as the configuration names it.
    package struct Link: Sendable {
        let name: String
        let cards: [LinkCard]
        let revoked: Set<String>
        /// The number in a file that was set aside; nil: whatever the file says.
        var id: Int?

        /// - Parameters:
        ///   - cards: those that were paired, at least one, in their order.
        ///   - revoked: fingerprints of keys that nobody follows any more.
        package init(cards: [LinkCard], revoked: Set<String> = [], id: Int? = nil) {
            name = cards[0].link
            self.cards = cards
            self.revoked = revoked
            self.id = id
        }

        /// The keys of each card, as far as this file tells of any.
        func keys(in database: borrowing Database) throws(StorageError) -> [KeyChain] {
            let followed = try LinkLoader.rotations(of: name, in: database)
            return cards.map { KeyChain($0, revoked: revoked, followed: followed) }
        }
    }

    /// A link to go on with.
    package struct RestoredLink: Sendable {
        package let id: Int
        /// By the place of the card.
        package let keys: [KeyChain]
        package let stored: StoredLink
        package let counters: ReceiverCounters
        package let checkpoint: OutboxPosition
        /// The fingerprints that the database knew, by the place of the card; nil for a new one.
        package fileprivate(set) var knownFingerprints: [String?] = []
    }

    /// The database.
    package let path: String
    package let reserve: DiskReserve
    package let log: EventLog

    package init(path: String, reserve: DiskReserve, log: EventLog) {
        self.path = path
        self.reserve = reserve
        self.log = log
    }

    /// Opens the file and reads every link.
    package func restore(
        _ links: [Link], limits: Replica.Limits, time: UnixMilliseconds
    ) throws(StorageError) -> RestoredLinks {
        do throws(StorageError) {
            let opened = try open(time: time)
            let setAside = opened.setAside
            let defects = try SealCheck.verdict(in: opened.database).defects
            for defect in defects {
                log.error(
                    "account.altered", "the database was changed outside of this program, or is older than its ledger",
                    ["defect": .text(defect)])
            }
            return try restore(links, limits: limits, defects, setAside, from: opened.takeDatabase(), time: time)
        } catch {
            guard case .corrupt = error else { throw error }
        }
        return try restoreAnew(links, limits: limits, time: time)
    }

    /// Reading told that the file is damaged: it is closed by now.
    private func restoreAnew(
        _ links: [Link], limits: Replica.Limits, time: UnixMilliseconds
    ) throws(StorageError) -> RestoredLinks {
        let setAside = try setAside(because: .corrupt(path: path, reason: "a row cannot be read"), time: time)
        let opened = try open(time: time)
        return try restore(links, limits: limits, [], setAside, from: opened.takeDatabase(), time: time)
    }

    private func restore(
        _ links: [Link], limits: Replica.Limits, _ defects: [String], _ setAside: String?,
        from database: consuming Database, time: UnixMilliseconds
    ) throws(StorageError) -> RestoredLinks {
        let known = try Self.fingerprints(of: links, in: database)
        var file = try StoreFile(database)
        try file.begin(defects: defects, links: links, at: time)
        var loaded = try file.load(links, limits: limits)
        for (index, fingerprints) in known.enumerated() { loaded[index].knownFingerprints = fingerprints }
        return RestoredLinks(links: loaded, setAside: setAside, defects: defects)
    }

    private static func fingerprints(
        of links: [Link], in database: borrowing Database
    ) throws(StorageError) -> [[String?]] {
        var known: [[String?]] = []
        for link in links {
            known.append(try SenderTable.fingerprints(of: link.name, cards: link.cards.count, in: database))
        }
        return known
    }

    /// Opens the file.
    package func open(time: UnixMilliseconds) throws(StorageError) -> OpenedDatabase {
        do throws(StorageError) {
            return OpenedDatabase(database: try attempt(), setAside: nil)
        } catch {
            guard case .corrupt = error else { throw error }
            let setAside = try self.setAside(because: error, time: time)
            return OpenedDatabase(database: try attempt(), setAside: setAside)
        }
    }

    /// Moves the damaged file out of the way and says so. Nobody has it open.
    package func setAside(because error: StorageError, time: UnixMilliseconds) throws(StorageError) -> String {
        let target = try SetAside.move(path, time: CalendarTime.fileName(time))
        log.error(
            "store.set-aside",
            "the database is damaged and was set aside: what it held of gaps, accounts and waiting records is cut off here",
            ["database": .text(path), "kept": .text(target), "because": .text(error.description)])
        return target
    }

    /// Reads every link; its row is there.
    static func load(
        _ links: [Link], limits: Replica.Limits, from database: borrowing Database
    ) throws(StorageError) -> [RestoredLink] {
        var loaded: [RestoredLink] = []
        for link in links {
            let keys = try link.keys(in: database)
            let id = try LinkLoader.id(
                of: link.name, fingerprint: keys[0].inUse.fingerprint, number: link.id, in: database)
            let (stored, counters, checkpoint) = try LinkLoader.load(id, limits: limits, from: database)
            loaded.append(
                RestoredLink(
                    id: id, keys: keys, stored: stored, counters: counters, checkpoint: checkpoint))
        }
        return loaded
    }

    /// What the ledger and the losses say of a file that was set aside: from here on nobody knows what it still held.
    package static func entry(of path: String, time: UnixMilliseconds) -> LedgerEntry {
        ReceiverAction.entry(
            ReceiverAction.setAside, "the database was damaged and was kept as \(path)", at: time)
    }

    private func attempt() throws(StorageError) -> Database {
        do throws(StorageError) {
            return try Database(path: path, schema: StoreSchema.schema)
        } catch {
            guard case .full = error, reserve.isHeld else { throw error }
            reserve.release()
            return try Database(path: path, schema: StoreSchema.schema)
        }
    }
}
