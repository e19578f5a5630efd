import DiodeProtocol
import Time

// What the sender says of its whole state: slices make the replica equal to it, checkpoints show whether that is so.
//
//   slice ──▶ WaitingSlices ── live has come as far ──▶ SliceApplier ──▶ RoundWatch: whole, settled
//   checkpoint, in its place in live ──▶ Replica.agrees ──▶ DigestWatch

extension ReceiverCore {
    /// Takes a slice; it is applied once live has come as far.
    mutating func takeSlice(_ unit: DecodedUnit) {
        guard memory.snapshot.isBeyond(unit.id) else { return tallies.surplus += 1 }
        guard memory.snapshot.agrees(with: unit.id) else { return noteEquivocation(unit) }
        let heading: SliceHeading
        do throws(ContentError) {
            heading = try SliceContent(decoding: unit.content.span.bytes, with: &hasher).heading
        } catch { return count(error) }
        memory.snapshot.accept(unit)
        tallies.snapshotBlocks += unit.lastBlock - unit.firstBlock + 1
        memory.slices.append(WaitingSlices.Slice(heading: heading, content: unit.content))
    }

    /// Applies the slices whose records are decided.
    mutating func applySlices(now: MonotonicInstant, time: UnixMilliseconds) {
        while let slice = memory.slices.takeReady(memory.tracker, beat: memory.beat.epoch) {
            var applier = SliceApplier(slice.heading, now: now, time: time)
            do throws(ContentError) {
                let content = try SliceContent(decoding: slice.content.span.bytes, with: &hasher)
                applier.apply(content, slice.content, to: &memory, &committer, with: &hasher)
            } catch {
                preconditionFailure("a slice is checked before it waits")
            }
            nameMissing()
            noteTrackerEvents()
            note(applier.outcome, of: slice.heading)
            let whole = memory.rounds.note(slice.heading, isMissing: memory.tracker.account.missing > 0)
            if let whole { memory.replica.noteWhole(upTo: whole) }
        }
    }

    /// Versions that were passed over say which topics' records a gap swallowed.
    mutating func nameMissing() {
        for jump in memory.replica.takeJumps() {
            let gaps = memory.tracker.gaps(after: jump.after, before: jump.before)
            memory.gapTopics.note(jump.topic, records: jump.records, in: gaps)
        }
    }

    private mutating func note(_ outcome: SliceApplier.Outcome, of heading: SliceHeading) {
        tallies.slices += 1
        tallies.records += outcome.filled
        tallies.filledRecords += outcome.filled
        tallies.untrackedRecords += outcome.untracked
        tallies.skippedItems += outcome.skipped
        if outcome.diverged > 0 { committer.note(.diverged(slots: outcome.diverged, at: heading.capture)) }
    }

    /// A checkpoint was passed in its place.
    mutating func note(_ comparison: DigestComparison, time: UnixMilliseconds) {
        // A beat of its epoch says where the epochs before it ended; as long as that is not decided, nobody can say either.
        let isComparable =
            memory.tracker.account.missing == 0 && memory.replica.untracked == 0
            && memory.beat.epoch >= comparison.at.epoch && memory.tracker.hasDecided(upTo: comparison.at)
        let isNews = memory.digest.note(
            comparison, isComparable: isComparable, isSettled: memory.rounds.isSettled, time: time)
        if isNews { committer.note(.digest(matches: comparison.isEqual, at: comparison.at)) }
    }

    /// A gap opened or closed, or records became void: what the replica lacks is not known.
    mutating func disturb() {
        memory.rounds.disturb(memory.tracker.frontier)
        memory.digest.disturb()
    }
}
