public import Time

/// Builds the content of a snapshot block (WIRE §6.2). Reused from slice to slice; nothing is allocated per entry once its
/// buffers have grown.
///
/// Entries come in the order of (topic hash, topic, kind). The interval is said last, because only then is it known how far
/// the slice reached.
public struct SliceEncoder: ~Copyable {
    private var topics = ContentWriter()
    private var entries = ContentWriter()
    private var timeBase: UInt64?
    private var firstHash: TopicHash?
    private var lastHash: TopicHash?
    private var lastKind = SlotKind.retained
    private var lastTopic: [UInt8] = []
    private var newest: Stamp?
    public private(set) var topicCount = 0
    public private(set) var entryCount = 0

    public init() {}

    /// Heading without the two varints, and the time base.
    private static let fixedBytes = 16 + 1 + 16 + 8

    /// The size of the content as it stands, at most: round and slice are counted with their longest form.
    public var byteCount: Int {
        Self.fixedBytes + 2 * 9 + ContentWriter.varintBytes(UInt64(topicCount)) + topics.count
            + ContentWriter.varintBytes(UInt64(entryCount)) + entries.count
    }

    /// The most that `byteCount` can be after an entry of these sizes, whether its topic is new or not.
    public func byteCount(addingTopic topic: Int, properties: Int, payload: Int) -> Int {
        // A record's, and its stamp.
        byteCount + topic + properties + payload + LiveContentEncoder.recordOverheadBytes + 2 * 9
    }

    /// Adds a slot.
    ///
    /// - Parameters:
    ///   - topic: a valid topic name.
    ///   - hash: the topic's (`SymbolHasher.topicHash`).
    ///   - stamp: 1…2⁶³−1 in both numbers.
    ///   - version: 1…2⁶³−1.
    ///   - properties, payload: empty for a tombstone.
    public mutating func append(
        _ kind: SlotKind, topic: RawSpan, hash: TopicHash, stamp: Stamp, flags: RecordFlags, version: TopicVersion,
        time: UnixMilliseconds, properties: RawSpan, payload: RawSpan
    ) {
        let numbers: Range<UInt64> = 1..<(1 << 63)
        precondition(
            numbers ~= stamp.epoch.rawValue && numbers ~= stamp.sequence.rawValue && numbers ~= version.rawValue
                && time.rawValue < 1 << 63, "numbers are within their bounds (W-31)")
        precondition(flags.hasProperties == !properties.isEmpty, "the flag says whether properties follow")
        precondition(kind != .tombstone || properties.isEmpty && payload.isEmpty, "a tombstone holds nothing")
        enter(topic, hash: hash, kind: kind)
        let base = timeBase ?? time.rawValue
        timeBase = base
        newest = max(stamp, newest ?? stamp)
        let difference = Int64(truncatingIfNeeded: time.rawValue &- base)
        let topicIndex = UInt64(topicCount - 1)
        var length = 1 + payload.byteCount + ContentWriter.varintBytes(ContentWriter.zigzag(difference))
        for number in [topicIndex, stamp.epoch.rawValue, stamp.sequence.rawValue, version.rawValue] {
            length += ContentWriter.varintBytes(number)
        }
        if !properties.isEmpty {
            length += ContentWriter.varintBytes(UInt64(properties.byteCount)) + properties.byteCount
        }
        entries.byte(kind.rawValue)
        entries.varint(UInt64(length))
        entries.byte(flags.rawValue)
        entries.varint(topicIndex)
        entries.varint(stamp.epoch.rawValue)
        entries.varint(stamp.sequence.rawValue)
        entries.varint(version.rawValue)
        entries.zigzag(difference)
        if !properties.isEmpty {
            entries.varint(UInt64(properties.byteCount))
            entries.append(properties)
        }
        entries.append(payload)
        entryCount += 1
    }

    /// Replaces `content` by the finished content and starts the next one. A slice without entries says that its interval is
    /// empty.
    public mutating func finish(_ heading: SliceHeading, into content: inout [UInt8]) {
        precondition(
            heading.from <= heading.to && heading.from <= (firstHash ?? heading.from)
                && (lastHash ?? heading.to) <= heading.to, "the interval holds its topics (W-33)")
        precondition((newest ?? heading.capture) <= heading.capture, "no entry is newer than the capture (W-33)")
        precondition(byteCount <= WireLimits.maximumContentBytes, "a content stays within its bound (W-26)")
        var reused: [UInt8] = []
        swap(&reused, &content)
        var writer = ContentWriter(reusing: reused, reserving: byteCount)
        writer.word(heading.capture.epoch.rawValue)
        writer.word(heading.capture.sequence.rawValue)
        writer.varint(heading.round)
        writer.varint(heading.slice)
        writer.byte(heading.isLast ? 1 : 0)
        writer.word(heading.from.rawValue)
        writer.word(heading.to.rawValue)
        writer.word(timeBase ?? 0)
        writer.varint(UInt64(topicCount))
        writer.append(topics.bytes)
        writer.varint(UInt64(entryCount))
        writer.append(entries.bytes)
        content = writer.bytes
        topics.removeAll()
        entries.removeAll()
        timeBase = nil
        firstHash = nil
        lastHash = nil
        newest = nil
        topicCount = 0
        entryCount = 0
    }

    /// Makes `topic` the current one, and checks the order.
    private mutating func enter(_ topic: RawSpan, hash: TopicHash, kind: SlotKind) {
        if let lastHash, hash == lastHash, lastTopic.span.bytes.isEqual(to: topic) {
            precondition(kind > lastKind, "a topic's slots come in the order of their kinds (W-33)")
        } else {
            precondition(UTF8Text.isTopicName(topic), "whoever admits a topic has checked its name (W-28)")
            if let lastHash {
                precondition(
                    hash > lastHash || hash == lastHash && lastTopic.span.bytes.precedes(topic),
                    "topics come in the order of their hashes (W-33)")
            }
            topics.varint(UInt64(topic.byteCount))
            topics.append(topic)
            topicCount += 1
            firstHash = firstHash ?? hash
            lastTopic.removeAll(keepingCapacity: true)
            lastTopic.append(topic)
        }
        lastHash = hash
        lastKind = kind
    }
}
