internal import Configuration
internal import DiodeProtocol
internal import Glibc
internal import SenderOTJournal
public import Storage
internal import Threading
internal import Time

/// How far back journal and echo really reach (D5), at the rate at which the journal grew while it holds what it holds.
///
/// ```text
/// ├──────────────── journal: the lesser of `keep` and what there is room for ───────────────┤
///        ├──────── held: the oldest block ────────┤
///                    ├─ echo: the longest offset ─┤ now
/// ```
public struct JournalReach: Sendable, Equatable {
    /// A journal that is younger tells no rate.
    private static let youngest: UInt64 = 60_000
    /// A journal that is younger raises no alarm: a start brings the whole retained set at once.
    private static let settled = Duration.seconds(600)
    /// What a block costs on the wire beside its repair symbols: headers, paths and framing at an MTU of 1,500, in percent.
    private static let framingPercent: UInt64 = 125

    /// The age of the oldest block; nil while there is none.
    public let held: Duration?
    /// At which it grew; nil while it is too young to tell.
    public let bytesPerSecond: UInt64?
    /// How far it will reach at that rate; nil where the rate is not known.
    public let journal: Duration?
    /// The longest offset of the schedule; zero if there is none.
    public let echo: Duration
    /// How many repetitions the schedule has.
    public let scheduled: Int
    /// How many the link has room for, beside what it carries anyway; nil where the rate is not known.
    public let room: UInt64?

    /// - Parameters:
    ///   - oldest: when the oldest block was closed; nil while there is none.
    ///   - usedBytes: what the journal takes.
    ///   - freeBytes: what the file system can still take; nil if nobody can tell.
    init(
        _ configuration: SenderConfiguration, oldest: UnixMilliseconds?, usedBytes: UInt64, freeBytes: UInt64?,
        now: UnixMilliseconds
    ) {
        echo = configuration.echo.last ?? .zero
        scheduled = configuration.echo.count
        let age = oldest.map { now.rawValue - min($0.rawValue, now.rawValue) }
        held = age.map { .milliseconds($0) }
        guard let age, age >= Self.youngest, usedBytes > 0 else {
            (bytesPerSecond, journal, room) = (nil, nil, nil)
            return
        }
        let rate = max(usedBytes / (age / 1_000), 1)
        bytesPerSecond = rate
        let spare = freeBytes.map { min($0 - min($0, configuration.journal.minFree.bytes), 1 << 60) } ?? 1 << 60
        let bytes = min(configuration.journal.limit.bytes, min(usedBytes, 1 << 60) + spare)
        journal = min(configuration.journal.keep, .seconds(Int64(min(bytes / rate, 1 << 40))))
        let repair = UInt64(100 + configuration.fec.repair.basisPoints / 100)
        let wire = max(min(rate, 1 << 36) * 8 * repair * Self.framingPercent / 10_000, 1)
        let slowest = configuration.link.paths.compactMap(\.rate).min() ?? configuration.link.rate
        let usable = min(slowest, configuration.link.rate).bitsPerSecond / 10 * 9
        room = usable / wire - min(usable / wire, 1)
    }

    /// Measures the journal of a state, whether a daemon runs or not.
    /// - Returns: nil if there is none yet.
    public static func measure(_ configuration: SenderConfiguration) throws(StorageError) -> JournalReach? {
        let path = configuration.state.resolved
        guard access(path, F_OK) == 0 else { return nil }
        let database = try Database(path: path, schema: SenderDatabase.schema, access: .readOnly)
        var oldest = try database.prepare("SELECT closed_at FROM blocks ORDER BY position LIMIT 1")
        let time = try oldest.step() ? UnixMilliseconds(rawValue: oldest.unsigned(0)) : nil
        oldest.reset()
        return JournalReach(
            configuration, oldest: time, usedBytes: try database.footprint().used,
            freeBytes: FreeSpace.bytes(at: path), now: UnixClock.now())
    }

    /// What an operator should know, in one line.
    public var alarm: String? {
        guard let journal, let held, held >= Self.settled, scheduled > 0 else { return nil }
        if journal < echo {
            return
                "the journal reaches back \(Self.text(journal)) at this rate, and the longest echo needs \(Self.text(echo))"
        }
        if let room, room < UInt64(scheduled) {
            return "the link has room for \(room) repetitions at this rate, and the echo schedule has \(scheduled)"
        }
        return nil
    }

    /// One sentence each, for `check` and `status`.
    public var journalText: String {
        let holds = held.map { "holds \(Self.text($0))" } ?? "holds nothing yet"
        guard let journal, let bytesPerSecond else { return "\(holds); too young to tell how far it will reach" }
        return "\(holds); at \(bytesPerSecond) bytes/s it reaches back \(Self.text(journal))"
    }

    public var echoText: String {
        guard scheduled > 0 else { return "nothing is repeated by itself: echo is empty" }
        let reach = journal.map { min($0, echo) } ?? echo
        let repeats = "reaches back \(Self.text(reach)) in \(scheduled) repetitions"
        return repeats + (room.map { "; the link has room for \($0)" } ?? "")
    }

    /// The two largest units of a duration.
    private static func text(_ duration: Duration) -> String {
        let seconds = max(duration.components.seconds, 0)
        let units: [(name: String, seconds: Int64)] = [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)]
        var rest = seconds
        var words: [String] = []
        for unit in units {
            guard words.count < 2, rest >= unit.seconds else {
                if !words.isEmpty { break }
                continue
            }
            words.append("\(rest / unit.seconds) \(unit.name)")
            rest %= unit.seconds
        }
        return words.isEmpty ? DurationText.text(duration) : words.joined(separator: " ")
    }
}
