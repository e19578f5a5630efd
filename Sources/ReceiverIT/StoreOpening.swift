import DiodeProtocol
import EventLog
import Ledger
import Outbox
import Storage
import Time

/// What an earlier process left.
struct RestoredLinks: Sendable {
    var links: [StoreOpening.RestoredLink]
    /// Where the damaged file went, if there was one: then the links begin anew.
    var setAside: String?
}

/// An open database, and where a damaged one went that stood in its place.
struct OpenedDatabase: ~Copyable {
    let database: Database
    let setAside: String?
}

/// Opens the receiver's database, whatever an earlier process or the disk left.
///
/// ```text
///  open ─▶ fine ──────────────────────────▶ load every link
///       ─▶ full ──▶ give the reserve up ──▶ once more
///       ─▶ damaged, here or in any row ───▶ set aside, an empty one in its place, and say so
///       ─▶ a newer version's, somebody else's, unreadable ──▶ refuse
/// ```
struct StoreOpening: Sendable {
    /// A link as the configuration names it.
    struct Link: Sendable {
        let name: String
        let fingerprint: String
        /// The number in a file that was set aside; nil: whatever the file says.
        var id: Int?
    }

    /// A link to go on with.
    struct RestoredLink: Sendable {
        let id: Int
        let stored: StoredLink
        let counters: ReceiverCounters
        let checkpoint: OutboxPosition
        /// The fingerprint that the database knew; nil for a new link.
        let knownFingerprint: String?
    }

    /// The database.
    let path: String
    let reserve: DiskReserve
    let log: EventLog

    /// Opens the file and reads every link.
    func restore(
        _ links: [Link], limits: Replica.Limits, time: UnixMilliseconds
    ) throws(StorageError) -> RestoredLinks {
        do throws(StorageError) {
            let opened = try open(time: time)
            return RestoredLinks(
                links: try Self.load(links, limits: limits, from: opened.database), setAside: opened.setAside)
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
        return RestoredLinks(
            links: try Self.load(links, limits: limits, from: opened.database), setAside: setAside)
    }

    /// Opens the file.
    func open(time: UnixMilliseconds) throws(StorageError) -> OpenedDatabase {
        do throws(StorageError) {
            return OpenedDatabase(database: try attempt(), setAside: nil)
        } catch {
            guard case .corrupt = error else { throw error }
            let setAside = try self.setAside(because: error, time: time)
            return OpenedDatabase(database: try attempt(), setAside: setAside)
        }
    }

    /// Moves the damaged file out of the way and says so. Nobody has it open.
    func setAside(because error: StorageError, time: UnixMilliseconds) throws(StorageError) -> String {
        let target = try SetAside.move(path, time: CalendarTime.fileName(time))
        log.error(
            "store.set-aside",
            "the database is damaged and was set aside: what it held of gaps, accounts and waiting records is cut off here",
            ["database": .text(path), "kept": .text(target), "because": .text(error.description)])
        return target
    }

    /// Reads every link, each with its queue.
    static func load(
        _ links: [Link], limits: Replica.Limits, from database: borrowing Database
    ) throws(StorageError) -> [RestoredLink] {
        var loaded: [RestoredLink] = []
        for link in links {
            let known = try LinkLoader.fingerprint(of: link.name, in: database)
            let id = try LinkLoader.id(
                of: link.name, fingerprint: link.fingerprint, number: link.id, in: database)
            let (stored, counters, checkpoint) = try LinkLoader.load(id, limits: limits, from: database)
            loaded.append(
                RestoredLink(
                    id: id, stored: stored, counters: counters, checkpoint: checkpoint, knownFingerprint: known))
        }
        return loaded
    }

    /// What the ledger and the losses say of a file that was set aside: from here on nobody knows what it still held.
    static func entry(of path: String, time: UnixMilliseconds) -> LedgerEntry {
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
