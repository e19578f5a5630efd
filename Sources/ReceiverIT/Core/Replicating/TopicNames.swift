internal import DiodeProtocol

/// Finds topics by their bytes, each at a place that it keeps until it is removed.
///
/// ```text
/// topic ─▶ TopicIndex ─▶ place ─▶ start, count ─▶ arena: the names of all topics, one behind the other
/// ```
///
/// A place that was freed is used again. Names of removed topics stay in the arena until they are half of it.
struct TopicNames: Sendable {
    private struct Entry: Sendable {
        var start = 0
        /// 0: the place is free.
        var count = 0
    }

    private var entries: [Entry] = []
    private var free: [Int] = []
    private var arena: [UInt8] = []
    private var index = TopicIndex()
    /// Bytes of the names that are there.
    private(set) var byteCount = 0

    init() {}

    /// Places, free ones included.
    var places: Int { entries.count }
    var count: Int { index.count }

    func isFree(_ place: Int) -> Bool { entries[place].count == 0 }

    func find(_ name: RawSpan) -> Int? {
        index.find(TopicIndex.hash(name)) { place in
            let entry = entries[place]
            return entry.count == name.byteCount
                && arena.span.bytes.extracting(entry.start..<entry.start + entry.count).isEqual(to: name)
        }
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
        entries[place] = Entry(start: arena.count, count: name.byteCount)
        name.withUnsafeBytes { arena.append(contentsOf: $0) }
        byteCount += name.byteCount
        index.insert(place, TopicIndex.hash(name))
        return place
    }

    mutating func remove(_ place: Int) {
        let entry = entries[place]
        index.remove(
            place, TopicIndex.hash(arena.span.bytes.extracting(entry.start..<entry.start + entry.count)))
        byteCount -= entry.count
        entries[place] = Entry()
        free.append(place)
        if arena.count > 65_536, arena.count > 2 * byteCount { compact() }
    }

    func name(_ place: Int) -> [UInt8] {
        Array(arena[entries[place].start..<entries[place].start + entries[place].count])
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
}
