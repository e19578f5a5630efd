public import DiodeProtocol
public import Time

/// The last known values of every exported topic: what a snapshot says, and what decides whether a fetched value is news.
///
/// ```text
/// topic ─▶ version │ retained: value or tombstone, or nothing │ last event, or nothing
///   │
///   ├─ TopicIndex: by its bytes                 SlotDigest.swift: what a checkpoint says of all
///   └─ TopicOrder: by its hash, for slices      SlotChanges.swift: what of it is on disk
/// ```
///
/// A retained publish fills the retained slot, an empty one turns it into a tombstone; any other publish fills the event
/// slot and leaves the retained one alone. A slot bears the stamp of its record. A topic whose tombstone has grown old is
/// forgotten: its version moves to `forgotten`. Memory: about 300 bytes a topic, its name, and the values; a value is
/// replaced in place, so nothing is allocated while values keep their size.
///
/// Invariants: `topicCount` ≤ `limits.topics` and `heldBytes` ≤ `limits.bytes`, unless more came back from disk; what would break
/// them is refused here and shed by the core, numbered and named. `versions` + `forgotten` is the number of records that took a sequence.
public struct NamespaceSlots: ~Copyable {
    /// What bounds the memory.
    public struct Limits: Sendable, Equatable {
        /// At least 1.
        public var topics: Int
        /// Names, values and 300 bytes for each topic.
        public var bytes: Int

        public init(topics: Int = 1_000_000, bytes: Int = 2 << 30) {
            self.topics = topics
            self.bytes = bytes
        }
    }

    /// Names a topic that is held; valid until it is forgotten.
    public struct TopicID: Hashable, Sendable {
        let index: Int
    }

    struct Entry {
        /// Empty if the place is free.
        var topic: [UInt8] = []
        var version: UInt64 = 0
        /// What its slots added to the digest.
        var digest = StateDigest()
        var retained = Value()
        var event = Value()
        var admittedBy: UInt32 = 0
        /// It waits in `changed`.
        var isChanged = false
        /// It waits in `undigested`.
        var isUndigested = false
        /// The newest fetch of the retained set that it was in.
        var seenIn: UInt32 = 0

        var isFree: Bool { topic.isEmpty }
        var heldRetained: Int { retained.state == .held ? 1 : 0 }
        var heldSlots: Int { heldRetained + (event.state == .held ? 1 : 0) }
        var newest: Stamp { max(retained.stamp, event.stamp) }
        var contentBytes: Int { retained.content.count + event.content.count }
    }

    var entries: [Entry] = []
    private var free: [Int] = []
    private var index = TopicIndex()
    private(set) var order = TopicOrder()
    var hasher = SymbolHasher()
    /// Topics that changed since they were last written, and the block that the first change since then is in.
    var changed = FIFO<(index: Int, block: BlockNumber)>()
    /// Versions that moved to `forgotten`, by the place whose row on disk still holds them.
    var unwrittenForgotten: [Int: UInt64] = [:]
    /// The sum of those.
    var unwrittenForgottenSum: UInt64 = 0
    /// Topics that changed since they were last hashed.
    var undigested = FIFO<Int>()
    var digest = StateDigest()
    public let limits: Limits
    /// Accounted as `Limits.bytes` says.
    public internal(set) var heldBytes = 0
    /// Σ versions of the topics held.
    public internal(set) var versions: UInt64 = 0
    /// Σ versions of the topics that were forgotten, and records shed for topics that never had a place.
    public internal(set) var forgotten: UInt64 = 0
    /// Values held, tombstones aside.
    public internal(set) var slotCount = 0
    /// Retained values held.
    private(set) var retainedCount = 0

    static let bytesPerTopic = 300

    public init(limits: Limits = Limits()) {
        precondition(limits.topics > 0 && limits.topics < 1 << 31, "a table holds 1…2³¹ topics")
        self.limits = limits
    }

    /// Topics held, those that are only a tombstone included.
    public var topicCount: Int { index.count }

    /// Whether no new topic finds room.
    var isFull: Bool { topicCount >= limits.topics || heldBytes + Self.bytesPerTopic + 64 > limits.bytes }

    /// - Returns: nil if the topic is not held.
    public func find(_ topic: RawSpan) -> TopicID? { find(topic, TopicIndex.hash(topic)) }

    private func find(_ topic: RawSpan, _ hash: UInt32) -> TopicID? {
        let place = index.find(hash) { place in
            let held = entries[place].topic
            return held.span.bytes.isEqual(to: topic)
        }
        return place.map { TopicID(index: $0) }
    }

    /// Takes in a topic.
    /// - Returns: nil if that would break a limit.
    public mutating func insert(_ topic: RawSpan) -> TopicID? {
        let hash = TopicIndex.hash(topic)
        if let found = find(topic, hash) { return found }
        guard topicCount < limits.topics, heldBytes + Self.bytesPerTopic + topic.byteCount <= limits.bytes else {
            return nil
        }
        return insertNew(topic, hash)
    }

    /// Takes in a topic that was held before this start, whatever the limits are now: they bind new topics only.
    /// - Parameter wanted: the place that it has on disk; places in between become free. It gets another one if that is taken or
    ///   unreasonable, and any if this is nil.
    /// - Returns: nil if another topic has its hash.
    mutating func insertAgain(_ topic: RawSpan, at wanted: Int? = nil) -> TopicID? {
        let hash = TopicIndex.hash(topic)
        if let found = find(topic, hash) { return found }
        if let wanted, wanted > entries.count, wanted < limits.topics + 1 << 20 {
            while entries.count < wanted {
                free.append(entries.count)
                entries.append(Entry())
            }
        }
        return insertNew(topic, hash, atEnd: wanted == entries.count)
    }

    private mutating func insertNew(_ topic: RawSpan, _ hash: UInt32, atEnd: Bool = false) -> TopicID? {
        let place = atEnd ? entries.count : free.last ?? entries.count
        guard topic.byteCount > 0, order.insert(hasher.topicHash(topic), place) else { return nil }
        if place < entries.count { free.removeLast() } else { entries.append(Entry()) }
        entries[place].topic = topic.withUnsafeBytes { Array($0) }
        index.insert(place, hash)
        heldBytes += Self.bytesPerTopic + topic.byteCount
        return TopicID(index: place)
    }

    /// How this generation of the policy admitted the topic; nil if it was not asked.
    func passage(_ id: TopicID, by generation: Int) -> ExportPolicy.Passage? {
        let code = entries[id.index].admittedBy
        guard code >> 12 == Self.word(generation) else { return nil }
        return ExportPolicy.Passage(rule: Int(code >> 1 & 0x7FF), isSparkplug: code & 1 != 0)
    }

    /// Remembers how the policy admitted the topic, so that it is not asked again until it changes.
    mutating func admit(_ id: TopicID, as passage: ExportPolicy.Passage, by generation: Int) {
        entries[id.index].admittedBy =
            Self.word(generation) << 12 | UInt32(passage.rule & 0x7FF) << 1 | (passage.isSparkplug ? 1 : 0)
    }

    /// 1…2²⁰ − 1, as no policy is changed so often: 0 is that of a topic nobody asked for.
    private static func word(_ generation: Int) -> UInt32 { UInt32(generation % 0xF_FFFF + 1) }

    /// Whether the limits allow this content.
    public func hasRoom(for content: borrowing Content, in id: TopicID) -> Bool {
        heldBytes - replaced(by: content, in: id) + content.byteCount <= limits.bytes
    }

    /// How many bytes the topic's name and values have.
    func topicBytes(_ id: TopicID) -> Int { entries[id.index].topic.count + entries[id.index].contentBytes }

    /// How many bytes the topic's name and values would have with this content.
    func topicBytes(with content: borrowing Content, in id: TopicID) -> Int {
        entries[id.index].topic.count + entries[id.index].contentBytes - replaced(by: content, in: id)
            + content.byteCount
    }

    private func replaced(by content: borrowing Content, in id: TopicID) -> Int {
        content.retain ? entries[id.index].retained.content.count : entries[id.index].event.content.count
    }

    /// Counts one more record of the topic.
    /// - Parameter block: the one that the record is in.
    public mutating func nextVersion(_ id: TopicID, in block: BlockNumber) -> TopicVersion {
        noteChange(id.index, in: block)
        entries[id.index].version += 1
        versions += 1
        return TopicVersion(rawValue: entries[id.index].version)
    }

    /// Notes that the record just counted is not held, and when it came.
    mutating func noteShed(_ id: TopicID, time: UnixMilliseconds) { entries[id.index].retained.noteShed(time) }

    /// Counts records of a topic that has no place.
    public mutating func countUnnamed(_ records: UInt64 = 1) { forgotten += records }

    /// Puts a record's content into its slot. There must be room.
    /// - Parameter version: the record's; nil for the one that was counted last.
    public mutating func store(
        _ content: borrowing Content, in id: TopicID, stamp: Stamp, version: TopicVersion? = nil, time: UnixMilliseconds
    ) {
        put(content, in: id, stamp: stamp, version: version ?? self.version(id), time: time)
        precondition(heldBytes <= limits.bytes, "the caller asked for room")
    }

    mutating func put(
        _ content: borrowing Content, in id: TopicID, stamp: Stamp, version: TopicVersion, time: UnixMilliseconds
    ) {
        change(id.index) { entry in
            if content.retain {
                entry.retained.set(content, stamp: stamp, version: version, time: time)
            } else {
                entry.event.set(content, stamp: stamp, version: version, time: time)
            }
        }
    }

    /// Changes slots, and what is counted of them.
    @inline(__always)
    mutating func change(_ place: Int, _ body: (inout Entry) -> Void) {
        let before = (entries[place].contentBytes, entries[place].heldSlots, entries[place].heldRetained)
        body(&entries[place])
        heldBytes += entries[place].contentBytes - before.0
        slotCount += entries[place].heldSlots - before.1
        retainedCount += entries[place].heldRetained - before.2
        guard !entries[place].isUndigested else { return }
        entries[place].isUndigested = true
        undigested.append(place)
    }

    /// Whether a value from the retained set is news: the topic's retained slot is not newer than `sequence` of this
    /// epoch, and holds something else.
    /// - Parameter time: when it came.
    public func isNews(
        _ content: borrowing Content, for id: TopicID, since stamp: Stamp, at time: UnixMilliseconds
    ) -> Bool {
        let slot = entries[id.index].retained
        return (slot.state == .empty || slot.stamp <= stamp) && !slot.isEqual(to: content, received: time)
    }

    /// The topic's name.
    public func topic(_ id: TopicID) -> [UInt8] { entries[id.index].topic }
    /// How many records the topic has had.
    public func version(_ id: TopicID) -> TopicVersion { TopicVersion(rawValue: entries[id.index].version) }
    /// The retained value or its tombstone.
    public func retained(_ id: TopicID) -> Value { entries[id.index].retained }
    /// The last event.
    public func event(_ id: TopicID) -> Value { entries[id.index].event }

    // What the broker retains no more.

    /// Notes that the broker still retains a value of the topic.
    mutating func see(_ id: TopicID, in fetch: UInt32) { entries[id.index].seenIn = fetch }

    /// Whether a retained value, not newer than `stamp`, was not in a fetch.
    func isUnseen(_ id: TopicID, in fetch: UInt32, since stamp: Stamp) -> Bool {
        let entry = entries[id.index]
        return entry.retained.state == .held && entry.seenIn != fetch && entry.retained.stamp <= stamp
    }

    /// All of those, and how many topics have a retained value at all.
    func unseen(in fetch: UInt32, since stamp: Stamp) -> (topics: [TopicID], retained: Int) {
        var found: [TopicID] = []
        var retained = 0
        for index in entries.indices where entries[index].retained.state == .held {
            // States are the sender's own: no broker retains them.
            guard !entries[index].topic.starts(with: StateTopic.prefix) else { continue }
            retained += 1
            if isUnseen(TopicID(index: index), in: fetch, since: stamp) { found.append(TopicID(index: index)) }
        }
        return (found, retained)
    }

    // What is forgotten.

    /// Forgets a tombstone that is older than a time: the topic with it, if it holds nothing else. One that waits to be
    /// written is left until it is on disk: what is in the journal behind the table must find it there.
    /// - Parameter block: the one that is open.
    mutating func forget(_ id: TopicID, before horizon: UnixMilliseconds, in block: BlockNumber) {
        let entry = entries[id.index]
        guard entry.retained.state != .held, entry.retained.time < horizon, !entry.isChanged, !entry.isFree else {
            return
        }
        guard entry.event.state == .empty else {
            guard entry.retained.state == .tombstone else { return }
            noteChange(id.index, in: block)
            return change(id.index) { $0.retained = Value() }
        }
        noteChange(id.index, in: block)
        forget(entry.version, at: id.index)
        versions -= entry.version
        removeTopic(id.index)
    }

    /// Whether `forget` would forget something.
    func isForgettable(_ id: TopicID, before horizon: UnixMilliseconds) -> Bool {
        entries[id.index].retained.state != .held && entries[id.index].retained.time < horizon
            && !entries[id.index].isChanged
            && (entries[id.index].event.state == .empty || entries[id.index].retained.state == .tombstone)
    }

    /// Frees a topic's place. What waits under it in `changed` and `undigested` stays there.
    private mutating func removeTopic(_ place: Int) {
        let topic = entries[place].topic
        order.remove(hasher.topicHash(topic.span.bytes))
        index.remove(place, TopicIndex.hash(topic.span.bytes))
        change(place) { entry in
            entry.retained = Value()
            entry.event = Value()
            entry.topic = []
            entry.version = 0
            entry.admittedBy = 0
            entry.seenIn = 0
        }
        heldBytes -= Self.bytesPerTopic + topic.count
        free.append(place)
    }

    /// Gives up values until the topic's name and values fit, the event first: only a path that became narrower between two
    /// starts makes that necessary.
    mutating func shrink(_ id: TopicID, to bytes: Int, in block: BlockNumber) {
        guard topicBytes(id) > bytes else { return }
        noteChange(id.index, in: block)
        change(id.index) { $0.event = Value() }
        if topicBytes(id) > bytes { change(id.index) { $0.retained = Value() } }
    }

    /// Gives up the last event: its topic is not exported any more.
    mutating func clearEvent(_ id: TopicID, in block: BlockNumber) {
        guard entries[id.index].event.state != .empty else { return }
        noteChange(id.index, in: block)
        change(id.index) { $0.event = Value() }
    }

    mutating func noteChange(_ place: Int, in block: BlockNumber) {
        guard !entries[place].isChanged else { return }
        entries[place].isChanged = true
        changed.append((place, block))
    }
}
