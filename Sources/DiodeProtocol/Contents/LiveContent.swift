internal import Collections
internal import Crypto
public import Time

/// A record read in place (WIRE §6.1, kind 0x01).
public struct RecordView: ~Escapable {
    public let topic: RawSpan
    public let flags: RecordFlags
    public let version: TopicVersion
    public let time: UnixMilliseconds
    /// The PUBLISH's end-to-end properties as they were sent; empty if it had none.
    public let properties: RawSpan
    public let payload: RawSpan

    @_lifetime(copy bytes)
    init(
        _ bytes: RawSpan, topic: Range<Int>, flags: RecordFlags, version: TopicVersion, time: UnixMilliseconds,
        properties: Range<Int>, payload: Range<Int>
    ) {
        self.topic = bytes.extracting(topic)
        self.flags = flags
        self.version = version
        self.time = time
        self.properties = bytes.extracting(properties)
        self.payload = bytes.extracting(payload)
    }
}

/// One item of a live content. Records are read in place; the rare others are values.
public enum LiveItem: ~Escapable {
    case record(RecordView)
    case shedRun(ShedRun)
    case checkpoint(Checkpoint)
    case action(Action)
    case unobserved(Unobserved)
    case brokerDrop(BrokerDrop)
    /// Unknown, but marked as one that may be skipped (W-29).
    case skipped(UInt8)
}

/// The content of a live block, read in place and checked as a whole before the first item is handed out: a block is applied
/// entirely or not at all (WIRE §6.1, W-28 to W-32).
public struct LiveContent: ~Escapable {
    private let bytes: RawSpan
    private let topics: [Range<Int>]
    private let timeBase: UInt64
    private let items: Range<Int>
    public let itemCount: Int

    /// - Parameter sequenceCount: what the header says the block takes (W-30).
    /// - Throws: the first rule that the content breaks.
    @_lifetime(copy bytes)
    public init(decoding bytes: RawSpan, sequenceCount: UInt64) throws(ContentError) {
        guard bytes.byteCount <= WireLimits.maximumContentBytes else { throw .contentBytes(bytes.byteCount) }
        var reader = ContentReader(bytes)
        timeBase = try reader.wideNumber()
        topics = try TopicList.read(&reader)
        // An item is at least a kind and a length.
        itemCount = try reader.count(minimumBytes: 2)
        guard itemCount > 0 else { throw .count(0, at: reader.offset - 1) }
        items = reader.offset..<bytes.byteCount
        self.bytes = bytes
        try check(sequenceCount: sequenceCount)
    }

    /// Hands each item to `body` with the number of sequences taken before it in this block.
    public func forEachItem(_ body: (_ item: borrowing LiveItem, _ sequenceOffset: UInt64) -> Void) {
        var cursor = Cursor(ContentReader(bytes, items))
        for _ in 0..<itemCount {
            let offset = cursor.sequences
            guard let item = try? next(&cursor) else { preconditionFailure("the content was checked by init") }
            body(item, offset)
        }
    }

    /// Where reading stands, and what W-28, W-30 and W-31 need to know of the items before.
    private struct Cursor: ~Escapable {
        var reader: ContentReader
        var sequences: UInt64 = 0
        var topicsSeen = 0
        var hasTime = false

        @_lifetime(copy reader)
        init(_ reader: ContentReader) { self.reader = reader }
    }

    private func check(sequenceCount: UInt64) throws(ContentError) {
        var cursor = Cursor(ContentReader(bytes, items))
        for _ in 0..<itemCount { _ = try next(&cursor) }
        try cursor.reader.requireEnd()
        guard cursor.topicsSeen == topics.count else { throw .topicUnused(cursor.topicsSeen) }
        // A content without a time has no base to carry.
        guard cursor.hasTime || timeBase == 0 else { throw .time(at: 0) }
        // Last, because it is the one thing that the content cannot know of itself.
        guard cursor.sequences == sequenceCount else { throw .sequences(sequenceCount, items: cursor.sequences) }
    }

    @_lifetime(copy self)
    private func next(_ cursor: inout Cursor) throws(ContentError) -> LiveItem {
        let kind = try cursor.reader.byte()
        let range = try cursor.reader.lengthPrefixed()
        var body = ContentReader(bytes, range)
        switch LiveContentEncoder.Kind(rawValue: kind) {
        case .record:
            cursor.sequences += 1
            return .record(try record(&body, &cursor))
        case .shedRun:
            let run = try shedRun(&body, &cursor)
            try body.requireEnd()
            return .shedRun(run)
        case .checkpoint:
            let digest = try body.take(Digest32.byteCount)
            let checkpoint = Checkpoint(
                digest: Digest32(loading: bytes, at: digest.lowerBound), versions: try body.number(),
                forgotten: try body.number(), topics: try body.number(), slots: try body.number())
            try body.requireEnd()
            return .checkpoint(checkpoint)
        case .action: return .action(try action(&body, &cursor))
        case .unobserved: return .unobserved(try unobserved(&body, &cursor))
        case .brokerDrop:
            let drop = try Self.brokerDrop(&body)
            try body.requireEnd()
            return .brokerDrop(drop)
        case nil:
            guard kind >= 0x80 else { throw .unknownKind(kind) }
            return .skipped(kind)
        }
    }

    @_lifetime(copy self)
    private func record(_ body: inout ContentReader, _ cursor: inout Cursor) throws(ContentError) -> RecordView {
        let start = body.offset
        let raw = try body.byte()
        guard let flags = RecordFlags(rawValue: raw) else { throw .reserved(raw, at: start) }
        let topic = try topic(&body, &cursor)
        let version = try body.version()
        let time = try time(&body, &cursor)
        var properties = body.offset..<body.offset
        if flags.hasProperties {
            let at = body.offset
            properties = try body.lengthPrefixed()
            guard !properties.isEmpty else { throw .count(0, at: at) }
        }
        return RecordView(
            bytes, topic: topics[topic], flags: flags, version: version, time: time, properties: properties,
            payload: body.rest())
    }

    private func shedRun(_ body: inout ContentReader, _ cursor: inout Cursor) throws(ContentError) -> ShedRun {
        let start = body.offset
        let raw = try body.byte()
        guard let reason = ShedRun.Reason(rawValue: raw) else { throw .reserved(raw, at: start) }
        let total = try body.varint()
        let from = try time(&body, &cursor)
        let to = try time(&body, &cursor)
        let count = try body.count(minimumBytes: 3)
        var entries: [ShedRun.Entry] = []
        var sum: UInt64 = 0
        for _ in 0..<count {
            let topic = try topic(&body, &cursor)
            let at = body.offset
            let records = try body.varint()
            // A block takes less than 2³² sequences (W-08), so the sum cannot overflow.
            guard 1..<(1 << 32) ~= records else { throw .count(records, at: at) }
            sum += records
            let version = TopicVersion(rawValue: try body.number())
            let name = bytes.extracting(topics[topic]).text
            entries.append(ShedRun.Entry(topic: name, records: records, lastVersion: version))
        }
        guard sum == total, total > 0 else { throw .shedTotal(total, entries: sum) }
        // Far from an overflow: each entry has three bytes or more and takes less than 2³², and a content has at most 2²³ bytes.
        cursor.sequences += total
        return ShedRun(reason: reason, from: from, to: to, entries: entries)
    }

    private func action(_ body: inout ContentReader, _ cursor: inout Cursor) throws(ContentError) -> Action {
        let at = try time(&body, &cursor)
        let lengthAt = body.offset
        let what = try body.lengthPrefixed()
        guard !what.isEmpty else { throw .count(0, at: lengthAt) }
        return Action(
            at: at, what: try body.text(what, limit: Action.maximumWhatBytes),
            detail: try body.text(body.rest(), limit: Action.maximumDetailBytes))
    }

    private func unobserved(_ body: inout ContentReader, _ cursor: inout Cursor) throws(ContentError) -> Unobserved {
        let from = try time(&body, &cursor)
        let to = try time(&body, &cursor)
        let resumed = try body.boolean()
        let dropped = try body.number()
        let reason = try body.text(body.rest(), limit: Unobserved.maximumReasonBytes)
        return Unobserved(
            from: from, to: to, sessionResumed: resumed, dropped: dropped == 0 ? nil : dropped - 1, reason: reason)
    }

    private static func brokerDrop(_ body: inout ContentReader) throws(ContentError) -> BrokerDrop {
        let start = body.offset
        let raw = try body.byte()
        guard let reason = BrokerDrop.Reason(rawValue: raw) else { throw .reserved(raw, at: start) }
        let from = UnixMilliseconds(rawValue: try body.wideNumber())
        let to = UnixMilliseconds(rawValue: try body.wideNumber())
        let records = try body.number()
        return BrokerDrop(reason: reason, from: from, to: to, records: records == 0 ? nil : records - 1)
    }

    /// A topic index; an index not seen before is the next one (W-28).
    private func topic(_ body: inout ContentReader, _ cursor: inout Cursor) throws(ContentError) -> Int {
        let at = body.offset
        let index = try body.varint()
        guard index < topics.count else { throw .topicIndex(index, at: at) }
        guard index <= cursor.topicsSeen else { throw .topicOrder(Int(index)) }
        if index == cursor.topicsSeen { cursor.topicsSeen += 1 }
        return Int(index)
    }

    /// A time as difference from the base; the first one of a content is the base (W-31).
    private func time(_ body: inout ContentReader, _ cursor: inout Cursor) throws(ContentError) -> UnixMilliseconds {
        let at = body.offset
        let difference = try body.zigzag()
        let time = timeBase &+ UInt64(bitPattern: difference)
        guard cursor.hasTime || difference == 0, time < 1 << 63 else { throw .time(at: at) }
        cursor.hasTime = true
        return UnixMilliseconds(rawValue: time)
    }
}
