/// The holes of one epoch, in ascending order, and which of them changed since that was last asked.
///
/// Bounded by `GapTracker.Limits.holes`. A hole is known by its first block, and no two share one.
struct HoleTable: Sendable, RandomAccessCollection {
    private var runs: [Hole] = []
    /// By first block; nil: there is no hole any more.
    private var changes: [UInt64: Hole?] = [:]

    init() {}

    /// Takes over what was stored, in any order.
    init(restoring holes: [Hole]) { runs = holes.sorted { $0.firstBlock < $1.firstBlock } }

    var startIndex: Int { 0 }
    var endIndex: Int { runs.count }
    subscript(index: Int) -> Hole { runs[index] }

    /// Index of the first hole that ends behind a sequence.
    func indexOfHole(endingAfter sequence: UInt64) -> Int {
        var low = 0
        var high = runs.count
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].endSequence <= sequence { low = middle + 1 } else { high = middle }
        }
        return low
    }

    mutating func append(_ hole: Hole) {
        runs.append(hole)
        changes[hole.firstBlock] = .some(hole)
    }

    /// Puts up to two holes into the place of one.
    mutating func replace(_ index: Int, with holes: [Hole]) {
        changes[runs[index].firstBlock] = .some(nil)
        for hole in holes { changes[hole.firstBlock] = .some(hole) }
        if holes.count == 1 { runs[index] = holes[0] } else { runs.replaceSubrange(index...index, with: holes) }
    }

    @discardableResult
    mutating func remove(at index: Int) -> Hole {
        changes[runs[index].firstBlock] = .some(nil)
        return runs.remove(at: index)
    }

    mutating func change(_ index: Int, _ change: (inout Hole) -> Void) {
        var hole = runs[index]
        change(&hole)
        replace(index, with: [hole])
    }

    /// Moves out what changed since the last call.
    mutating func takeChanges() -> [UInt64: Hole?] {
        guard !changes.isEmpty else { return [:] }
        defer { changes = [:] }
        return changes
    }
}
