import DiodeProtocol

/// What the receiver knows of the namespace: for each topic the stamps of its newest retained value and of its newest event.
/// Stamps alone decide what is newer (P3), over restarts of either side.
///
/// ```text
/// topic ─▶ retained: stamp of the value, or of its deletion
///          event:    stamp of the newest publish that was not retained
/// ```
///
/// Bounded by topics and bytes of their names. Beyond a limit a new topic is not tracked and counted: in order its
/// records pass, late ones count as superseded, because nothing shows that they are not.
struct Replica: Sendable {
    struct Limits: Sendable {
        /// About 64 bytes each beside the name.
        var topics = 1_000_000
        /// All names together.
        var nameBytes = 128 << 20

        init() {}
    }

    /// How a record stands to what its topic has had.
    enum Standing: Equatable { case newest, superseded, untracked }

    private struct Topic: Sendable {
        var nameStart: Int
        var nameCount: Int
        var hash: Int
        var retained: Stamp?
        var event: Stamp?
        var version: TopicVersion
    }

    let limits: Limits
    private var topics: [Topic] = []
    private var names: [UInt8] = []
    /// Open addressing: −1 or an index into `topics`; a power of two, at most half full.
    private var table = [Int](repeating: -1, count: 1_024)
    private var checkpoint = DirtyTopics()

    init(limits: Limits = Limits()) { self.limits = limits }

    /// Topics that are tracked.
    var count: Int { topics.count }

    /// Notes a record.
    ///
    /// A retained record is the newest if its topic's retained value is not newer; an event, if nothing of its topic is: a
    /// consumer takes the last message as the current value, while the retained value must follow the plant's even if
    /// an event came since.
    mutating func apply(topic name: RawSpan, retain: Bool, stamp: Stamp, version: TopicVersion) -> Standing {
        guard let index = find(name) else { return .untracked }
        checkpoint.mark(index)
        topics[index].version = max(topics[index].version, version)
        if retain {
            if let known = topics[index].retained, known >= stamp { return .superseded }
            topics[index].retained = stamp
            return .newest
        }
        let isNewestEvent = topics[index].event.map { $0 < stamp } ?? true
        if isNewestEvent { topics[index].event = stamp }
        if let known = topics[index].retained, known >= stamp { return .superseded }
        return isNewestEvent ? .newest : .superseded
    }

    // MARK: Storage

    /// Takes over a topic as it was stored, in the order of their ids.
    /// - Returns: false if there is no room for it.
    mutating func restore(_ row: TopicRow) -> Bool {
        guard let index = find(row.name.span.bytes), index == row.id else { return false }
        topics[index].retained = row.retained
        topics[index].event = row.event
        topics[index].version = row.version
        return true
    }

    /// A topic as it is stored.
    func row(_ index: Int) -> TopicRow {
        let topic = topics[index]
        return TopicRow(
            id: index, name: Array(names[topic.nameStart..<topic.nameStart + topic.nameCount]),
            retained: topic.retained, event: topic.event, version: topic.version)
    }

    /// Goes on with the rolling checkpoint.
    /// - Parameters:
    ///   - mayBegin: a new one may begin if there is something to write.
    ///   - limit: topics to move out in this step.
    mutating func stepCheckpoint(mayBegin: Bool, limit: Int) -> (LinkChanges.Checkpoint, [TopicRow]) {
        let (checkpoint, indices) = checkpoint.step(mayBegin: mayBegin, limit: limit)
        return (checkpoint, indices.map(row))
    }

    /// Everything is about to be written.
    mutating func forgetChanges() { checkpoint = DirtyTopics() }

    /// The index of a topic, new if need be; nil if there is no room.
    private mutating func find(_ name: RawSpan) -> Int? {
        let hash = Self.hash(name)
        var place = hash & (table.count - 1)
        while table[place] >= 0 {
            let topic = topics[table[place]]
            if topic.hash == hash, topic.nameCount == name.byteCount,
                names.span.bytes.extracting(topic.nameStart..<topic.nameStart + topic.nameCount).isEqual(to: name)
            {
                return table[place]
            }
            place = (place + 1) & (table.count - 1)
        }
        guard topics.count < limits.topics, names.count + name.byteCount <= limits.nameBytes else { return nil }
        table[place] = topics.count
        topics.append(
            Topic(
                nameStart: names.count, nameCount: name.byteCount, hash: hash, retained: nil, event: nil,
                version: TopicVersion(rawValue: 0)))
        name.withUnsafeBytes { names.append(contentsOf: $0) }
        if topics.count * 2 > table.count { grow() }
        return topics.count - 1
    }

    private mutating func grow() {
        var larger = [Int](repeating: -1, count: table.count * 2)
        for index in topics.indices {
            var place = topics[index].hash & (larger.count - 1)
            while larger[place] >= 0 { place = (place + 1) & (larger.count - 1) }
            larger[place] = index
        }
        table = larger
    }

    /// The standard library's hash, seeded for each process: whoever chooses topic names cannot choose their places.
    private static func hash(_ name: RawSpan) -> Int {
        var hasher = Hasher()
        name.withUnsafeBytes { hasher.combine(bytes: $0) }
        return hasher.finalize()
    }
}
