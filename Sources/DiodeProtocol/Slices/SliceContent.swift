internal import Time

/// The content of a snapshot block, read in place and checked as a whole before the first entry is handed out (WIRE §6.2, W-28,
/// W-29, W-31 to W-33).
public struct SliceContent: ~Escapable {
    public let heading: SliceHeading
    /// Entries, unknown ones that may be skipped included.
    public let entryCount: Int
    private let bytes: RawSpan
    private let topics: [Range<Int>]
    private let hashes: [TopicHash]
    private let timeBase: UInt64
    private let entries: Range<Int>

    /// - Throws: the first rule that the content breaks.
    @_lifetime(copy bytes)
    public init(decoding bytes: RawSpan, with hasher: inout SymbolHasher) throws(ContentError) {
        guard bytes.byteCount <= WireLimits.maximumContentBytes else { throw .contentBytes(bytes.byteCount) }
        var reader = ContentReader(bytes)
        heading = try Self.heading(&reader)
        timeBase = try reader.wideNumber()
        topics = try TopicList.readNames(&reader)
        hashes = try Self.hashes(of: topics, bytes, within: heading, with: &hasher)
        // An entry is at least a kind and a length.
        entryCount = try reader.count(minimumBytes: 2)
        entries = reader.offset..<bytes.byteCount
        self.bytes = bytes
        try check()
    }

    public var topicCount: Int { topics.count }

    /// Hands each known entry to `body`, in the order of (topic hash, topic, kind).
    /// - Returns: how many entries of unknown kinds were skipped (W-29).
    @discardableResult
    public func forEachEntry(_ body: (_ entry: borrowing SliceEntryView) -> Void) -> Int {
        var cursor = Cursor(ContentReader(bytes, entries))
        var skipped = 0
        for _ in 0..<entryCount {
            do throws(ContentError) {
                guard let entry = try next(&cursor) else {
                    skipped += 1
                    continue
                }
                body(entry)
            } catch {
                preconditionFailure("the content was checked by init")
            }
        }
        return skipped
    }

    /// Where reading stands, and what W-31 and W-33 need to know of the entries before.
    private struct Cursor: ~Escapable {
        var reader: ContentReader
        var topicsSeen = 0
        var kind: SlotKind?
        var hasTime = false

        @_lifetime(copy reader)
        init(_ reader: ContentReader) { self.reader = reader }
    }

    private static func heading(_ reader: inout ContentReader) throws(ContentError) -> SliceHeading {
        let capture = Stamp(
            epoch: Epoch(rawValue: try reader.wideNumber(from: 1)),
            sequence: SequenceNumber(rawValue: try reader.wideNumber()))
        let round = try reader.number()
        let slice = try reader.number()
        let isLast = try reader.boolean()
        let from = TopicHash(rawValue: try reader.word())
        let to = TopicHash(rawValue: try reader.word())
        guard from <= to else { throw .interval(from: from.rawValue, to: to.rawValue) }
        return SliceHeading(capture: capture, round: round, slice: slice, isLast: isLast, from: from, to: to)
    }

    /// The topics' hashes, which ascend and lie within the interval.
    private static func hashes(
        of topics: [Range<Int>], _ bytes: RawSpan, within heading: SliceHeading, with hasher: inout SymbolHasher
    ) throws(ContentError) -> [TopicHash] {
        var hashes: [TopicHash] = []
        hashes.reserveCapacity(topics.count)
        for (index, range) in topics.enumerated() {
            let topic = bytes.extracting(range)
            let hash = hasher.topicHash(topic)
            guard heading.from <= hash, hash <= heading.to else { throw .topicOutside(index) }
            if let last = hashes.last {
                guard last <= hash else { throw .topicOrder(index) }
                if last == hash {
                    let before = bytes.extracting(topics[index - 1])
                    guard !before.isEqual(to: topic) else { throw .topicTwice(index) }
                    guard before.precedes(topic) else { throw .topicOrder(index) }
                }
            }
            hashes.append(hash)
        }
        return hashes
    }

    private func check() throws(ContentError) {
        var cursor = Cursor(ContentReader(bytes, entries))
        for _ in 0..<entryCount { _ = try next(&cursor) }
        try cursor.reader.requireEnd()
        guard cursor.topicsSeen == topics.count else { throw .topicUnused(cursor.topicsSeen) }
        guard cursor.hasTime || timeBase == 0 else { throw .time(at: SliceHeading.timeBaseOffset(heading)) }
    }

    /// The next entry, or nil if it was one to be skipped.
    @_lifetime(copy self)
    private func next(_ cursor: inout Cursor) throws(ContentError) -> SliceEntryView? {
        let start = cursor.reader.offset
        let rawKind = try cursor.reader.byte()
        let range = try cursor.reader.lengthPrefixed()
        guard let kind = SlotKind(rawValue: rawKind) else {
            guard rawKind >= 0x80 else { throw .unknownKind(rawKind) }
            return nil
        }
        var body = ContentReader(bytes, range)
        let flagsAt = body.offset
        let rawFlags = try body.byte()
        guard let flags = RecordFlags(rawValue: rawFlags) else { throw .reserved(rawFlags, at: flagsAt) }
        let topic = try topic(&body, &cursor, kind: kind, entryAt: start)
        let stamp = try stamp(&body)
        let version = try body.version()
        let timeAt = body.offset
        let difference = try body.zigzag()
        let time = timeBase &+ UInt64(bitPattern: difference)
        guard cursor.hasTime || difference == 0, time < 1 << 63 else { throw .time(at: timeAt) }
        cursor.hasTime = true
        var properties = body.offset..<body.offset
        if flags.hasProperties {
            let at = body.offset
            properties = try body.lengthPrefixed()
            guard !properties.isEmpty else { throw .count(0, at: at) }
        }
        let payload = body.rest()
        guard kind != .tombstone || properties.isEmpty && payload.isEmpty else { throw .tombstone(at: start) }
        return SliceEntryView(
            kind: kind, topicHash: hashes[topic], stamp: stamp,
            record: RecordView(
                bytes, topic: topics[topic], flags: flags, version: version, time: UnixMilliseconds(rawValue: time),
                properties: properties, payload: payload))
    }

    /// The entry's topic: the one before, with a higher kind, or the next one.
    private func topic(
        _ body: inout ContentReader, _ cursor: inout Cursor, kind: SlotKind, entryAt: Int
    ) throws(ContentError) -> Int {
        let at = body.offset
        let index = try body.varint()
        guard index < topics.count else { throw .topicIndex(index, at: at) }
        if index == cursor.topicsSeen {
            cursor.topicsSeen += 1
        } else {
            guard Int(index) == cursor.topicsSeen - 1, cursor.kind.map({ $0 < kind }) ?? false else {
                throw .entryOrder(at: entryAt)
            }
        }
        cursor.kind = kind
        return Int(index)
    }

    private func stamp(_ body: inout ContentReader) throws(ContentError) -> Stamp {
        let at = body.offset
        let stamp = Stamp(
            epoch: Epoch(rawValue: try body.number()), sequence: SequenceNumber(rawValue: try body.number()))
        guard stamp.epoch.rawValue > 0, stamp.sequence.rawValue > 0, stamp <= heading.capture else {
            throw .stamp(stamp.epoch.rawValue, stamp.sequence.rawValue, at: at)
        }
        return stamp
    }
}

extension SliceHeading {
    /// Where the time base stands behind this heading.
    fileprivate static func timeBaseOffset(_ heading: SliceHeading) -> Int {
        33 + ContentWriter.varintBytes(heading.round) + ContentWriter.varintBytes(heading.slice)
    }
}
