internal import Account
internal import DiodeProtocol
internal import Time

/// Finds a second sender with the same key that has an epoch of its own: one of the two has the older epoch, and its beats go
/// on although the newer epoch has begun (W-21).
///
/// ```text
/// epoch 7   ●───●───●───●───────────●───●       a clock after `since`: somebody still speaks here
/// epoch 9                   ○───○───○───○
///                           └ since: the later of both clocks, as the beats said; of 9 alone where it was heard first
/// ```
///
/// Only the signed clock counts, so that beats which were recorded and are played again later prove nothing. Where a clock was set back
/// between the two epochs it proves nothing either, and nothing is said.
struct RivalWatch: Sendable {
    /// An epoch may have ended some beats after the newest that was heard of it, and these may come last.
    private static let periods: UInt64 = 3
    /// Two machines' clocks may differ by this much, milliseconds; more is a clock that was set back.
    private static let tolerance: UInt64 = 3_600_000
    /// It is said again if it goes on; between, beats of an older epoch cost no verification.
    private static let pause = Duration.seconds(60)
    /// Of `since`: no clock proves anything.
    private static let never = UnixMilliseconds(rawValue: 1 << 62)

    /// The latest clock of the living epoch.
    private var latest: UnixMilliseconds?
    /// From this clock on the living epoch alone should speak; nil before the first beat. Stored: a second sender would
    /// else be forgotten with each restart of the receiver.
    private(set) var since: UnixMilliseconds?
    private var looksFrom: MonotonicInstant?

    /// - Parameters:
    ///   - heard: the newest beat that an earlier process accepted.
    ///   - since: what an earlier process knew; of one that did not store it, the clock of that beat does as well.
    init(heard: Beat?, since: UnixMilliseconds?) {
        latest = heard?.clock
        self.since = since ?? heard?.clock
    }

    /// A beat of the living epoch was accepted.
    /// - Parameter isFirst: it is the first of a new epoch.
    mutating func note(_ beat: Beat, isFirst: Bool) {
        if isFirst {
            since = latest.map { latest in
                latest.rawValue > Self.tolerance && beat.clock.rawValue < latest.rawValue - Self.tolerance
                    ? Self.never : max(latest, beat.clock)
            }
            since = since ?? beat.clock
            (latest, looksFrom) = (nil, nil)
        }
        latest = max(latest ?? beat.clock, beat.clock)
    }

    /// Whether beats of an epoch that is over are worth a verification.
    func looks(now: MonotonicInstant) -> Bool { since != nil && looksFrom.map { $0 <= now } ?? true }

    /// Whether this beat of an epoch that is over is that of a second sender; said once a minute.
    mutating func isRival(_ beat: Beat, now: MonotonicInstant) -> Bool {
        guard looks(now: now), let since else { return false }
        // Who speaks beside the living epoch has about its clock. A beat far ahead of that is from before a clock was set back.
        guard beat.clock > since, beat.clock.rawValue.minus((latest ?? since).rawValue) <= Self.tolerance,
            beat.clock.rawValue - since.rawValue > Self.periods * min(beat.periodMilliseconds, 1 << 32)
        else { return false }
        looksFrom = now.advanced(by: Self.pause)
        return true
    }
}
