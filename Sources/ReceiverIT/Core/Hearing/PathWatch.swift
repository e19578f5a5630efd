internal import Account
internal import DiodeProtocol
internal import Time

/// Which path of a link brings what: symbols of all of them feed one decoder, so a path that is dead is nothing that a gap would show.
///
/// ```text
///  authentic frame, path ─▶ first of all paths?  ─▶ counts, skew
///                           each ten seconds      ─▶ loss: what others brought and this one did not
/// ```
///
/// Only what the sender signed counts: nobody keeps a dead path alive with frames that he made.
struct PathWatch: Sendable {
    /// What loss is measured over.
    private static let window = Duration.seconds(10)
    /// Fewer different frames in a window tell nothing of a share.
    private static let leastFrames: UInt64 = 100
    /// A path may lose so much more than the best one.
    private static let tolerance = 0.05

    private struct Path: Sendable {
        var report: PathReport
        var heardAt: MonotonicInstant?
        /// Frames in this window.
        var frames: UInt64 = 0
    }

    private var paths: [Path]
    /// Different frames in this window.
    private var different: UInt64 = 0
    private var windowEnds: MonotonicInstant
    private let since: MonotonicInstant

    /// - Parameter addresses: of the paths, in the order of their numbers; at least one.
    init(_ addresses: [String], now: MonotonicInstant) {
        paths = addresses.map { Path(report: PathReport(address: $0)) }
        windowEnds = now.advanced(by: Self.window)
        since = now
    }

    var isSeveral: Bool { paths.count > 1 }
    var reports: [PathReport] { paths.map(\.report) }

    /// The path that is first as a rule.
    var lead: Int { paths.indices.max { paths[$0].report.first < paths[$1].report.first } ?? 0 }

    /// An authentic frame came.
    /// - Parameters:
    ///   - isNew: no path had brought it before.
    ///   - skew: how long after the first frame of its transmission, where it is the first of it by this path.
    mutating func note(
        _ path: Int, isNew: Bool, skew: Duration?, now: MonotonicInstant, time: UnixMilliseconds
    ) {
        guard paths.indices.contains(path) else { return }
        paths[path].report.frames += 1
        if isNew {
            paths[path].report.first += 1
            different += 1
        }
        paths[path].frames += 1
        paths[path].heardAt = now
        paths[path].report.heardUntil = time
        if let skew { paths[path].report.skewMilliseconds = Double(skew / .microseconds(1)) / 1_000 }
    }

    /// Measures when a window is over.
    mutating func advance(now: MonotonicInstant) {
        guard windowEnds <= now else { return }
        windowEnds = now.advanced(by: Self.window)
        for index in paths.indices {
            paths[index].report.loss =
                different < Self.leastFrames || !isSeveral
                ? nil : 1 - Double(min(paths[index].frames, different)) / Double(different)
            paths[index].frames = 0
        }
        different = 0
    }

    /// What of the paths is not well, in words; nil: they all bring what they should, or none brings anything, which is the link's silence.
    func trouble(silence: Duration, now: MonotonicInstant) -> String? {
        guard isSeveral, let newest = paths.compactMap(\.heardAt).max(), newest.advanced(by: silence) > now else {
            return nil
        }
        for path in paths {
            guard (path.heardAt ?? since).advanced(by: silence) <= now else { continue }
            return "path \(path.report.address) brings nothing"
                + (path.heardAt == nil ? "" : " since \(path.report.heardUntil.map(CalendarTime.text) ?? "")")
        }
        let least = paths.compactMap(\.report.loss).min() ?? 0
        guard let worst = paths.max(by: { $0.report.loss ?? 0 < $1.report.loss ?? 0 }), let loss = worst.report.loss,
            loss - least > Self.tolerance
        else { return nil }
        return "path \(worst.report.address) loses \(Int((loss * 100).rounded()))% of what another brings"
    }
}
