internal import Configuration
internal import DiodeProtocol
internal import Glibc
internal import SenderOTJournal
public import Storage
internal import Threading
internal import Time

/// How far back journal and echo really reach (D5, ADR 0026): what is there now, and what there will be at the rate at which the journal
/// grows, against what the echo schedule promises.
///
/// ```text
/// ├──────────────── journal: the lesser of `keep` and what there is room for ───────────────┤
///        ├──────── held: the oldest block ────────┤
///                    ├─ echo: the longest offset ─┤ now
/// ```
/// No line says a reach that is not there: what is held now is told as such, what is only expected as expected.
public struct JournalReach: Sendable, Equatable {
    /// A journal that is younger tells no rate by its size.
    private static let youngest: UInt64 = 60_000
    /// A rate that was told by its size raises no alarm before: a start brings the whole retained set at once.
    private static let settled = Duration.seconds(600)
    /// An echo that is late by more does not do what it is there for.
    private static let latest = Duration.seconds(60)
    /// What a block costs on the wire beside its repair symbols: headers, paths and framing at an MTU of 1,500, in percent.
    private static let framingPercent: UInt64 = 125

    /// What was measured of a journal.
    struct Measured: Sendable {
        /// When the oldest block was closed; nil while there is none.
        var oldest: UnixMilliseconds?
        /// No block was ever removed, so that whatever was sent is held, however young the journal is.
        var isWhole = true
        /// What the journal takes, and what of the file is free for it.
        var usedBytes: UInt64
        var reusableBytes: UInt64 = 0
        /// What the file system can still take; nil if nobody can tell.
        var freeBytes: UInt64?
        /// The oldest blocks are removed because there is no room for them.
        var removesForRoom = false
        /// At which it was written lately; nil where nobody has measured.
        var bytesPerSecond: UInt64?
    }

    /// The age of the oldest block; nil while there is none.
    public let held: Duration?
    /// At which it grows; nil while it is too young to tell.
    public let bytesPerSecond: UInt64?
    /// How far it will reach at that rate; nil where the rate is not known.
    public let journal: Duration?
    /// What is promised: the longest offset of the schedule; zero if there is none.
    public let echo: Duration
    /// How many repetitions the schedule has.
    public let scheduled: Int
    /// How many the link has room for, beside what it carries anyway; nil where the rate is not known.
    public let room: UInt64?
    /// The disk has less free than `journal.min_free`, so that the journal does not grow: how much that is.
    public let scarceBytes: UInt64?
    /// Blocks are removed for room before they are as old as the longest echo.
    private let isCutShort: Bool
    private let isWhole: Bool
    private let minimumFree: UInt64
    private let limit: UInt64
    private let isSettled: Bool

    init(_ configuration: SenderConfiguration, _ measured: Measured, now: UnixMilliseconds) {
        echo = configuration.echo.last ?? .zero
        scheduled = configuration.echo.count
        minimumFree = configuration.journal.minFree.bytes
        limit = configuration.journal.limit.bytes
        let age = measured.oldest.map { now.rawValue - min($0.rawValue, now.rawValue) }
        held = age.map { .milliseconds($0) }
        let free = measured.freeBytes.map { min($0, 1 << 60) + min(measured.reusableBytes, 1 << 60) } ?? 1 << 60
        let isScarce = measured.freeBytes != nil && free < minimumFree
        scarceBytes = isScarce ? measured.freeBytes : nil
        isWhole = measured.isWhole && !isScarce && !measured.removesForRoom
        isCutShort = measured.removesForRoom && held ?? .zero < echo
        let bySize = (age ?? 0) >= Self.youngest && measured.usedBytes > 0 && !isCutShort
        guard let rate = measured.bytesPerSecond ?? (bySize ? measured.usedBytes / ((age ?? 0) / 1_000) : nil) else {
            (bytesPerSecond, journal, room, isSettled) = (nil, nil, nil, false)
            return
        }
        bytesPerSecond = max(rate, 1)
        isSettled = measured.bytesPerSecond != nil || held ?? .zero >= Self.settled
        let spare = free - min(free, minimumFree)
        let bytes = min(limit, min(measured.usedBytes, 1 << 60) + spare)
        journal = min(configuration.journal.keep, .seconds(Int64(min(bytes / max(rate, 1), 1 << 40))))
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
        var oldest = try database.prepare("SELECT closed_at, position FROM blocks ORDER BY position LIMIT 1")
        let time = try oldest.step() ? UnixMilliseconds(rawValue: oldest.unsigned(0)) : nil
        let isWhole = time == nil || oldest.unsigned(1) == 1
        oldest.reset()
        let footprint = try database.footprint()
        return JournalReach(
            configuration,
            Measured(
                oldest: time, isWhole: isWhole, usedBytes: footprint.used, reusableBytes: footprint.reusable,
                freeBytes: FreeSpace.bytes(at: path)), now: UnixClock.now())
    }

    /// How far back a receiver can be repaired now, no further than the schedule goes: where nothing was ever removed, as far as there will be
    /// room; else as far as the oldest block.
    public var reach: Duration { isWhole ? min(journal ?? echo, echo) : min(held ?? .zero, echo) }

    /// What an operator should know, one line each: why the promise is not kept, and what to do.
    public var alarms: [String] {
        var alarms = [shortage, tooSlow].compactMap(\.self)
        if let room, isSettled, scheduled > 0, room < UInt64(scheduled) {
            alarms.append(
                "the link has room for \(room) repetitions at this rate, and the echo schedule has \(scheduled)")
        }
        return alarms
    }

    /// Why there is no room.
    private var shortage: String? {
        let promise = held ?? .zero < echo ? " and the echo schedule promises \(Self.text(echo))" : ""
        if let scarceBytes {
            return "the disk has \(Self.text(bytes: scarceBytes)) free, below the \(Self.text(bytes: minimumFree)) of"
                + " journal.min_free, so that the journal does not grow: it holds \(Self.text(held ?? .zero))\(promise);"
                + " make room on the disk"
        }
        guard isCutShort else { return nil }
        return "the journal is full with \(Self.text(held ?? .zero)),\(promise): raise journal.limit, or make room"
    }

    /// Why the journal never gets as old as the longest echo.
    private var tooSlow: String? {
        guard scarceBytes == nil, !isCutShort, isSettled, scheduled > 0, let journal, journal < echo else { return nil }
        return
            "the journal reaches back \(Self.text(journal)) at this rate, and the longest echo needs \(Self.text(echo))"
    }

    /// What an operator should know of repetitions that come late.
    /// - Parameter lags: by how much each offset is late.
    static func alarm(lags: [Duration]) -> String? {
        guard let late = lags.max(), late > latest else { return nil }
        return "the link has no room for its echoes: they are late by \(text(late))"
    }

    /// One sentence each, for `check` and `status`.
    public var journalText: String {
        let holds = held.map { "holds \(Self.text($0))" } ?? "holds nothing yet"
        guard let journal, let bytesPerSecond else { return "\(holds); too young to tell how far it will reach" }
        return "\(holds); at \(bytesPerSecond) bytes/s it reaches back \(Self.text(journal))"
    }

    public var echoText: String {
        guard scheduled > 0 else { return "nothing is repeated by itself: echo is empty" }
        var words = "reaches back \(Self.text(reach))"
        if reach < echo, !isWhole {
            let expected = isCutShort || scarceBytes != nil ? reach : journal.map { min($0, echo) }
            let outlook =
                switch expected {
                case nil: " now, of \(Self.text(echo)) that are scheduled,"
                case echo?: " now, and \(Self.text(echo)) once the journal is that old,"
                case let most?:
                    " now, and not the scheduled \(Self.text(echo)): at most \(Self.text(max(most, reach))),"
                }
            words += outlook
        }
        words += " in \(scheduled) repetitions"
        return words + (room.map { "; the link has room for \($0)" } ?? "")
    }

    private static func text(bytes: UInt64) -> String {
        let units: [(name: String, shift: UInt64)] = [("GiB", 30), ("MiB", 20), ("KiB", 10)]
        guard let unit = units.first(where: { bytes >> $0.shift > 0 }) else { return "\(bytes) B" }
        let tenths = ((bytes >> (unit.shift - 10)) * 10) >> 10
        return tenths % 10 == 0 || tenths >= 1_000
            ? "\(tenths / 10) \(unit.name)" : "\(tenths / 10).\(tenths % 10) \(unit.name)"
    }

    /// The two largest units of a duration.
    private static func text(_ duration: Duration) -> String {
        guard duration >= .seconds(1) else { return "\(duration.milliseconds) ms" }
        let seconds = duration.components.seconds
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
        return words.joined(separator: " ")
    }
}
