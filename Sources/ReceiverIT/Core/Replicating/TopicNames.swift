import DiodeProtocol

/// Finds topics by their bytes, each at a place that it keeps until it is removed.
///
/// Open addressing over one arena of names; a place that was freed is used again. Names of removed topics stay in the arena until they are
/// half of it.
struct TopicNames: Sendable {
    private struct Entry: Sendable {
        var start = 0
        /// 0: the place is free.
        var count = 0
        var hash = 0
    }

    private var entries: [Entry] = []
    private var free: [Int] = []
    private var arena: [UInt8] = []
    /// Bytes of the names that are there.
    private(set) var byteCount = 0
    /// −1 or an index into `entries`; a power of two, at most half full.
    private var table = [Int](repeating: -1, count: 1_024)

    init() {}

    /// Places, free ones included.
    var places: Int { entries.count }
    var count: Int { entries.count - free.count }

    func isFree(_ place: Int) -> Bool { entries[place].count == 0 }

    func find(_ name: RawSpan) -> Int? {
        let hash = Self.hash(name)
        var slot = hash & (table.count - 1)
        while table[slot] >= 0 {
            let entry = entries[table[slot]]
            if entry.hash == hash, entry.count == name.byteCount,
                arena.span.bytes.extracting(entry.start..<entry.start + entry.count).isEqual(to: name)
            {
                return table[slot]
            }
            slot = (slot + 1) & (table.count - 1)
        }
        return nil
    }

    /// Adds a name that is not there yet.
    /// - Parameter wanted: a place at or behind the last one; nil for any.
    /// - Returns: its place.
    mutating func insert(_ name: RawSpan, at wanted: Int? = nil) -> Int {
        if let wanted {
            while entries.count < wanted {
                free.append(entries.count)
                entries.append(Entry())
            }
        }
        let place = wanted ?? free.popLast() ?? entries.count
        if place == entries.count { entries.append(Entry()) }
        entries[place] = Entry(start: arena.count, count: name.byteCount, hash: Self.hash(name))
        name.withUnsafeBytes { arena.append(contentsOf: $0) }
        byteCount += name.byteCount
        if count * 2 > table.count { rebuildTable(table.count * 2) } else { enter(place) }
        return place
    }

    mutating func remove(_ place: Int) {
        // Whatever stands behind it in its run is entered anew, so that no search stops at the empty slot.
        var slot = entries[place].hash & (table.count - 1)
        while table[slot] != place { slot = (slot + 1) & (table.count - 1) }
        table[slot] = -1
        slot = (slot + 1) & (table.count - 1)
        while table[slot] >= 0 {
            let moved = table[slot]
            table[slot] = -1
            enter(moved)
            slot = (slot + 1) & (table.count - 1)
        }
        byteCount -= entries[place].count
        entries[place] = Entry()
        free.append(place)
        if arena.count > 65_536, arena.count > 2 * byteCount { compact() }
    }

    func name(_ place: Int) -> [UInt8] {
        Array(arena[entries[place].start..<entries[place].start + entries[place].count])
    }

    private mutating func enter(_ place: Int) {
        var slot = entries[place].hash & (table.count - 1)
        while table[slot] >= 0 { slot = (slot + 1) & (table.count - 1) }
        table[slot] = place
    }

    private mutating func rebuildTable(_ capacity: Int) {
        table = [Int](repeating: -1, count: capacity)
        for place in entries.indices where entries[place].count > 0 { enter(place) }
    }

    private mutating func compact() {
        var compacted: [UInt8] = []
        compacted.reserveCapacity(byteCount)
        for place in entries.indices where entries[place].count > 0 {
            let entry = entries[place]
            entries[place].start = compacted.count
            compacted.append(contentsOf: arena[entry.start..<entry.start + entry.count])
        }
        arena = compacted
    }

    /// The standard library's hash, seeded for each process: whoever chooses topic names cannot choose their places.
    private static func hash(_ name: RawSpan) -> Int {
        var hasher = Hasher()
        name.withUnsafeBytes { hasher.combine(bytes: $0) }
        return hasher.finalize()
    }
}
