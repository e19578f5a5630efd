package import DiodeProtocol
package import SenderOTCore
internal import Storage
package import Time

/// What a sender begins with: an epoch of its own, and what the lifetimes before it left.
///
/// ```text
/// open send.db ─▶ reserve the epoch (synced) ─▶ marks, epochs ─▶ slots, deliveries in doubt
///   damaged: set aside, begun anew       full: the reserve is given up for it
/// ```
package struct SenderStart: ~Copyable {
    package let journal: JournalRestoration
    private var found: JournalReplay.Found
    /// Blocks of the journal that could not be read.
    package let unreadable: Int
    /// Where a damaged database is now, if there was one.
    package private(set) var setAside: String?

    /// What bounds its epoch: the card, the operator.
    private typealias Wanted = (lowest: Epoch?, demanded: UInt64?)

    /// Moves out what the sender knows again.
    package consuming func takeFound() -> JournalReplay.Found { found }

    /// - Parameters:
    ///   - lowest: the lowest epoch that the card vouches for, where it is known.
    ///   - demanded: the epoch that the operator wants.
    package static func prepare(
        path: String, limits: NamespaceSlots.Limits, now: UnixMilliseconds, lowest: Epoch? = nil, demanded: UInt64?
    ) throws(EpochError) -> SenderStart {
        let wanted = (lowest: lowest, demanded: demanded)
        do throws(EpochError) {
            return try SenderStart(path, limits, now, wanted)
        } catch {
            guard case .storage(.corrupt) = error else { throw error }
            let aside: String
            do throws(StorageError) {
                aside = try SetAside.move(path, time: CalendarTime.fileName(now))
            } catch { throw .storage(error) }
            var start = try SenderStart(path, limits, now, wanted)
            start.setAside = aside
            return start
        }
    }

    private init(
        _ path: String, _ limits: NamespaceSlots.Limits, _ now: UnixMilliseconds, _ wanted: Wanted
    ) throws(EpochError) {
        var database = try Self.open(path)
        let epoch = try Self.reserve(in: &database, now, wanted)
        var replay = JournalReplay(limits: limits)
        let journal: JournalRestoration
        do throws(StorageError) {
            journal = try JournalRestoration(of: epoch, from: database)
            try replay.run(database, marks: journal.marks)
        } catch { throw .storage(error) }
        DiskReserve(beside: path).take()
        self.journal = journal
        unreadable = replay.unreadable
        found = replay.takeFound()
    }

    private static func open(_ path: String) throws(EpochError) -> Database {
        do throws(StorageError) {
            return try Database(path: path, schema: SenderDatabase.schema)
        } catch {
            guard case .full = error else { throw .storage(error) }
        }
        DiskReserve(beside: path).release()
        do throws(StorageError) { return try Database(path: path, schema: SenderDatabase.schema) } catch {
            throw .storage(error)
        }
    }

    private static func reserve(
        in database: inout Database, _ now: UnixMilliseconds, _ wanted: Wanted
    ) throws(EpochError) -> ReservedEpoch {
        do throws(EpochError) {
            return try EpochReservation.reserve(
                in: &database, clock: now, lowest: wanted.lowest, demanded: wanted.demanded)
        } catch {
            guard case .storage(.full) = error else { throw error }
        }
        DiskReserve(beside: database.path).release()
        return try EpochReservation.reserve(
            in: &database, clock: now, lowest: wanted.lowest, demanded: wanted.demanded)
    }
}
