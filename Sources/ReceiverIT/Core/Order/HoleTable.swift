internal import DiodeProtocol

/// The holes of one epoch, in ascending order, which of their records came without their block, and what of this changed since that
/// was last asked.
///
/// ```text
///  holes   ░░░░█░░░░      ░░░░░░█░░░        lost: given up, its records count as lost
///              └ filled: it came as a slot of the carousel
/// ```
///
/// Bounded by `GapTracker.Limits.holes` and `filledWords`. A hole is known by its first block, and no two share one.
struct HoleTable: Sendable {
    private var runs: [Hole] = []
    /// By first block; nil: there is no hole any more.
    private var changes: [UInt64: Hole?] = [:]
    /// Of the records in holes, those that came without their block.
    private var filled = FilledSequences()

    init() {}

    /// Goes on from what was stored, in any order.
    init(restoring holes: [Hole], filled: [UInt64: UInt64]) {
        runs = holes.sorted { $0.firstBlock < $1.firstBlock }
        self.filled = FilledSequences(restoring: filled)
    }

    // MARK: Questions

    var count: Int { runs.count }
    var first: Hole? { runs.first }
    var last: Hole? { runs.last }
    var indices: Range<Int> { runs.indices }
    subscript(index: Int) -> Hole { runs[index] }

    /// Words of 64 sequences that hold one which came without its block.
    var filledWords: Int { filled.words.count }

    /// Index of the first hole whose last block is `block` or later.
    func index(endingAtOrAfter block: UInt64) -> Int {
        var low = 0
        var high = runs.count
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].lastBlock < block { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Index of the hole in which the record of this sequence is missing; nil if it is not.
    func index(missing sequence: UInt64) -> Int? {
        let index = index(endingAfter: sequence)
        guard index < runs.count, runs[index].firstSequence <= sequence, !filled.contains(sequence) else { return nil }
        return index
    }

    /// Records of a hole that did not come: all of them but those that came without their block.
    func absentRecords(of hole: Hole) -> UInt64 { hole.records - filled.count(in: hole.sequences) }

    /// How many records of a range came without their block.
    func filledRecords(in range: Range<UInt64>) -> UInt64 { filled.count(in: range) }

    /// Goes over the holes that lie between two sequences, with the gap of each; 0 for one without a gap.
    /// - Parameter body: returns false when it needs no more.
    func forEachGap(after from: UInt64, before end: UInt64, _ body: (UInt64) -> Bool) {
        var index = index(endingAfter: from + 1)
        while index < runs.count, runs[index].firstSequence < end, body(runs[index].gap) { index += 1 }
    }

    /// Whether a unit's numbers fit the hole that its blocks lie in (W-24).
    func fits(_ unit: DecodedUnit, at index: Int) -> Bool {
        let hole = runs[index]
        guard unit.firstSequence >= hole.firstSequence else { return false }
        if unit.lastBlock > hole.lastBlock {
            guard unit.endSequence >= hole.endSequence else { return false }
        } else if unit.endSequence > hole.endSequence {
            return false
        }
        if unit.firstBlock == hole.firstBlock, unit.firstSequence != hole.firstSequence { return false }
        return unit.lastBlock != hole.lastBlock || unit.endSequence == hole.endSequence
    }

    // MARK: Changes

    mutating func append(_ hole: Hole) {
        runs.append(hole)
        changes[hole.firstBlock] = .some(hole)
    }

    @discardableResult
    mutating func removeLast() -> Hole { remove(at: runs.count - 1) }

    /// Takes a unit's blocks out of the hole that they lie in; what is left of it on either side stays.
    /// - Returns: the sequences of the unit whose records had come without it, ascending.
    mutating func remove(_ unit: DecodedUnit, from index: Int) -> [UInt64] {
        let hole = runs[index]
        var remaining: [Hole] = []
        if unit.firstBlock > hole.firstBlock {
            var left = hole
            left.lastBlock = unit.firstBlock - 1
            left.records = unit.firstSequence - hole.firstSequence
            if left.records == 0 { left.gap = 0 }
            remaining.append(left)
        }
        if unit.lastBlock < hole.lastBlock {
            var right = hole
            right.firstBlock = unit.lastBlock + 1
            right.firstSequence = unit.endSequence
            right.records = hole.endSequence - unit.endSequence
            if right.records == 0 { right.gap = 0 }
            remaining.append(right)
        }
        replace(index, with: remaining)
        let duplicates = filled.sequences(in: unit.firstSequence..<unit.endSequence)
        filled.remove(in: unit.firstSequence..<unit.endSequence)
        return duplicates
    }

    /// The record of one sequence of a hole came without its block.
    mutating func fill(_ sequence: UInt64) { filled.insert(sequence) }

    /// A hole ends later: at this block, with so many more records.
    mutating func extend(_ index: Int, to lastBlock: UInt64, by records: UInt64) {
        change(index) {
            $0.lastBlock = lastBlock
            $0.records += records
        }
    }

    /// The first hole begins so many records later.
    mutating func shortenFirst(by records: UInt64) {
        change(0) {
            $0.firstSequence += records
            $0.records -= records
        }
    }

    /// Gives a hole up: its records count as lost.
    /// - Returns: how many of them did not come.
    mutating func lose(_ index: Int) -> UInt64 {
        change(index) { $0.isLost = true }
        return absentRecords(of: runs[index])
    }

    /// Forgets the oldest hole, which was given up: nothing is accepted there any more.
    /// - Returns: the hole, and how many records of it never came.
    mutating func forgetFirst() -> (hole: Hole, absent: UInt64) {
        precondition(runs[0].isLost, "only a hole that was given up is forgotten")
        let hole = remove(at: 0)
        let absent = absentRecords(of: hole)
        filled.remove(in: hole.sequences)
        return (hole, absent)
    }

    /// Removes what lies behind a mark; the hole that the mark lies in ends there.
    /// - Returns: each hole that was changed, as it was, and how many of its records behind the mark had not come; the last hole first.
    mutating func cut(behind mark: EpochTrack.Mark) -> [(hole: Hole, records: UInt64)] {
        var cuts: [(hole: Hole, records: UInt64)] = []
        while let hole = last, hole.lastBlock > mark.block {
            let kept = hole.firstBlock > mark.block ? 0 : mark.sequence + 1 - min(hole.firstSequence, mark.sequence + 1)
            let end = hole.endSequence
            let records = hole.records - min(kept, hole.records)
            let absent = records - filled.count(in: end - records..<end)
            filled.remove(in: end - records..<end)
            cuts.append((hole, absent))
            guard hole.firstBlock <= mark.block else {
                removeLast()
                continue
            }
            change(runs.count - 1) {
                $0.lastBlock = mark.block
                $0.records -= records
                if $0.records == 0 { $0.gap = 0 }
            }
        }
        return cuts
    }

    // MARK: Storage

    /// Moves what changed since the last call into the changes of an epoch.
    mutating func takeChanges(of epoch: Epoch, into tracker: inout TrackerChanges) {
        if !changes.isEmpty {
            for (block, hole) in changes { tracker.holes[HoleKey(epoch: epoch, firstBlock: block)] = hole }
            changes = [:]
        }
        for (word, bits) in filled.takeChanges() { tracker.filled[FilledKey(epoch: epoch, word: word)] = bits }
    }

    /// Adds everything to the changes of an epoch.
    func addAll(of epoch: Epoch, to tracker: inout TrackerChanges) {
        for hole in runs { tracker.holes[HoleKey(epoch: epoch, firstBlock: hole.firstBlock)] = hole }
        for (word, bits) in filled.words { tracker.filled[FilledKey(epoch: epoch, word: word)] = bits }
    }

    // MARK: Parts

    /// Index of the first hole that ends behind a sequence.
    private func index(endingAfter sequence: UInt64) -> Int {
        var low = 0
        var high = runs.count
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].endSequence <= sequence { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Puts up to two holes into the place of one.
    private mutating func replace(_ index: Int, with holes: [Hole]) {
        changes[runs[index].firstBlock] = .some(nil)
        for hole in holes { changes[hole.firstBlock] = .some(hole) }
        if holes.count == 1 { runs[index] = holes[0] } else { runs.replaceSubrange(index...index, with: holes) }
    }

    private mutating func remove(at index: Int) -> Hole {
        changes[runs[index].firstBlock] = .some(nil)
        return runs.remove(at: index)
    }

    private mutating func change(_ index: Int, _ change: (inout Hole) -> Void) {
        var hole = runs[index]
        change(&hole)
        replace(index, with: [hole])
    }
}
