import Account
import DiodeProtocol
import Time

// The void rule (ADR 0009). A sender that lost its power may have sent more than its journal kept. Its next epoch's beats
// say how far the old one was committed; whatever the receiver has or misses behind that mark is void, because the OT
// broker hands those messages over again and they get new numbers. Not so if the sender's beats said that it could not
// journal: then it may have acknowledged from memory, and what is missing is missing.
//
//   old epoch   ████████░░████████│██░░████░░░│
//                            committed         frontier
//                                 └── holes close without loss, what was released counts as repeated

extension EpochTrack {
    /// What a power loss at the sender took back.
    struct Voided: Sendable {
        /// Records that had been released, and that were missing or lost.
        var delivered: UInt64 = 0
        var absent: UInt64 = 0
        /// The holes that closed or were cut, as they were, each with its missing records behind the mark.
        var holes: [(hole: Hole, records: UInt64)] = []
    }

    /// The sender's journal has this epoch up to `mark` and nothing behind it.
    mutating func noteCommitted(_ last: SequenceNumber) { shedRuns.removeAll { $0.sequence <= last.rawValue } }

    /// Takes back what lies behind the last commit of an epoch that is over: holes there close without loss, what was
    /// released there counts as repeated, and the account ends at the mark.
    mutating func void(behind mark: Mark) -> Voided {
        var voided = Voided()
        announced = mark
        while let last = waiting.last, last.unit.lastBlock > mark.block {
            waitingBytes -= last.unit.content.count
            waiting.removeLast()
        }
        guard frontierBlock > mark.block else { return voided }
        var absentLost: UInt64 = 0
        while let hole = holes.last, hole.lastBlock > mark.block {
            let kept = hole.firstBlock > mark.block ? 0 : mark.sequence + 1 - min(hole.firstSequence, mark.sequence + 1)
            let end = hole.endSequence
            let records = hole.records - min(kept, hole.records)
            let cut = end - records..<end
            let absent = records - filled.count(in: cut)
            filled.remove(in: cut)
            if hole.isLost { absentLost += absent }
            voided.absent += absent
            voided.holes.append((hole, absent))
            guard hole.firstBlock <= mark.block else {
                holes.remove(at: holes.count - 1)
                continue
            }
            holes.change(holes.count - 1) {
                $0.lastBlock = mark.block
                $0.records -= records
                if $0.records == 0 { $0.gap = 0 }
            }
        }
        let span = frontierSequence - min(frontierSequence, max(mark.sequence, firstSequence - 1))
        let shed = shedRuns.reduce(0) { $1.sequence > mark.sequence ? $0 + $1.records : $0 }
        voided.delivered = span - min(span, voided.absent + shed)
        account.missing -= voided.absent - absentLost
        account.lost -= min(account.lost, absentLost + shed)
        let inOrder = min(account.delivered, voided.delivered)
        account.delivered -= inOrder
        account.late -= voided.delivered - inOrder
        account.repeated += voided.delivered
        shedRuns = []
        frontierBlock = mark.block
        frontierSequence = max(mark.sequence, firstSequence - 1)
        return voided
    }
}

extension GapTracker {
    /// The sender's journal has an epoch up to its last commit: as much can not become void any more.
    mutating func noteCommitted(_ summary: Beat.EpochSummary) {
        guard let index = tracks.firstIndex(where: { $0.epoch == summary.epoch }), !tracks[index].isFinal else {
            return
        }
        tracks[index].noteCommitted(summary.lastCommitted)
    }

    /// A beat of this epoch said whether acknowledged records are in the journal.
    mutating func noteDurability(_ isDurable: Bool, of epoch: Epoch) {
        guard !isDurable, let index = tracks.firstIndex(where: { $0.epoch == epoch }) else { return }
        tracks[index].wasUndurable = true
    }

    /// Applies the void rule to an epoch that is over.
    mutating func void(track index: Int, behind mark: EpochTrack.Mark, time: UnixMilliseconds) {
        let voided = tracks[index].void(behind: mark)
        endings += 1
        for (hole, records) in voided.holes where hole.gap != 0 && records > 0 {
            changeGap(hole.gap, time: time) { gap in
                if hole.isLost { gap.lost -= records } else { gap.missing -= records }
            }
        }
        guard voided.delivered > 0 || voided.absent > 0 else { return }
        events.append(
            .voided(
                tracks[index].epoch, behind: SequenceNumber(rawValue: mark.sequence), delivered: voided.delivered,
                absent: voided.absent))
    }
}
