package import Account
package import Time

/// Makes episodes of gaps.
///
/// ```text
///  gap opens ─▶ an episode of its cause took one less than 5 s ago ─▶ joins it, and nobody is told
///            └▶ else ─▶ an episode opens: told
///  gap closes ─▶ in its episode; of an earlier process ─▶ in an episode of closings
///  quiet for 5 s, and nothing of it open ─▶ told, forgotten
/// ```
/// Bounded: an episode takes at most 1,000 gaps and is then as if quiet; there are no more episodes than open gaps and causes.
package struct GapEpisodes: Sendable {
    static let quiet = Duration.seconds(5)
    static let runLimit = 1_000

    private struct Place: Sendable {
        var episode: GapEpisode
        var lastAt: MonotonicInstant
        /// Whether its opening was told.
        let isOpening: Bool
    }

    private var places: [UInt64: Place] = [:]
    /// Of each open gap, and of those that closed and may close again, by the gap.
    private var episodes: [UInt64: UInt64] = [:]
    private var next: UInt64 = 0

    package init() {}

    /// A gap opened.
    /// - Returns: the episode, if one opens with it.
    package mutating func open(_ gap: Gap, now: MonotonicInstant) -> GapEpisode? {
        if let key = taking(gap.cause, isOpening: true, now: now) {
            join(gap, key, now: now)
            return nil
        }
        let key = begin(gap, at: gap.openedAt, isOpening: true, now: now)
        return places[key]?.episode
    }

    /// More of a gap is missing, or all of it is decided.
    package mutating func change(_ gap: Gap, now: MonotonicInstant) {
        if let key = episodes[gap.id] { return join(gap, key, now: now) }
        guard let closedAt = gap.closedAt else { return }
        if let key = taking(gap.cause, isOpening: false, now: now) { return join(gap, key, now: now) }
        begin(gap, at: closedAt, isOpening: false, now: now)
    }

    /// - Parameter isEnding: nothing more comes, so that nobody waits for quiet.
    /// - Returns: the episodes that are over, in the order in which they opened.
    package mutating func takeClosed(now: MonotonicInstant, isEnding: Bool = false) -> [GapEpisode] {
        var closed: [GapEpisode] = []
        for (key, place) in places.sorted(by: { $0.key < $1.key })
        where place.episode.missing == 0 && (isEnding || isQuiet(place, now)) {
            places[key] = nil
            for run in place.episode.runs { episodes[run.gap] = nil }
            closed.append(place.episode)
        }
        return closed
    }

    private func isQuiet(_ place: Place, _ now: MonotonicInstant) -> Bool {
        place.lastAt.advanced(by: Self.quiet) <= now || place.episode.runs.count >= Self.runLimit
    }

    private func taking(_ cause: Gap.Cause, isOpening: Bool, now: MonotonicInstant) -> UInt64? {
        places.first {
            $0.value.episode.cause == cause && $0.value.isOpening == isOpening && !isQuiet($0.value, now)
        }?.key
    }

    @discardableResult
    private mutating func begin(
        _ gap: Gap, at time: UnixMilliseconds, isOpening: Bool, now: MonotonicInstant
    ) -> UInt64 {
        next += 1
        let episode = GapEpisode(cause: gap.cause, openedAt: time)
        places[next] = Place(episode: episode, lastAt: now, isOpening: isOpening)
        join(gap, next, now: now)
        return next
    }

    private mutating func join(_ gap: Gap, _ key: UInt64, now: MonotonicInstant) {
        guard var place = places[key] else { return }
        // Nearly always the newest.
        if let index = place.episode.runs.lastIndex(where: { $0.gap == gap.id }) {
            place.episode.runs[index] = GapEpisode.Run(gap)
        } else {
            place.episode.runs.append(GapEpisode.Run(gap))
            place.lastAt = now
        }
        if gap.state != .open {
            place.episode.closedAt = gap.closedAt ?? place.episode.closedAt
            place.episode.healedBy = gap.healedBy ?? place.episode.healedBy
        }
        places[key] = place
        episodes[gap.id] = key
    }
}
