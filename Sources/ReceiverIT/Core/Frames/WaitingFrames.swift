internal import DiodeProtocol

/// Frames whose transmission is not settled and that wait for a verification: at most `limitBytes` and `limitFrames`.
///
/// Three classes: frames that are due are drawn first, and implausible ones (W-23) leave first when room is needed. Within
/// a class chance decides, so that a flood gets no more than its share. Frames of one transmission are chained, so that all
/// of them are found when it is settled.
///
/// What is due is worth going first because it cannot be many: a forger who guesses right has eight tries a second for each of a few numbers,
/// and whoever does not leaves the genuine frames among themselves.
struct WaitingFrames {
    enum Class: Int, CaseIterable {
        /// Of a block that the sender makes about now: its number is within ``dueBlocks`` of the newest that is known.
        case due = 0
        case plausible, implausible
    }

    /// Ahead of the newest stand 64 numbers in each of three channels: with eight tries a second for each, forgers get at most
    /// 1,536 verifications a second for them.
    static let dueBlocks: UInt64 = 64

    /// A frame, and the path that it came by.
    struct Frame {
        var bytes: [UInt8] = []
        var path = 0
    }

    private struct Entry {
        var frame = Frame()
        var id: TransmissionID
        var rank: Class
        /// Where the entry stands in `order[rank]`.
        var place = 0
        var next = -1
        var previous = -1
    }

    private static let bucketCount = 4_096

    let limitBytes: Int
    let limitFrames: Int
    private(set) var byteCount = 0
    private var entries: [Entry] = []
    private var free: [Int] = []
    /// Entries by class, in no order.
    private var order: [[Int]] = [[], [], []]
    private var buckets: [Int] = []
    private var random: SplitMix64

    init(limitBytes: Int = 8 << 20, limitFrames: Int = 16_384, seed: UInt64) {
        self.limitBytes = limitBytes
        self.limitFrames = limitFrames
        random = SplitMix64(state: seed)
    }

    var count: Int { order.reduce(0) { $0 + $1.count } }
    var isEmpty: Bool { order.allSatisfy(\.isEmpty) }

    /// Whether none waits that a frame of this class has to let go first.
    func isFirst(_ rank: Class) -> Bool { order[..<rank.rawValue].allSatisfy(\.isEmpty) }

    /// Keeps a copy of a frame. Where there is no room, chance picks who leaves.
    /// - Returns: how many frames did not stay (this one may be among them).
    mutating func insert(_ bytes: RawSpan, id: TransmissionID, path: Int = 0, rank: Class) -> Int {
        guard bytes.byteCount <= limitBytes else { return 1 }
        if buckets.isEmpty { buckets = Array(repeating: -1, count: Self.bucketCount) }
        var left = 0
        while byteCount + bytes.byteCount > limitBytes || count >= limitFrames {
            guard let victim = victim(for: rank) else { return left + 1 }
            remove(victim)
            left += 1
        }
        let slot = free.popLast() ?? entries.count
        if slot == entries.count { entries.append(Entry(id: id, rank: rank)) }
        entries[slot].id = id
        entries[slot].rank = rank
        bytes.withUnsafeBytes { entries[slot].frame = Frame(bytes: Array($0), path: path) }
        entries[slot].place = order[rank.rawValue].count
        order[rank.rawValue].append(slot)
        byteCount += bytes.byteCount
        link(slot)
        return left
    }

    /// Who leaves for a frame: one of the worst class that waits, unless all that wait are better than the newcomer.
    private mutating func victim(for rank: Class) -> Int? {
        for worst in Class.allCases.reversed() where worst.rawValue >= rank.rawValue {
            if let victim = order[worst.rawValue].randomElement(using: &random) { return victim }
        }
        return nil
    }

    /// Draws a frame of a class; it stays.
    mutating func pick(_ rank: Class) -> Int? { order[rank.rawValue].randomElement(using: &random) }

    func id(of slot: Int) -> TransmissionID { entries[slot].id }

    /// Moves a frame out.
    mutating func take(_ slot: Int) -> Frame {
        var frame = Frame()
        swap(&frame, &entries[slot].frame)
        byteCount -= frame.bytes.count
        unlink(slot)
        return frame
    }

    private mutating func remove(_ slot: Int) {
        byteCount -= entries[slot].frame.bytes.count
        entries[slot].frame = Frame()
        unlink(slot)
    }

    mutating func removeAll() {
        for rank in Class.allCases { while let slot = order[rank.rawValue].last { remove(slot) } }
    }

    /// The next waiting frame of a transmission, if there is one.
    func first(of id: TransmissionID) -> Int? {
        guard !buckets.isEmpty else { return nil }
        var slot = buckets[Self.bucket(of: id)]
        while slot >= 0, entries[slot].id != id { slot = entries[slot].next }
        return slot >= 0 ? slot : nil
    }

    private mutating func link(_ slot: Int) {
        let bucket = Self.bucket(of: entries[slot].id)
        entries[slot].next = buckets[bucket]
        entries[slot].previous = -1
        if buckets[bucket] >= 0 { entries[buckets[bucket]].previous = slot }
        buckets[bucket] = slot
    }

    private mutating func unlink(_ slot: Int) {
        let entry = (next: entries[slot].next, previous: entries[slot].previous)
        if entry.next >= 0 { entries[entry.next].previous = entry.previous }
        if entry.previous >= 0 {
            entries[entry.previous].next = entry.next
        } else {
            buckets[Self.bucket(of: entries[slot].id)] = entry.next
        }
        let rank = entries[slot].rank.rawValue
        let place = entries[slot].place
        if let last = order[rank].popLast(), last != slot {
            order[rank][place] = last
            entries[last].place = place
        }
        free.append(slot)
    }

    private static func bucket(of id: TransmissionID) -> Int {
        // `hashValue` is seeded for each process, so that nobody outside can fill one bucket on purpose.
        id.hashValue & (bucketCount - 1)
    }
}

/// A small generator whose whole state is its seed (SplitMix64): who is drawn can be replayed in a test.
struct SplitMix64: RandomNumberGenerator, Sendable {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
