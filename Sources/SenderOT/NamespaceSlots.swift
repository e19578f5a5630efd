public import DiodeProtocol

/// The last known values of every exported topic: what a snapshot says, and what decides whether a fetched value is news.
///
/// ```text
/// topic ─▶ version │ retained: value or tombstone, or nothing │ last event, or nothing
/// ```
///
/// A retained publish fills the retained slot, an empty one turns it into a tombstone; any other publish fills the event
/// slot and leaves the retained one alone. A slot bears the stamp of its record. Memory: about 200 bytes a topic, its
/// name, and the values; a value is replaced in place, so nothing is allocated while values keep their size.
///
/// Invariant: `topicCount` ≤ `limits.topics` and `heldBytes` ≤ `limits.bytes`. What would break it is refused here and
/// shed by the core, numbered and named.
public struct NamespaceSlots: ~Copyable {
    /// What bounds the memory.
    public struct Limits: Sendable, Equatable {
        /// At least 1.
        public var topics: Int
        /// Names, values and 200 bytes for each topic.
        public var bytes: Int

        public init(topics: Int = 1_000_000, bytes: Int = 2 << 30) {
            self.topics = topics
            self.bytes = bytes
        }
    }

    /// Names a topic that is held; valid as long as the slots are.
    public struct TopicID: Hashable, Sendable {
        fileprivate let index: Int
    }

    /// The content of one slot.
    public struct Value: Sendable {
        public fileprivate(set) var stamp = Stamp(
            epoch: Epoch(rawValue: 0), sequence: SequenceNumber(rawValue: 0))
        public fileprivate(set) var time = UnixMilliseconds(rawValue: 0)
        public fileprivate(set) var qos = QualityOfService.atMostOnce
        /// How many bytes of `content` are properties; the payload follows.
        public fileprivate(set) var propertiesBytes = 0
        public fileprivate(set) var content: [UInt8] = []
        public fileprivate(set) var state = State.empty

        /// A tombstone has a stamp and no content.
        public enum State: UInt8, Sendable { case empty, held, tombstone }

        /// Takes what was kept on disk.
        mutating func set(
            state: State, qos: QualityOfService, propertiesBytes: Int, stamp: Stamp, time: UnixMilliseconds,
            content: [UInt8]
        ) {
            self.state = state
            self.qos = qos
            self.propertiesBytes = propertiesBytes
            self.stamp = stamp
            self.time = time
            self.content = content
        }
    }

    /// What is to be put into a slot.
    public struct Content: ~Escapable {
        public let properties: RawSpan
        public let payload: RawSpan
        public let qos: QualityOfService
        public let retain: Bool

        @_lifetime(copy properties, copy payload)
        public init(properties: RawSpan, payload: RawSpan, qos: QualityOfService, retain: Bool) {
            self.properties = properties
            self.payload = payload
            self.qos = qos
            self.retain = retain
        }

        var byteCount: Int { properties.byteCount + payload.byteCount }
        /// A retained publish without payload deletes (MQTT-3.3.1-6).
        var isDeletion: Bool { retain && payload.byteCount == 0 }
    }

    private struct Entry {
        let topic: [UInt8]
        var version: UInt64 = 0
        var admittedBy = 0
        /// It waits in `changed`.
        var isChanged = false
        /// The newest fetch of the retained set that it was in.
        var seenIn: UInt32 = 0
        var retained = Value()
        var event = Value()
    }

    /// Topics are found by open addressing: each bucket holds 32 bits of the hash and the entry's index + 1, 0 if free.
    private var buckets = [UInt64](repeating: 0, count: 64)
    private var entries: [Entry] = []
    /// Topics that changed since they were last written, and the block that the first change since then is in.
    private var changed = FIFO<(index: Int, block: BlockNumber)>()
    public let limits: Limits
    /// Accounted as `Limits.bytes` says.
    public private(set) var heldBytes = 0

    private static let bytesPerTopic = 200

    public init(limits: Limits = Limits()) {
        precondition(limits.topics > 0 && limits.topics < 1 << 31, "a table holds 1…2³¹ topics")
        self.limits = limits
    }

    /// Topics held, those that are only a tombstone included.
    public var topicCount: Int { entries.count }

    /// - Returns: nil if the topic is not held.
    public func find(_ topic: RawSpan) -> TopicID? {
        let (bucket, _) = probe(topic)
        let found = buckets[bucket]
        return found == 0 ? nil : TopicID(index: Self.index(found))
    }

    /// Takes in a topic.
    /// - Returns: nil if that would break a limit.
    public mutating func insert(_ topic: RawSpan) -> TopicID? {
        var (bucket, hash) = probe(topic)
        if buckets[bucket] != 0 { return TopicID(index: Self.index(buckets[bucket])) }
        let cost = Self.bytesPerTopic + topic.byteCount
        guard entries.count < limits.topics, heldBytes + cost <= limits.bytes else { return nil }
        if (entries.count + 1) * 2 > buckets.count {
            grow()
            (bucket, hash) = probe(topic)
        }
        buckets[bucket] = Self.bucket(hash: hash, index: entries.count)
        entries.append(Entry(topic: topic.withUnsafeBytes { Array($0) }))
        heldBytes += cost
        return TopicID(index: entries.count - 1)
    }

    /// Whether the topic was admitted by this generation of the policy.
    public func isAdmitted(_ id: TopicID, by generation: Int) -> Bool { entries[id.index].admittedBy == generation }

    /// Remembers that the policy admitted the topic, so that it is not asked again until it changes.
    public mutating func admit(_ id: TopicID, by generation: Int) { entries[id.index].admittedBy = generation }

    /// Whether the limits allow this content.
    public func hasRoom(for content: borrowing Content, in id: TopicID) -> Bool {
        let before = content.retain ? entries[id.index].retained.content.count : entries[id.index].event.content.count
        return heldBytes - before + content.byteCount <= limits.bytes
    }

    /// Counts one more record of the topic.
    /// - Parameter block: the one that the record is in.
    public mutating func nextVersion(_ id: TopicID, in block: BlockNumber) -> TopicVersion {
        noteChange(id.index, in: block)
        entries[id.index].version += 1
        return TopicVersion(rawValue: entries[id.index].version)
    }

    /// Puts a record's content into its slot. There must be room.
    public mutating func store(
        _ content: borrowing Content, in id: TopicID, stamp: Stamp, time: UnixMilliseconds
    ) {
        if content.retain {
            heldBytes += Self.replace(&entries[id.index].retained, content, stamp, time)
        } else {
            heldBytes += Self.replace(&entries[id.index].event, content, stamp, time)
        }
        precondition(heldBytes <= limits.bytes, "the caller asked for room")
    }

    /// Whether a value from the retained set is news: the topic's retained slot is not newer than `sequence` of this
    /// epoch, and holds something else.
    public func isNews(_ content: borrowing Content, for id: TopicID, since stamp: Stamp) -> Bool {
        let slot = entries[id.index].retained
        if slot.state != .empty, slot.stamp > stamp { return false }
        guard slot.state == .held, slot.qos == content.qos, slot.propertiesBytes == content.properties.byteCount,
            slot.content.count == content.byteCount
        else { return true }
        let bytes = slot.content.span.bytes
        return !bytes.extracting(0..<slot.propertiesBytes).isEqual(to: content.properties)
            || !bytes.extracting(slot.propertiesBytes..<bytes.byteCount).isEqual(to: content.payload)
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
            retained += 1
            if isUnseen(TopicID(index: index), in: fetch, since: stamp) { found.append(TopicID(index: index)) }
        }
        return (found, retained)
    }

    // What is kept on disk.

    /// Moves out topics that changed, the one that waits longest first.
    /// - Returns: and the block of the first change that is left, nil if none is.
    mutating func takeChanged(_ limit: Int) -> (rows: [SlotRow], left: BlockNumber?) {
        var rows: [SlotRow] = []
        while rows.count < limit, let next = changed.popFirst() {
            entries[next.index].isChanged = false
            let entry = entries[next.index]
            rows.append(
                SlotRow(
                    id: next.index, topic: entry.topic, version: entry.version, retained: entry.retained.encoded,
                    event: entry.event.encoded))
        }
        // Neighbours in the table share pages.
        rows.sort { $0.id < $1.id }
        return (rows, changed.first?.block)
    }

    /// Every topic has to be written again.
    mutating func noteAllChanged(in block: BlockNumber) {
        for index in entries.indices { noteChange(index, in: block) }
    }

    /// Takes a row of the table, in the order of ids; what cannot be read counts as empty.
    mutating func restore(topic: RawSpan, version: UInt64, retained: RawSpan, event: RawSpan) {
        guard let id = insert(topic) else { return }
        entries[id.index].version = version
        entries[id.index].retained = Value(encoded: retained)
        entries[id.index].event = Value(encoded: event)
        heldBytes += entries[id.index].retained.content.count + entries[id.index].event.content.count
    }

    /// Takes a record of the journal, unless it is known already.
    mutating func replay(_ record: borrowing RecordView, stamp: Stamp) {
        guard let id = find(record.topic) ?? insert(record.topic) else { return }
        let content = Content(
            properties: record.properties, payload: record.payload, qos: record.flags.qos, retain: record.flags.retain)
        entries[id.index].version = max(entries[id.index].version, record.version.rawValue)
        let known = record.flags.retain ? entries[id.index].retained.stamp : entries[id.index].event.stamp
        noteChange(id.index, in: BlockNumber(rawValue: 0))
        guard known < stamp, hasRoom(for: content, in: id) else { return }
        store(content, in: id, stamp: stamp, time: record.time)
    }

    private mutating func noteChange(_ index: Int, in block: BlockNumber) {
        guard !entries[index].isChanged else { return }
        entries[index].isChanged = true
        changed.append((index, block))
    }

    /// - Returns: by how much the content grew.
    private static func replace(
        _ value: inout Value, _ content: borrowing Content, _ stamp: Stamp, _ time: UnixMilliseconds
    ) -> Int {
        let before = value.content.count
        value.stamp = stamp
        value.time = time
        value.qos = content.qos
        // A buffer that is much too large is given back; otherwise it is used again.
        value.content.removeAll(keepingCapacity: value.content.capacity <= 1_024 + 4 * content.byteCount)
        guard !content.isDeletion else {
            value.state = .tombstone
            value.propertiesBytes = 0
            return -before
        }
        value.state = .held
        value.propertiesBytes = content.properties.byteCount
        content.properties.withUnsafeBytes { value.content.append(contentsOf: $0) }
        content.payload.withUnsafeBytes { value.content.append(contentsOf: $0) }
        return value.content.count - before
    }

    /// The bucket that holds the topic, or the free one where it belongs; and 32 bits of its hash.
    private func probe(_ topic: RawSpan) -> (bucket: Int, hash: UInt32) {
        // Seeded for each process: who chooses topic names cannot choose collisions.
        var hasher = Hasher()
        topic.withUnsafeBytes { hasher.combine(bytes: $0) }
        let full = UInt(bitPattern: hasher.finalize())
        let hash = UInt32(truncatingIfNeeded: full >> 32)
        let mask = buckets.count - 1
        var bucket = Int(full & UInt(mask))
        while buckets[bucket] != 0 {
            let found = buckets[bucket]
            if UInt32(found >> 32) == hash {
                let held = entries[Self.index(found)].topic
                if held.span.bytes.isEqual(to: topic) { break }
            }
            bucket = (bucket + 1) & mask
        }
        return (bucket, hash)
    }

    private mutating func grow() {
        buckets = [UInt64](repeating: 0, count: buckets.count * 2)
        for index in entries.indices {
            let topic = entries[index].topic
            let (bucket, hash) = probe(topic.span.bytes)
            buckets[bucket] = Self.bucket(hash: hash, index: index)
        }
    }

    private static func bucket(hash: UInt32, index: Int) -> UInt64 { UInt64(hash) << 32 | UInt64(index + 1) }
    private static func index(_ bucket: UInt64) -> Int { Int(bucket & 0xFFFF_FFFF) - 1 }
}
