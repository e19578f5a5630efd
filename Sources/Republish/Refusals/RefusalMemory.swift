internal import DiodeProtocol
internal import Time

/// What the IT broker has refused, so that the next record of a refused topic costs nothing and a refused value is not repaired for ever.
///
/// | known of topic, QoS and RETAIN | the record | answer |
/// |---|---|---|
/// | the broker said no in a code | the same value once more, as a repair | refused |
/// | | any record | goes: the broker says it again, and the session lives on |
/// | the broker ended connections at one value | the same value | refused |
/// | | another one, not smaller | doubted: one strike is enough |
/// | the broker ended connections at two values | one that is not smaller than the smallest of them | refused |
/// | the last of that is an hour old | a value that would be refused | doubted |
///
/// Bounded: 4,096 topics, the one that was refused longest ago goes first. Everything is forgotten when the broker grants something else than
/// before, and with the process.
struct RefusalMemory: Sendable {
    /// A record as it is known here.
    struct Record: Sendable {
        let topic: TopicHash
        /// Hash of the payload (`SymbolHasher.value`), and its bytes.
        let value: UInt64
        let bytes: Int
        let qos: UInt8
        let retain: Bool
        /// It repairs what the broker retains.
        let isRefresh: Bool
    }

    enum Verdict { case unknown, doubted, refused }

    private struct Key: Hashable {
        let topic: TopicHash
        let qos: UInt8
        let retain: Bool

        init(topic: TopicHash, qos: UInt8, retain: Bool) {
            self.topic = topic
            self.qos = qos
            self.retain = retain
        }

        init(_ record: Record) { self.init(topic: record.topic, qos: record.qos, retain: record.retain) }
    }

    private struct Entry {
        var values: [UInt64]
        /// Of the smallest value.
        var bytes: Int
        /// The broker said so; it did not end the connection.
        var isWord: Bool
        /// Two values that differ.
        var isTopic = false
        var at: MonotonicInstant
    }

    static let limit = 4_096
    private static let valueLimit = 4
    private static let lasting = Duration.seconds(3_600)

    private var entries: [Key: Entry] = [:]

    var isEmpty: Bool { entries.isEmpty }

    /// A record is refused for good.
    /// - Parameter isWord: the broker said so in a code, or we know it without trying.
    mutating func note(_ record: Record, isWord: Bool, now: MonotonicInstant) {
        let key = Key(record)
        var entry =
            entries[key] ?? Entry(values: [], bytes: record.bytes, isWord: isWord, at: now)
        if !isWord, !entry.isWord, !entry.values.isEmpty, !entry.values.contains(record.value) { entry.isTopic = true }
        entry.isWord = isWord
        entry.bytes = min(entry.bytes, record.bytes)
        entry.at = now
        entry.values.removeAll { $0 == record.value }
        entry.values.append(record.value)
        if entry.values.count > Self.valueLimit { entry.values.removeFirst() }
        if entries[key] == nil, entries.count >= Self.limit { removeOldest() }
        entries[key] = entry
    }

    /// The broker took a record that was doubted.
    mutating func forget(_ record: Record) { entries[Key(record)] = nil }

    mutating func removeAll() { entries = [:] }

    /// Whether anything was refused of a topic.
    func knows(_ topic: TopicHash, qos: UInt8, retain: Bool) -> Bool {
        entries[Key(topic: topic, qos: qos, retain: retain)] != nil
    }

    func verdict(_ record: Record, now: MonotonicInstant) -> Verdict {
        guard let entry = entries[Key(record)] else { return .unknown }
        let isFresh = entry.at.advanced(by: Self.lasting) > now
        let isSame = entry.values.contains(record.value)
        if entry.isWord { return isSame && record.isRefresh && isFresh ? .refused : .unknown }
        if isSame || (entry.isTopic && record.bytes >= entry.bytes) { return isFresh ? .refused : .doubted }
        return record.bytes >= entry.bytes ? .doubted : .unknown
    }

    /// Whether a retained value was refused, at whatever QoS.
    func refuses(_ topic: TopicHash, value: UInt64) -> Bool {
        (UInt8(0)...2).contains { qos in
            guard let entry = entries[Key(topic: topic, qos: qos, retain: true)] else { return false }
            return entry.isTopic || entry.values.contains(value)
        }
    }

    private mutating func removeOldest() {
        guard let oldest = entries.min(by: { $0.value.at < $1.value.at }) else { return }
        entries[oldest.key] = nil
    }
}
