/// Which topics changed since they were last written, as one bit each, and how far a checkpoint has swept over them.
///
/// A checkpoint is one sweep from the first topic to the last. When it has ended, every topic that was marked when it began
/// has been moved out; one that is marked behind the sweep waits for the next. So a million topics are written in
/// order, a few thousand at a time, and no list of them is ever sorted or copied.
struct DirtyTopics: Sendable {
    private var bits: [UInt64] = []
    private(set) var count = 0
    /// Where the sweep is: a word of `bits`; nil between checkpoints.
    private var sweep: Int?
    private var mustBegin = false

    mutating func mark(_ index: Int) {
        let (word, bit) = (index / 64, UInt64(1) << (index % 64))
        while word >= bits.count { bits.append(0) }
        guard bits[word] & bit == 0 else { return }
        bits[word] |= bit
        count += 1
    }

    /// Gives up the sweep that is under way; the next step begins anew, also where nothing is marked.
    mutating func restart() {
        sweep = nil
        mustBegin = true
    }

    /// Moves out marked topics, in ascending order, until about `limit` of them; ends the sweep if nothing is left.
    mutating func step(mayBegin: Bool, limit: Int) -> (LinkChanges.Checkpoint, [Int]) {
        var step = LinkChanges.Checkpoint()
        if sweep == nil {
            guard mustBegin || mayBegin && count > 0 else { return (step, []) }
            mustBegin = false
            sweep = 0
            step.begins = true
        }
        var word = sweep ?? 0
        var indices: [Int] = []
        while word < bits.count, indices.count < limit {
            while bits[word] != 0 {
                let bit = bits[word].trailingZeroBitCount
                bits[word] &= bits[word] - 1
                indices.append(word * 64 + bit)
            }
            word += 1
        }
        count -= indices.count
        step.ends = word == bits.count
        sweep = step.ends ? nil : word
        return (step, indices)
    }
}
