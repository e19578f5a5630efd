public import Crypto
public import DiodeProtocol
public import Storage
public import Time

/// Why no epoch can be begun.
public enum EpochError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The clock is before the day on which this version was made; an epoch taken from it would be refused as old.
    case clockTooEarly(UnixMilliseconds)
    /// `--epoch` does not lie above the last one, or not below what receivers refuse.
    case notAbove(Epoch, below: UInt64, asked: UInt64)
    /// The card beside the key vouches for no epoch below its lowest: receivers would refuse what is sent.
    case belowCard(lowest: Epoch, asked: UInt64)
    /// There is no number above the last one.
    case exhausted(last: Epoch)
    case storage(StorageError)
    case crypto(CryptoError)

    public var description: String {
        switch self {
        case .clockTooEarly(let time):
            "the clock says \(CalendarTime.text(time)), which is before this version was made"
                + " (\(CalendarTime.text(EpochReservation.earliestClock))): set it, or say --epoch N"
        case .notAbove(let last, let end, let asked):
            "--epoch \(asked) is not allowed; allowed: \(last.rawValue &+ 1)…\(end &- 1)"
        case .belowCard(let lowest, let asked):
            "--epoch \(asked) is not allowed: the card of this key vouches for epochs from \(lowest.rawValue) on"
        case .exhausted(let last):
            "the last epoch was \(last.rawValue), and receivers take none above it: make a new key (diode-send keygen), start with a new"
                + " state, and pair again"
        case .storage(let error): error.description
        case .crypto(let error): error.description
        }
    }
}

/// Begins a new epoch at each start: above every one before, and on disk before anything is sent under it (D9).
///
/// ```text
/// send.db  epochs │ epoch (key) │ incarnation │ reserved_at (Unix ms) │ first_position │ …
/// ```
///
/// Its blocks get positions in the journal behind those of every epoch before it.
public enum EpochReservation {
    /// The clock of a machine that runs this version cannot be earlier: 2026-11-21T00:00:00Z. Raised with each release.
    public static let earliestClock = UnixMilliseconds(rawValue: 1_795_219_200_000)

    /// max(last + 1, Unix milliseconds, what the card vouches for), or what the operator demands.
    /// - Parameter lowest: receivers refuse what is below (W-22): a card that was issued while the clock was fast vouches for nothing
    ///   that a clock which was put right would give.
    public static func next(
        after last: Epoch, clock: UnixMilliseconds, lowest: Epoch? = nil, demanded: UInt64? = nil
    ) throws(EpochError) -> Epoch {
        let end = end(lowest: lowest)
        guard last.rawValue < end - 1 else { throw .exhausted(last: last) }
        if let demanded {
            guard demanded > last.rawValue, demanded < end else { throw .notAbove(last, below: end, asked: demanded) }
            if let lowest, demanded < lowest.rawValue { throw .belowCard(lowest: lowest, asked: demanded) }
            return Epoch(rawValue: demanded)
        }
        guard clock >= earliestClock else { throw .clockTooEarly(clock) }
        // A card that was issued anew names the epoch that ran then: another lifetime under that number would be a second sender.
        let least = min((lowest?.rawValue ?? 0) + 1, 1 << 63 - 1)
        return Epoch(rawValue: max(last.rawValue + 1, clock.rawValue, least))
    }

    /// Receivers refuse epochs from here on, because no clock gives them; a card that names one as large vouches for twice as much.
    static func end(lowest: Epoch?) -> UInt64 {
        let lowest = min(lowest?.rawValue ?? 0, 1 << 62)
        return max(1 << 53, 2 * lowest)
    }

    /// Reserves the next epoch; it survives a loss of power when this returns.
    public static func reserve(
        in database: inout Database, clock: UnixMilliseconds, lowest: Epoch? = nil, demanded: UInt64? = nil
    ) throws(EpochError) -> ReservedEpoch {
        let incarnation: Incarnation
        let last: Epoch
        do throws(CryptoError) { incarnation = Incarnation(rawValue: try randomUInt64()) } catch {
            throw .crypto(error)
        }
        do throws(StorageError) { last = try newest(in: database) } catch { throw .storage(error) }
        let epoch = try next(after: last, clock: clock, lowest: lowest, demanded: demanded)
        do throws(StorageError) {
            let position = try nextPosition(in: database)
            let reserved = ReservedEpoch(epoch: epoch, incarnation: incarnation, firstPosition: position)
            try insert(reserved, at: clock, into: &database)
            return reserved
        } catch { throw .storage(error) }
    }

    /// Writes the running epoch into a database that had to be begun anew.
    static func insertAgain(
        _ reserved: ReservedEpoch, at clock: UnixMilliseconds, into database: inout Database
    ) throws(StorageError) {
        try insert(reserved, at: clock, into: &database)
    }

    /// The newest epoch that was reserved; 0 if none was.
    private static func newest(in database: borrowing Database) throws(StorageError) -> Epoch {
        var statement = try database.prepare("SELECT max(epoch) FROM epochs")
        _ = try statement.step()
        return Epoch(rawValue: statement.unsigned(0))
    }

    /// Behind every block of every epoch.
    private static func nextPosition(in database: borrowing Database) throws(StorageError) -> UInt64 {
        var last = try database.prepare(
            """
            SELECT max(ifnull((SELECT max(position) FROM blocks), 0),
                       ifnull((SELECT max(first_position + last_block - 1) FROM epochs), 0))
            """)
        _ = try last.step()
        return last.unsigned(0) + 1
    }

    private static func insert(
        _ reserved: ReservedEpoch, at clock: UnixMilliseconds, into database: inout Database
    ) throws(StorageError) {
        var statement = try database.prepare(
            "INSERT INTO epochs (epoch, incarnation, reserved_at, first_position) VALUES (?, ?, ?, ?)")
        statement.bind(1, unsigned: reserved.epoch.rawValue)
        statement.bind(2, unsigned: reserved.incarnation.rawValue)
        statement.bind(3, unsigned: clock.rawValue)
        statement.bind(4, unsigned: reserved.firstPosition)
        try statement.run()
        try database.sync()
    }
}

/// An epoch that is on disk.
public struct ReservedEpoch: Sendable, Equatable {
    public let epoch: Epoch
    public let incarnation: Incarnation
    /// Where its first block stands in the journal.
    public let firstPosition: UInt64
}
