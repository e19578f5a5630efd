/// Sequences of one epoch that lie in holes and whose records came by themselves, as slots of the carousel: an echo of their
/// block is accepted, and they are duplicates in it.
///
/// ```text
/// hole   ░░░░░░█░░░░░░░░█░░░░        words of 64 sequences, only those with a bit set:
///              ▲ filled ▲            16 bytes each in a dictionary, and a row on disk
/// ```
///
/// Bounded by `GapTracker.Limits.filledWords`; beyond, the oldest hole with such records is lost and forgotten.
package struct FilledSequences: Sendable {
    private(set) var words: [UInt64: UInt64] = [:]
    /// By word; 0: it is gone.
    private var changes: [UInt64: UInt64] = [:]
    private(set) var count: UInt64 = 0

    init() {}

    /// Goes on from what was stored.
    package init(restoring words: [UInt64: UInt64]) {
        self.words = words
        count = words.values.reduce(0) { $0 + UInt64($1.nonzeroBitCount) }
    }

    func contains(_ sequence: UInt64) -> Bool { words[sequence / 64, default: 0] & Self.bit(sequence) != 0 }

    mutating func insert(_ sequence: UInt64) {
        guard !contains(sequence) else { return }
        set(sequence / 64, words[sequence / 64, default: 0] | Self.bit(sequence))
        count += 1
    }

    /// How many lie in a range.
    package func count(in range: Range<UInt64>) -> UInt64 {
        guard count > 0, !range.isEmpty else { return 0 }
        var sum: UInt64 = 0
        forEachWord(in: range) { sum += UInt64(($1 & Self.mask(range, word: $0)).nonzeroBitCount) }
        return sum
    }

    /// Those in a range, ascending.
    func sequences(in range: Range<UInt64>) -> [UInt64] {
        guard count > 0, !range.isEmpty else { return [] }
        var found: [UInt64] = []
        forEachWord(in: range) { word, bits in
            var bits = bits & Self.mask(range, word: word)
            while bits != 0 {
                found.append(word * 64 + UInt64(bits.trailingZeroBitCount))
                bits &= bits - 1
            }
        }
        return found.sorted()
    }

    /// Forgets those in a range: their blocks came, or nothing is accepted there any more.
    mutating func remove(in range: Range<UInt64>) {
        guard count > 0, !range.isEmpty else { return }
        var touched: [(word: UInt64, bits: UInt64)] = []
        forEachWord(in: range) { word, bits in
            let mask = Self.mask(range, word: word)
            if bits & mask != 0 { touched.append((word, bits & mask)) }
        }
        for (word, bits) in touched {
            set(word, words[word, default: 0] & ~bits)
            count -= UInt64(bits.nonzeroBitCount)
        }
    }

    /// Moves out what changed since the last call.
    mutating func takeChanges() -> [UInt64: UInt64] {
        guard !changes.isEmpty else { return [:] }
        defer { changes = [:] }
        return changes
    }

    private mutating func set(_ word: UInt64, _ bits: UInt64) {
        words[word] = bits == 0 ? nil : bits
        changes[word] = bits
    }

    /// Goes over the words of a range, or over all words where those are fewer.
    private func forEachWord(in range: Range<UInt64>, _ body: (_ word: UInt64, _ bits: UInt64) -> Void) {
        let (first, last) = (range.lowerBound / 64, (range.upperBound - 1) / 64)
        if last - first < UInt64(words.count) {
            for word in first...last {
                if let bits = words[word] { body(word, bits) }
            }
        } else {
            for (word, bits) in words where first <= word && word <= last { body(word, bits) }
        }
    }

    private static func bit(_ sequence: UInt64) -> UInt64 { 1 << (sequence % 64) }

    /// The bits of a word that a range covers.
    private static func mask(_ range: Range<UInt64>, word: UInt64) -> UInt64 {
        let (from, end) = (word * 64, word * 64 + 64)
        let low = max(range.lowerBound, from) - from
        let high = min(range.upperBound, end) - from
        guard low < high else { return 0 }
        let upper: UInt64 = high == 64 ? .max : (1 << high) - 1
        return upper & ~((1 << low) - 1)
    }
}
