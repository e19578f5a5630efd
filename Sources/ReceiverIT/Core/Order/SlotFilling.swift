import Account
import DiodeProtocol
import Time

// A slot of the carousel is the record that it holds (ADR 0013): where that record is missing, the slot fills its sequence. Its block
// stays open, so that an echo still brings the block's other records; this one is a duplicate there.
//
//   live    ███████░░░░░░░░░█████│        decided up to the frontier
//   slots      ▲       ▲             ▲
//              decided missing: filled   undecided: its slice has to wait

extension GapTracker {
    /// Whether everything up to this stamp is decided, in its epoch and in all before it. A beat of its epoch has to have come: it lists
    /// the epochs before.
    func hasDecided(upTo stamp: Stamp) -> Bool {
        for track in tracks where track.epoch < stamp.epoch {
            guard track.waiting.isEmpty, !track.hasTail else { return false }
        }
        guard stamp.sequence.rawValue > 0 else { return true }
        guard let index = indexOfTrack(stamp.epoch) else { return isFolded(stamp.epoch) }
        return tracks[index].frontierSequence >= stamp.sequence.rawValue
    }

    /// Whether live never comes as far as this stamp: its epoch is over and ended before it, or no epoch is known by that name.
    func neverDecides(upTo stamp: Stamp) -> Bool {
        guard let newest = newestEpoch, stamp.epoch < newest, stamp.sequence.rawValue > 0 else { return false }
        guard let index = indexOfTrack(stamp.epoch) else { return !isFolded(stamp.epoch) }
        let track = tracks[index]
        return track.isFinal && stamp.sequence.rawValue > max(track.frontierSequence, track.announced?.sequence ?? 0)
    }

    /// Whether the record of a stamp lies in a gap. Of any other that `hasDecided` covers, the record was released, or filled its
    /// sequence already, or lies where nothing is accounted for any more.
    func isMissing(_ stamp: Stamp) -> Bool {
        guard let index = indexOfTrack(stamp.epoch) else { return false }
        return tracks[index].hole(missing: stamp.sequence.rawValue) != nil
    }

    /// The record of a missing stamp came as a slot.
    /// - Returns: the gap that it was missing in.
    @discardableResult
    mutating func fill(_ stamp: Stamp, time: UnixMilliseconds) -> UInt64 {
        guard let index = indexOfTrack(stamp.epoch),
            let hole = tracks[index].hole(missing: stamp.sequence.rawValue)
        else { preconditionFailure("only what is missing is filled") }
        let run = tracks[index].holes[hole]
        tracks[index].fill(hole: hole, sequence: stamp.sequence.rawValue)
        changeGap(run.gap, time: time, healing: .snapshot) { gap in
            if run.isLost { gap.lost -= 1 } else { gap.missing -= 1 }
        }
        shedFilled(time: time)
        return run.gap
    }

    /// Gaps with holes between two stamps, at most 64; they are open or lost.
    func gaps(after: Stamp, before: Stamp) -> [UInt64] {
        var found: [UInt64] = []
        for track in tracks where after.epoch <= track.epoch && track.epoch <= before.epoch {
            let from = track.epoch == after.epoch ? after.sequence.rawValue : 0
            let end = track.epoch == before.epoch ? before.sequence.rawValue : .max
            var index = track.holes.indexOfHole(endingAfter: from + 1)
            while index < track.holes.count, track.holes[index].firstSequence < end, found.count < 64 {
                let gap = track.holes[index].gap
                if gaps[gap] != nil, found.last != gap { found.append(gap) }
                index += 1
            }
        }
        return found
    }

    /// The newest record that is decided, of the newest epoch.
    var frontier: Stamp? {
        tracks.last.map { Stamp(epoch: $0.epoch, sequence: SequenceNumber(rawValue: $0.frontierSequence)) }
    }

    private func isFolded(_ epoch: Epoch) -> Bool { tracks.first.map { epoch < $0.epoch } ?? false }

    /// Keeps the table of filled sequences within its limit.
    private mutating func shedFilled(time: UnixMilliseconds) {
        while tracks.reduce(0, { $0 + $1.filled.words.count }) > limits.filledWords,
            let index = tracks.firstIndex(where: { $0.filled.count > 0 })
        {
            giveUpOldestHole(track: index, time: time)
        }
    }
}
