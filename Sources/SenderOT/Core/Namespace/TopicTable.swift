internal import Collections
internal import DiodeProtocol
internal import Time

/// The two slots of a topic.
struct TopicSlots: Sendable {
    var retained = NamespaceSlots.Value()
    var event = NamespaceSlots.Value()

    /// The newer stamp of the two.
    var newest: Stamp { max(retained.stamp, event.stamp) }
    var contentBytes: Int { retained.content.count + event.content.count }
    fileprivate var heldRetained: Int { retained.state == .held ? 1 : 0 }
    fileprivate var held: Int { heldRetained + (event.state == .held ? 1 : 0) }
}

/// Topics and their slots, each at a place that it keeps until it is removed, and what all of them count.
///
/// ```text
/// topic ─▶ TopicIndex ─▶ place ─▶ topic │ version │ retained │ event │ what gate and fetches remember of it
/// hash  ─▶ TopicOrder ───▲                     (a free place has an empty topic)
/// ```
///
/// Every change of slots or versions goes through `change` and `setVersion`, so that the counts are right at any time.
struct TopicTable: ~Copyable {
    struct Entry: Sendable {
        /// Empty if the place is free.
        fileprivate(set) var topic: [UInt8] = []
        /// How many records the topic has had.
        fileprivate(set) var version: UInt64 = 0
        fileprivate(set) var slots = TopicSlots()
        /// How the policy admitted the topic, as `NamespaceSlots` writes it; 0 if it was not asked.
        fileprivate(set) var admission: UInt32 = 0
        /// The newest fetch of the retained set that the topic was in.
        fileprivate(set) var seenIn: UInt32 = 0

        var isFree: Bool { topic.isEmpty }
    }

    /// What a topic counts beside its name and values.
    static let bytesPerTopic = 300

    private var entries: [Entry] = []
    private var free: [Int] = []
    private var index = TopicIndex()
    private var order = TopicOrder()
    private var hasher = SymbolHasher()
    /// Names, values, and `bytesPerTopic` for each topic.
    private(set) var bytes = 0
    /// Σ versions.
    private(set) var versions: UInt64 = 0
    /// Values held, tombstones aside.
    private(set) var slotCount = 0
    /// Retained values held.
    private(set) var retainedCount = 0

    var topicCount: Int { index.count }
    /// Places 0… up to here are topics, or free.
    var placeCount: Int { entries.count }

    subscript(place: Int) -> Entry {
        _read { yield entries[place] }
    }

    func find(_ topic: RawSpan) -> Int? { find(topic, TopicIndex.hash(topic)) }

    private func find(_ topic: RawSpan, _ hash: UInt32) -> Int? {
        index.find(hash) { place in
            let held = entries[place].topic
            return held.span.bytes.isEqual(to: topic)
        }
    }

    /// Takes in a topic, if it is not there and the limits allow another one.
    mutating func insert(_ topic: RawSpan, within limits: NamespaceSlots.Limits) -> Int? {
        let hash = TopicIndex.hash(topic)
        if let found = find(topic, hash) { return found }
        guard topicCount < limits.topics, bytes + Self.bytesPerTopic + topic.byteCount <= limits.bytes else {
            return nil
        }
        return insertNew(topic, hash)
    }

    /// Takes in a topic, if it is not there.
    /// - Parameters:
    ///   - wanted: the place that it should have; places in between become free. It gets another one if that is taken or not below
    ///     `maximumPlace`, and any if this is nil.
    /// - Returns: nil if another topic has its hash.
    mutating func insert(_ topic: RawSpan, at wanted: Int?, below maximumPlace: Int) -> Int? {
        let hash = TopicIndex.hash(topic)
        if let found = find(topic, hash) { return found }
        if let wanted, wanted > entries.count, wanted < maximumPlace {
            while entries.count < wanted {
                free.append(entries.count)
                entries.append(Entry())
            }
        }
        return insertNew(topic, hash, atEnd: wanted == entries.count)
    }

    private mutating func insertNew(_ topic: RawSpan, _ hash: UInt32, atEnd: Bool = false) -> Int? {
        let place = atEnd ? entries.count : free.last ?? entries.count
        guard topic.byteCount > 0, order.insert(hasher.topicHash(topic), place) else { return nil }
        if place < entries.count { free.removeLast() } else { entries.append(Entry()) }
        entries[place].topic = [UInt8](copying: topic)
        index.insert(place, hash)
        bytes += Self.bytesPerTopic + topic.byteCount
        return place
    }

    /// Removes a topic and frees its place.
    mutating func remove(_ place: Int) {
        let topic = entries[place].topic
        order.remove(hasher.topicHash(topic.span.bytes))
        index.remove(place, TopicIndex.hash(topic.span.bytes))
        change(place) { $0 = TopicSlots() }
        setVersion(0, of: place)
        entries[place] = Entry()
        bytes -= Self.bytesPerTopic + topic.count
        free.append(place)
    }

    /// Changes the slots of a topic.
    @inline(__always)
    mutating func change(_ place: Int, _ body: (inout TopicSlots) -> Void) {
        // Never a copy of the slots: their buffers would be shared, and the change would have to allocate.
        let bytesBefore = entries[place].slots.contentBytes
        let heldBefore = entries[place].slots.held
        let retainedBefore = entries[place].slots.heldRetained
        body(&entries[place].slots)
        bytes += entries[place].slots.contentBytes - bytesBefore
        slotCount += entries[place].slots.held - heldBefore
        retainedCount += entries[place].slots.heldRetained - retainedBefore
    }

    mutating func setVersion(_ version: UInt64, of place: Int) {
        versions = versions - entries[place].version + version
        entries[place].version = version
    }

    mutating func noteAdmission(_ admission: UInt32, of place: Int) { entries[place].admission = admission }

    mutating func noteSeen(_ place: Int, in fetch: UInt32) { entries[place].seenIn = fetch }

    // In the order of hashes.

    func position(from hash: TopicHash) -> TopicOrder.Position { order.position(from: hash) }
    func next(_ position: TopicOrder.Position) -> TopicOrder.Position { order.next(position) }
    func topic(at position: TopicOrder.Position) -> (hash: TopicHash, place: Int)? { order.topic(at: position) }
}
