internal import Crypto
public import Time

/// Builds the content of a live block item by item (WIRE §6.1). Reused from block to block; nothing is allocated per record
/// once its buffers have grown.
///
/// How large a content can become is known before an item is added (`byteCount(addingTopic:properties:payload:)`), so that a
/// batcher can close the block first.
public struct LiveContentEncoder: ~Copyable {
    /// The kinds of items (WIRE §6.1).
    enum Kind: UInt8 {
        case record = 1, shedRun, checkpoint, action, unobserved
        case brokerDrop = 0x80
    }

    private var topics = TopicDictionary()
    private var items = ContentWriter()
    /// One item's body while its length is not known.
    private var body = ContentWriter()
    private var timeBase: UInt64?
    public private(set) var itemCount = 0
    /// Sequences taken by the items so far.
    public private(set) var sequenceCount: UInt64 = 0

    public init() {}

    public var isEmpty: Bool { itemCount == 0 }

    /// The exact size of the content as it stands.
    public var byteCount: Int {
        8 + ContentWriter.varintBytes(UInt64(topics.count)) + topics.encodedBytes
            + ContentWriter.varintBytes(UInt64(itemCount)) + items.count
    }

    /// The most that `byteCount` can be after a record of these sizes, whether its topic is new or not.
    public func byteCount(addingTopic topic: Int, properties: Int, payload: Int) -> Int {
        byteCount + topic + properties + payload + Self.recordOverheadBytes
    }

    /// The most that a record takes beside its topic, properties and payload: topic's length 3, kind 1, length 4, flags 1, topic
    /// 4, version 9, time 10, properties' length 4, and 3 each for the two counts, which may become longer.
    static let recordOverheadBytes = 3 + 1 + 4 + 1 + 4 + 9 + 10 + 4 + 3 + 3

    /// Adds a record. Times before or after the first one of the block are carried as differences.
    ///
    /// - Parameters:
    ///   - topic: a valid topic name (`UTF8Text.isTopicName`).
    ///   - version: 1…2⁶³−1.
    ///   - time: below 2⁶³.
    ///   - properties: empty unless the flags say that there are some.
    public mutating func append(
        topic: RawSpan, flags: RecordFlags, version: TopicVersion, time: UnixMilliseconds, properties: RawSpan,
        payload: RawSpan
    ) {
        precondition(flags.hasProperties == !properties.isEmpty, "the flag says whether properties follow")
        precondition(1..<(1 << 63) ~= version.rawValue, "versions count from 1")
        let topicIndex = insert(topic)
        let time = offset(of: time)
        var length = 1 + ContentWriter.varintBytes(topicIndex) + ContentWriter.varintBytes(version.rawValue)
        length += ContentWriter.varintBytes(ContentWriter.zigzag(time)) + payload.byteCount
        if !properties.isEmpty {
            length += ContentWriter.varintBytes(UInt64(properties.byteCount)) + properties.byteCount
        }
        items.byte(Kind.record.rawValue)
        items.varint(UInt64(length))
        items.byte(flags.rawValue)
        items.varint(topicIndex)
        items.varint(version.rawValue)
        items.zigzag(time)
        if !properties.isEmpty {
            items.varint(UInt64(properties.byteCount))
            items.append(properties)
        }
        items.append(payload)
        itemCount += 1
        sequenceCount += 1
    }

    public mutating func append(_ run: ShedRun) {
        precondition(
            !run.entries.isEmpty && run.entries.allSatisfy { 1..<(1 << 32) ~= $0.records }, "a shed run names records")
        body.byte(run.reason.rawValue)
        body.varint(run.records)
        body.zigzag(offset(of: run.from))
        body.zigzag(offset(of: run.to))
        body.varint(UInt64(run.entries.count))
        for entry in run.entries {
            let topic = Array(entry.topic.utf8)
            body.varint(insert(topic.span.bytes))
            body.varint(entry.records)
            body.varint(entry.lastVersion.rawValue)
        }
        finishItem(.shedRun)
        sequenceCount += run.records
    }

    public mutating func append(_ checkpoint: Checkpoint) {
        body.append(checkpoint.digest.bytes)
        body.varint(checkpoint.versions)
        body.varint(checkpoint.forgotten)
        body.varint(checkpoint.topics)
        body.varint(checkpoint.slots)
        finishItem(.checkpoint)
    }

    /// Adds an action. What is too long is cut.
    public mutating func append(_ action: Action) {
        precondition(!action.what.isEmpty, "an action says what was done")
        body.zigzag(offset(of: action.at))
        body.lengthPrefixed(action.what, limit: Action.maximumWhatBytes)
        body.text(UTF8Text.cut(action.detail, maximumBytes: Action.maximumDetailBytes))
        finishItem(.action)
    }

    /// Adds an interval without subscription. A reason that is too long is cut.
    public mutating func append(_ unobserved: Unobserved) {
        body.zigzag(offset(of: unobserved.from))
        body.zigzag(offset(of: unobserved.to))
        body.byte(unobserved.sessionResumed ? 1 : 0)
        // The count comes from the OT broker, which may claim anything.
        body.varint(unobserved.dropped.map { min($0, 1 << 62) + 1 } ?? 0)
        body.text(UTF8Text.cut(unobserved.reason, maximumBytes: Unobserved.maximumReasonBytes))
        finishItem(.unobserved)
    }

    /// Adds what the OT broker dropped. It stands alone (W-29): its times do not use the base.
    public mutating func append(_ drop: BrokerDrop) {
        precondition(drop.from.rawValue < 1 << 63 && drop.to.rawValue < 1 << 63, "a time is below 2⁶³ (W-31)")
        body.byte(drop.reason.rawValue)
        body.word(drop.from.rawValue)
        body.word(drop.to.rawValue)
        // The count comes from the OT broker, which may claim anything.
        body.varint(drop.records.map { min($0, 1 << 62) + 1 } ?? 0)
        finishItem(.brokerDrop)
    }

    /// Replaces `content` by the finished content and starts the next one.
    public mutating func finish(into content: inout [UInt8]) {
        precondition(!isEmpty, "a live block has an item")
        let byteCount = byteCount
        precondition(byteCount <= WireLimits.maximumContentBytes, "a content stays within its bound (W-26)")
        var reused: [UInt8] = []
        swap(&reused, &content)
        var writer = ContentWriter(reusing: reused, reserving: byteCount)
        writer.word(timeBase ?? 0)
        writer.varint(UInt64(topics.count))
        for index in 0..<topics.count {
            let range = topics.range(index)
            writer.varint(UInt64(range.count))
            writer.append(topics.arena.span.bytes.extracting(range))
        }
        writer.varint(UInt64(itemCount))
        writer.append(items.bytes)
        content = writer.bytes
        topics.removeAll()
        items.removeAll()
        itemCount = 0
        sequenceCount = 0
        timeBase = nil
    }

    private mutating func insert(_ topic: RawSpan) -> UInt64 {
        let (index, isNew) = topics.insert(topic)
        // Once per block and topic. The receiver refuses a whole block for one bad topic, hence so strict.
        precondition(!isNew || UTF8Text.isTopicName(topic), "whoever admits a topic has checked its name (W-28)")
        return UInt64(index)
    }

    /// A time as difference from the first one of the block, which becomes the base.
    private mutating func offset(of time: UnixMilliseconds) -> Int64 {
        precondition(time.rawValue < 1 << 63, "a time is below 2⁶³ (W-31)")
        let base = timeBase ?? time.rawValue
        timeBase = base
        return Int64(truncatingIfNeeded: time.rawValue &- base)
    }

    private mutating func finishItem(_ kind: Kind) {
        items.byte(kind.rawValue)
        items.varint(UInt64(body.count))
        items.append(body.bytes)
        body.removeAll()
        itemCount += 1
    }
}
