import DiodeProtocol
import Time

extension GapTracker {
    /// Gives up what the sender has no memory of: its database was lost or an older one was put back, so that no journal holds these
    /// epochs any more and nothing will fill their holes (D9).
    ///
    /// ```text
    ///  known here     5   7   8   9
    ///  beat of 12     5   7          12       8 and 9 are superseded
    /// ```
    /// - Parameters:
    ///   - listed: the beat's epochs; the oldest ones may be left out, which it says by `older`.
    ///   - newest: the epoch of the beat.
    /// - Returns: the epochs that are superseded, whenever a beat says so.
    mutating func supersede(
        by newest: Epoch, listed: [Beat.EpochSummary], older: Beat.Pair?, time: UnixMilliseconds
    ) -> [Epoch] {
        // A sender that does not know its epochs yet says nothing about them.
        guard let oldestListed = listed.map(\.epoch).min() else { return [] }
        let isWhole = (older?.first ?? 0) == 0
        let remembered = Set(listed.map(\.epoch))
        var superseded: [Epoch] = []
        for index in tracks.indices {
            let epoch = tracks[index].epoch
            guard epoch < newest, !remembered.contains(epoch), isWhole || epoch > oldestListed else { continue }
            superseded.append(epoch)
            if !tracks[index].isFinal {
                tracks[index].isFinal = true
                tracks[index].endedAt = time
                endings += 1
            }
            for hole in tracks[index].holes.indices { lose(track: index, hole: hole, time: time) }
        }
        return superseded
    }
}
