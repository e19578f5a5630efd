public import DiodeProtocol
public import Time

/// The last known values of every exported topic: what a snapshot says, and what decides whether a fetched value is news.
///
/// ```text
/// topic ─▶ TopicTable: version │ retained: value or tombstone, or nothing │ last event, or nothing
///              │ each change
///              ├─▶ SlotDigest: what a checkpoint says of all
///              └─▶ UnwrittenSlots ─▶ SlotBatch ─▶ the table on disk ─▶ restore, then replay what the blocks behind it say
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
        fileprivate let index: Int
    }

    /// Places that one step of a walk through all topics looks at.
    private static let placesAtOnce = 1_024

    private var table = TopicTable()
    private var unwritten = UnwrittenSlots()
    private var digest = SlotDigest()
    /// Counts fetches of the retained set.
    private(set) var fetch: UInt32 = 0
    public let limits: Limits
    /// Σ versions of the topics that were forgotten, and records shed for topics that never had a place.
    public private(set) var forgotten: UInt64 = 0

    /// By how many milliseconds the clock was set forward since slots of epochs before this one were filled.
    private var clockStep = (milliseconds: UInt64(0), before: Epoch(rawValue: 0))

    public init(limits: Limits = Limits()) {
        precondition(limits.topics > 0 && limits.topics < 1 << 31, "a table holds 1…2³¹ topics")
        self.limits = limits
    }

    // MARK: What is held

    /// Topics held, those that are only a tombstone included.
    public var topicCount: Int { table.topicCount }
    /// Topics with a retained value.
    var retainedCount: Int { table.retainedCount }
    /// Accounted as `Limits.bytes` says.
    public var heldBytes: Int { table.bytes }

    /// Whether no new topic finds room.
    var isFull: Bool {
        topicCount >= limits.topics || heldBytes + TopicTable.bytesPerTopic + 64 > limits.bytes
    }

    /// - Returns: nil if the topic is not held.
    public func find(_ topic: RawSpan) -> TopicID? { table.find(topic).map { TopicID(index: $0) } }

    /// The topic's name.
    public func topic(_ id: TopicID) -> [UInt8] { table[id.index].topic }
    /// How many records the topic has had.
    public func version(_ id: TopicID) -> TopicVersion { TopicVersion(rawValue: table[id.index].version) }
    /// The retained value or its tombstone.
    public func retained(_ id: TopicID) -> Value { table[id.index].slots.retained }
    /// The last event.
    public func event(_ id: TopicID) -> Value { table[id.index].slots.event }
    /// Whether the topic has a retained value.
    func holdsRetained(_ id: TopicID) -> Bool { table[id.index].slots.retained.state == .held }
    /// Whether the topic has a last event.
    func holdsEvent(_ id: TopicID) -> Bool { table[id.index].slots.event.state == .held }

    /// The next topics with a value, in no order.
    /// - Parameter place: where to look, 0 at first.
    /// - Returns: some of them, and where the next step begins; nil behind the last topic.
    func held(from place: Int) -> (topics: [TopicID], next: Int?) {
        let end = min(place + Self.placesAtOnce, table.placeCount)
        var topics: [TopicID] = []
        for place in place..<max(place, end) {
            let id = TopicID(index: place)
            if holdsRetained(id) || holdsEvent(id) { topics.append(id) }
        }
        return (topics, end < table.placeCount ? end : nil)
    }

    /// How many bytes the topic's name and values have.
    func topicBytes(_ id: TopicID) -> Int { table[id.index].topic.count + table[id.index].slots.contentBytes }

    /// How many bytes the topic's name and values would have with this content.
    func topicBytes(with content: borrowing Content, in id: TopicID) -> Int {
        topicBytes(id) - replaced(by: content, in: id) + content.byteCount
    }

    /// Whether the limits allow this content.
    public func hasRoom(for content: borrowing Content, in id: TopicID) -> Bool {
        heldBytes - replaced(by: content, in: id) + content.byteCount <= limits.bytes
    }

    private func replaced(by content: borrowing Content, in id: TopicID) -> Int {
        content.retain
            ? table[id.index].slots.retained.content.count : table[id.index].slots.event.content.count
    }

    // MARK: Records

    /// Takes in a topic.
    /// - Returns: nil if that would break a limit.
    public mutating func insert(_ topic: RawSpan) -> TopicID? {
        table.insert(topic, within: limits).map { TopicID(index: $0) }
    }

    /// Counts one more record of the topic.
    /// - Parameter block: the one that the record is in.
    public mutating func nextVersion(_ id: TopicID, in block: BlockNumber) -> TopicVersion {
        unwritten.note(id.index, in: block)
        table.setVersion(table[id.index].version + 1, of: id.index)
        return version(id)
    }

    /// Puts a record's content into its slot. There must be room.
    /// - Parameter version: the record's; nil for the one that was counted last.
    public mutating func store(
        _ content: borrowing Content, in id: TopicID, stamp: Stamp, version: TopicVersion? = nil, time: UnixMilliseconds
    ) {
        put(content, in: id, stamp: stamp, version: version ?? self.version(id), time: time)
        precondition(heldBytes <= limits.bytes, "the caller asked for room")
    }

    private mutating func put(
        _ content: borrowing Content, in id: TopicID, stamp: Stamp, version: TopicVersion, time: UnixMilliseconds
    ) {
        change(id.index) { slots in
            if content.retain {
                slots.retained.set(content, stamp: stamp, version: version, time: time)
            } else {
                slots.event.set(content, stamp: stamp, version: version, time: time)
            }
        }
    }

    /// Notes when a record of the topic came whose content is not held, because it was shed.
    mutating func noteShed(_ id: TopicID, time: UnixMilliseconds) {
        table.change(id.index) { $0.retained.noteShed(time) }
    }

    /// Counts records of a topic that has no place.
    public mutating func countUnnamed(_ records: UInt64 = 1) { forgotten += records }

    @inline(__always)
    private mutating func change(_ place: Int, _ body: (inout TopicSlots) -> Void) {
        table.change(place, body)
        digest.note(place)
    }

    // MARK: What the policy and the broker say of a topic

    /// How this generation of the policy admitted the topic; nil if that generation was not asked.
    func passage(_ id: TopicID, by generation: Int) -> ExportPolicy.Passage? {
        let code = table[id.index].admission
        guard code >> 12 == Self.word(generation) else { return nil }
        return ExportPolicy.Passage(rule: Int(code >> 1 & 0x7FF), isSparkplug: code & 1 != 0)
    }

    /// Remembers how the policy admitted the topic, so that it is not asked again until it changes.
    mutating func admit(_ id: TopicID, as passage: ExportPolicy.Passage, by generation: Int) {
        table.noteAdmission(
            Self.word(generation) << 12 | UInt32(passage.rule & 0x7FF) << 1 | (passage.isSparkplug ? 1 : 0),
            of: id.index)
    }

    /// A generation in 20 bits, 1…2²⁰ − 1; it wraps, since no policy is changed that often. 0 marks a topic for which no policy was asked.
    private static func word(_ generation: Int) -> UInt32 { UInt32(generation % 0xF_FFFF + 1) }

    /// The clock was set forward by so many milliseconds before this epoch began, and after the slots of those before it were filled.
    mutating func noteClockStep(_ milliseconds: UInt64, before epoch: Epoch) { clockStep = (milliseconds, epoch) }

    /// A fetch of the retained set begins.
    mutating func beginFetch() { fetch += 1 }

    /// Notes that the newest fetch has found a value of the topic.
    mutating func see(_ id: TopicID) { table.noteSeen(id.index, in: fetch) }

    /// Whether a value from the retained set is news: the topic's retained slot is not newer than `stamp`, and holds something else.
    /// - Parameter time: when it came.
    public func isNews(
        _ content: borrowing Content, for id: TopicID, since stamp: Stamp, at time: UnixMilliseconds
    ) -> Bool {
        let slot = table[id.index].slots.retained
        // Compared by the clock that the slot was filled under: a clock that was set makes no message a new one.
        let step = slot.stamp.epoch < clockStep.before ? clockStep.milliseconds : 0
        let received = UnixMilliseconds(rawValue: time.rawValue - min(time.rawValue, step))
        return (slot.state == .empty || slot.stamp <= stamp) && !slot.isEqual(to: content, received: received)
    }

    /// Whether the topic has a retained value that is not newer than `stamp` and that the newest fetch did not find.
    func isUnseen(_ id: TopicID, since stamp: Stamp) -> Bool {
        holdsRetained(id) && table[id.index].seenIn != fetch && table[id.index].slots.retained.stamp <= stamp
    }

    /// All topics for which `isUnseen` holds, and how many topics have a retained value at all.
    /// - Parameter time: what has expired by then is left out, because it ends by itself.
    func unseen(since stamp: Stamp, at time: UnixMilliseconds) -> (topics: [TopicID], retained: Int) {
        var found: [TopicID] = []
        var retained = 0
        for place in 0..<table.placeCount {
            let id = TopicID(index: place)
            guard isOfBroker(id) else { continue }
            let isOver = table[place].slots.retained.deadline.map { $0 <= time } ?? false
            guard !isOver else { continue }
            retained += 1
            if isUnseen(id, since: stamp) { found.append(id) }
        }
        return (found, retained)
    }

    /// Topics whose retained value the newest fetch has found, at most so many.
    func shown(_ limit: Int) -> [TopicID] {
        var found: [TopicID] = []
        for place in 0..<table.placeCount where found.count < limit {
            let id = TopicID(index: place)
            if isOfBroker(id), table[place].seenIn == fetch { found.append(id) }
        }
        return found
    }

    /// Whether the broker should retain the topic. The sender itself makes the states of edge nodes, so no broker retains them.
    private func isOfBroker(_ id: TopicID) -> Bool {
        holdsRetained(id) && !table[id.index].topic.starts(with: StateTopic.prefix)
    }

    // MARK: For slices, in the order of hashes

    func position(from hash: TopicHash) -> TopicOrder.Position { table.position(from: hash) }
    func next(_ position: TopicOrder.Position) -> TopicOrder.Position { table.next(position) }
    func topic(at position: TopicOrder.Position) -> (hash: TopicHash, id: TopicID)? {
        table.topic(at: position).map { ($0.hash, TopicID(index: $0.place)) }
    }

    /// Empties slots, the event first, until the topic's name and values fit. That is necessary only if the path became narrower between
    /// two starts.
    mutating func shrink(_ id: TopicID, to bytes: Int, in block: BlockNumber) {
        guard topicBytes(id) > bytes else { return }
        unwritten.note(id.index, in: block)
        change(id.index) { $0.event = Value() }
        if topicBytes(id) > bytes { change(id.index) { $0.retained = Value() } }
    }

    /// Empties the event slot of a topic that is not exported any more.
    mutating func clearEvent(_ id: TopicID, in block: BlockNumber) {
        guard table[id.index].slots.event.state != .empty else { return }
        unwritten.note(id.index, in: block)
        change(id.index) { $0.event = Value() }
    }

    /// Whether `forget` would change anything. A topic that waits to be written is not forgotten before it is on disk: a start replays the
    /// journal's newer blocks onto the table and must find the topic there.
    func isForgettable(_ id: TopicID, before horizon: UnixMilliseconds) -> Bool {
        !holdsRetained(id) && table[id.index].slots.retained.time < horizon && !unwritten.contains(id.index)
            && !table[id.index].isFree
            && (table[id.index].slots.event.state == .empty || table[id.index].slots.retained.state == .tombstone)
    }

    /// Forgets a tombstone that is older than `horizon`, and with it the whole topic if that holds nothing else.
    /// - Parameter block: the one that is open.
    mutating func forget(_ id: TopicID, before horizon: UnixMilliseconds, in block: BlockNumber) {
        guard isForgettable(id, before: horizon) else { return }
        unwritten.note(id.index, in: block)
        guard table[id.index].slots.event.state == .empty else { return change(id.index) { $0.retained = Value() } }
        forget(table[id.index].version, at: id.index)
        table.remove(id.index)
        digest.note(id.index)
    }

    /// Counts a version as forgotten while the row of its place still holds it.
    private mutating func forget(_ version: UInt64, at place: Int) {
        forgotten += version
        unwritten.noteForgotten(version, at: place)
    }

    // MARK: What a checkpoint says

    /// Topics that have to be hashed before `checkpoint` says the truth; an upper bound.
    var undigestedCount: Int { digest.waitingCount }

    /// Hashes topics that changed, the one that waits longest first.
    /// - Parameters:
    ///   - topics: how many at most.
    ///   - bytes: after so many bytes of values no further topic is begun.
    mutating func digestChanged(topics: Int = .max, bytes: Int = .max) {
        var (topicsLeft, bytesLeft) = (topics, bytes)
        while topicsLeft > 0, bytesLeft > 0, let place = digest.next() {
            let entry = table[place]
            topicsLeft -= 1
            bytesLeft -= entry.slots.contentBytes
            digest.update(place, entry.topic, entry.slots)
        }
    }

    /// The statement about all slots, as of now.
    mutating func checkpoint() -> Checkpoint {
        digestChanged()
        return Checkpoint(
            digest: digest.sum, versions: table.versions, forgotten: forgotten, topics: UInt64(topicCount),
            slots: UInt64(table.slotCount))
    }

    // MARK: What is on disk, and how it comes back

    /// Moves out topics that changed, the one that waits longest first.
    /// - Parameter newest: the stamp given last.
    /// - Returns: what is to be written, and the block of the first change that is left, nil if none is.
    mutating func takeChanged(_ limit: Int, newest: Stamp) -> (batch: SlotBatch, left: BlockNumber?) {
        var batch = SlotBatch()
        batch.newest = newest
        while batch.rows.count + batch.removed.count < limit, let place = unwritten.next() {
            guard (0..<table.placeCount).contains(place), !table[place].isFree else {
                batch.removed.append(place)
                continue
            }
            let entry = table[place]
            batch.rows.append(
                SlotRow(
                    id: place, topic: entry.topic, version: entry.version, retained: entry.slots.retained.encoded,
                    event: entry.slots.event.encoded))
        }
        // Neighbours in the table share pages.
        batch.rows.sort { $0.id < $1.id }
        // A version is counted as forgotten in the same commit in which its row leaves the table.
        batch.forgotten = forgotten - unwritten.forgottenInRows
        return (batch, unwritten.firstBlock)
    }

    /// Every topic has to be written again: the table is gone.
    mutating func noteAllChanged(in block: BlockNumber) {
        for place in 0..<table.placeCount where !table[place].isFree { unwritten.note(place, in: block) }
        unwritten.noteTableGone()
    }

    /// Takes in a topic that was held before this start, whatever the limits are now: they bind new topics only.
    private mutating func insertAgain(_ topic: RawSpan, at wanted: Int? = nil) -> Int? {
        table.insert(topic, at: wanted, below: limits.topics + 1 << 20)
    }

    /// Restores a row of the table, in the order of ids; what cannot be read counts as empty.
    package mutating func restore(id: Int, topic: RawSpan, version: UInt64, retained: RawSpan, event: RawSpan) {
        let known = table.find(topic)
        guard let place = known ?? insertAgain(topic, at: id) else {
            unwritten.noteRow(id)
            return forget(version, at: id)
        }
        if place != id {
            unwritten.note(place, in: BlockNumber(rawValue: 0))
            unwritten.noteRow(id)
        }
        let row = TopicSlots(retained: Value(encoded: retained), event: Value(encoded: event))
        if known != nil {
            // Two rows name this topic. The older one is from before the topic was forgotten and came back, or moved to another place.
            let held = table[place].slots.newest
            if row.newest < held { return forget(version, at: id) }
            guard row.newest > held else { return }
            forget(table[place].version, at: place)
        }
        table.setVersion(version, of: place)
        change(place) { $0 = row }
    }

    /// Restores a record of the journal, unless it is known already.
    package mutating func replay(_ record: borrowing RecordView, stamp: Stamp) {
        guard let place = insertAgain(record.topic) else { return countUnnamed() }
        if stamp > table[place].slots.newest, record.version.rawValue <= table[place].version {
            // The topic was forgotten and came back, and the table knows nothing of it yet.
            forget(table[place].version, at: place)
            table.setVersion(0, of: place)
        }
        raiseVersion(place, to: record.version)
        let known = record.flags.retain ? table[place].slots.retained.stamp : table[place].slots.event.stamp
        guard known < stamp else { return }
        put(
            Content(
                properties: record.properties, payload: record.payload, qos: record.flags.qos,
                retain: record.flags.retain), in: TopicID(index: place), stamp: stamp, version: record.version,
            time: record.time)
    }

    /// Restores a run of shed records, whose last stamp is given.
    /// - Parameter counted: up to this stamp, `forgotten` includes the shed records without a topic already.
    package mutating func replay(_ run: ShedRun, last stamp: Stamp, counted: Stamp) {
        for entry in run.entries {
            let topic = Array(entry.topic.utf8)
            guard entry.lastVersion.rawValue > 0, let place = insertAgain(topic.span.bytes) else {
                if counted < stamp { countUnnamed(entry.records) }
                continue
            }
            raiseVersion(place, to: entry.lastVersion)
            noteShed(TopicID(index: place), time: run.to)
        }
    }

    private mutating func raiseVersion(_ place: Int, to version: TopicVersion) {
        unwritten.note(place, in: BlockNumber(rawValue: 0))
        if table[place].version < version.rawValue { table.setVersion(version.rawValue, of: place) }
    }
}
