internal import DiodeProtocol
internal import Time

/// Finds a second sender with the same key that has an epoch of its own: one of the two has the older epoch, and its beats go
/// on although the newer epoch has begun (W-21).
///
/// ```text
/// epoch 7   ●───●───●───●───────────●───●       a clock after the succession: somebody still speaks here
/// epoch 9                   ○───○───○───○
///                           └ succession: the later of both clocks, as the beats said
/// ```
///
/// Only the signed clock counts, so that beats which were recorded and are played again later prove nothing. Where a clock was set back
/// between the two epochs it proves nothing either, and nothing is said.
struct RivalWatch: Sendable {
    /// An epoch may have ended some beats after the newest that was heard of it, and these may come last.
    private static let periods: UInt64 = 3
    /// Two machines' clocks may differ by this much, milliseconds; more is a clock that was set back.
    private static let tolerance: UInt64 = 3_600_000
    /// It is said again if it goes on; between, beats of the older epoch cost no verification.
    private static let pause = Duration.seconds(60)

    /// The epoch before the one that lives, and when that one began.
    private struct Succession {
        let older: Epoch
        let clock: UnixMilliseconds
    }

    /// The latest clock of the living epoch.
    private var latest: UnixMilliseconds?
    private var succession: Succession?
    private var looksFrom: MonotonicInstant?

    /// - Parameter heard: the newest beat that an earlier process accepted.
    init(heard: Beat?) { latest = heard?.clock }

    /// A beat of the living epoch was accepted.
    /// - Parameter older: the epoch before, if this beat is the first of a new one.
    mutating func note(_ beat: Beat, after older: Epoch?) {
        if let older {
            succession = latest.flatMap { latest in
                latest.rawValue > Self.tolerance && beat.clock.rawValue < latest.rawValue - Self.tolerance
                    ? nil : Succession(older: older, clock: max(latest, beat.clock))
            }
            (latest, looksFrom) = (nil, nil)
        }
        latest = max(latest ?? beat.clock, beat.clock)
    }

    /// Whether beats of an epoch that is over are worth a verification.
    func looks(at epoch: Epoch, now: MonotonicInstant) -> Bool {
        succession?.older == epoch && looksFrom.map { $0 <= now } ?? true
    }

    /// Whether this beat of an epoch that is over is that of a second sender; said once a minute.
    mutating func isRival(_ beat: Beat, of epoch: Epoch, now: MonotonicInstant) -> Bool {
        guard looks(at: epoch, now: now), let began = succession?.clock, beat.clock > began,
            beat.clock.rawValue - began.rawValue > Self.periods * min(beat.periodMilliseconds, 1 << 32)
        else { return false }
        looksFrom = now.advanced(by: Self.pause)
        return true
    }
}
