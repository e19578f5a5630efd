internal import Account
internal import DiodeProtocol
internal import Time

/// How late beats come: the receiver's monotonic time elapsed less the sender's signed monotonic time elapsed, since the best beat (D16).
///
/// ```text
/// sender     0 ────── 10 ────── 20 ────── 30        uptime, as signed
/// receiver   5 ────── 15 ────── 25 ────────── 48    when it came
/// offset     5         5         5            18    receiver − sender; the least is the best
/// lag        0         0         0            13 s
/// ```
/// Neither wall clock enters into it, so a step of one changes nothing. What is measured is a difference: a link that was slow from the first beat of an
/// epoch on shows no lag. The best offset rises by 200 millionths of the time, which is as much as two machines' crystals may differ; so a lag that stays is
/// forgotten at 17 s a day. A machine that stood still without its clock knowing (a virtual machine that was paused) looks like a link that got
/// slower, until that is forgotten or a new epoch begins.
///
/// A sender of before version 1's `uptime` signs its wall clock alone, which stands in for it: set back, it begins a new measure; set forward, it hides
/// what lag there was.
///
/// Constant memory, constant time for each beat.
struct BeatLag: Sendable {
    /// Millionths.
    private static let drift: Int64 = 200
    /// Milliseconds beyond which no clock is believed, so that no difference overflows.
    private static let longest: UInt64 = 1 << 61

    /// A beat: what the sender's clock said, and what ours did, in milliseconds.
    private struct Mark: Sendable {
        let sender, receiver: Int64

        var offset: Int64 { receiver - sender }

        /// What the offset may have become by now, by drift alone.
        func offset(at now: Int64) -> Int64 { offset + max(0, now - receiver) / (1_000_000 / BeatLag.drift) }
    }

    private var best: Mark?
    private var newest: Mark?
    private var hasUptime = false
    /// nil before the second beat of a measure.
    private(set) var lag: Lag?

    /// A beat of the newest epoch was accepted.
    /// - Parameter isFirst: it is the first of its epoch: another clock may have signed it.
    mutating func note(_ beat: Beat, isFirst: Bool, now: MonotonicInstant) {
        let signed = beat.uptimeMilliseconds
        let mark = Mark(
            sender: Int64(min(signed ?? beat.clock.rawValue, Self.longest)),
            receiver: Int64(clamping: now.nanoseconds / 1_000_000))
        let goesOn = !isFirst && hasUptime == (signed != nil) && newest.map { $0.sender < mark.sender } ?? false
        hasUptime = signed != nil
        guard goesOn, let before = newest, let known = best else {
            (best, newest, lag) = (mark, mark, nil)
            return
        }
        let least = known.offset(at: mark.receiver)
        if mark.offset <= least { best = mark }
        // A hundredth of the time between two beats is a jitter.
        let growth = mark.offset - before.offset
        lag = Lag(
            age: .milliseconds(max(0, mark.offset - least)),
            isGrowing: growth > max(1, (mark.receiver - before.receiver) / 100))
        newest = mark
    }
}
