internal import Crypto

/// Builds the content of a live block item by item (WIRE §6.1). Reused from block to block; nothing is allocated per record
/// once its buffers have grown.
///
/// The size is known before an item is added (`byteCount(adding:)`), so that a batcher can close the block first.
public struct LiveContentEncoder: ~Copyable {
    /// The kinds of items (WIRE §6.1).
    enum Kind: UInt8 { case record = 1, shedRun, checkpoint, action, unobserved, rotation }

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

    /// The most that `byteCount` can be after a record of these sizes: topic, kind, lengths, flags and numbers included.
    public func byteCount(addingTopic topic: Int, properties: Int, payload: Int) -> Int {
        byteCount + topic + properties + payload + 64
    }

    /// Adds a record. Times before or after the first record's are carried as differences.
    public mutating func append(
        topic: RawSpan, flags: RecordFlags, version: TopicVersion, time: UnixMilliseconds, properties: RawSpan,
        payload: RawSpan
    ) {
        precondition(flags.hasProperties == !properties.isEmpty, "the flag says whether properties follow")
        let topicIndex = UInt64(topics.insert(topic).index)
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
        precondition(!run.entries.isEmpty && run.entries.allSatisfy { $0.records > 0 }, "a shed run names records")
        body.byte(run.reason.rawValue)
        body.varint(run.records)
        body.zigzag(offset(of: run.from))
        body.zigzag(offset(of: run.to))
        body.varint(UInt64(run.entries.count))
        for entry in run.entries {
            let topic = Array(entry.topic.utf8)
            body.varint(UInt64(topics.insert(topic.span.bytes).index))
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

    public mutating func append(_ action: Action) {
        precondition(
            1...Action.maximumWhatBytes ~= action.what.utf8.count
                && action.detail.utf8.count <= Action.maximumDetailBytes, "an action is within its limits")
        body.zigzag(offset(of: action.at))
        body.varint(UInt64(action.what.utf8.count))
        body.text(action.what)
        body.text(action.detail)
        finishItem(.action)
    }

    public mutating func append(_ unobserved: Unobserved) {
        precondition(unobserved.reason.utf8.count <= Unobserved.maximumReasonBytes, "a reason is within its limit")
        body.zigzag(offset(of: unobserved.from))
        body.zigzag(offset(of: unobserved.to))
        body.byte(unobserved.sessionResumed ? 1 : 0)
        body.varint(unobserved.dropped.map { $0 + 1 } ?? 0)
        body.text(unobserved.reason)
        finishItem(.unobserved)
    }

    public mutating func append(_ rotation: Rotation) {
        precondition(
            rotation.card.count <= WireLimits.maximumCardBytes && rotation.signature.count == 64,
            "a rotation holds a card and one signature")
        body.varint(UInt64(rotation.card.count))
        body.append(rotation.card)
        body.append(rotation.signature)
        finishItem(.rotation)
    }

    /// Replaces `content` by the finished content and starts the next one.
    public mutating func finish(into content: inout [UInt8]) {
        precondition(!isEmpty, "a live block has an item")
        var writer = ContentWriter(reserving: byteCount)
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

    /// A time as difference from the first one of the block, which becomes the base.
    private mutating func offset(of time: UnixMilliseconds) -> Int64 {
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
