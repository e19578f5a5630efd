import DiodeProtocol

// A slot of the carousel is the record that it holds (DESIGN D6): where that record is missing, the slot fills its sequence. Its block
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

    /// Whether the record of a stamp lies in a gap. Of any other that `hasDecided` covers, the record was released, or filled its
    /// sequence already, or lies where nothing is accounted for any more.
    func isMissing(_ stamp: Stamp) -> Bool {
        guard let index = indexOfTrack(stamp.epoch) else { return false }
        return tracks[index].hole(missing: stamp.sequence.rawValue) != nil
    }

    /// The record of a missing stamp came as a slot.
    mutating func fill(_ stamp: Stamp, time: UnixMilliseconds) {
        guard let index = indexOfTrack(stamp.epoch),
            let hole = tracks[index].hole(missing: stamp.sequence.rawValue)
        else { preconditionFailure("only what is missing is filled") }
        let run = tracks[index].holes[hole]
        tracks[index].fill(hole: hole, sequence: stamp.sequence.rawValue)
        changeGap(run.gap, time: time, healing: .snapshot) { gap in
            if run.isLost { gap.lost -= 1 } else { gap.missing -= 1 }
        }
        shedFilled(time: time)
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
