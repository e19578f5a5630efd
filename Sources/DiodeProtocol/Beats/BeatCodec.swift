internal import Crypto
internal import Time

extension Beat {
    /// The content of a beat block. Texts that are too long are cut, counters above 2⁶³−1 stop there.
    public func encode() -> [UInt8] {
        precondition(
            epochs.count <= Self.maximumEpochs && alarms.count <= Self.maximumAlarms
                && 1..<(1 << 32) ~= periodMilliseconds, "a beat is within its limits (W-34)")
        var fields = FieldWriter()
        fields.append(.clock) { $0.word(clock.rawValue) }
        fields.append(.newest) {
            $0.word(lastSequence)
            $0.word(lastLiveBlock)
            $0.word(lastSnapshotBlock)
        }
        fields.append(.period) { $0.varint(periodMilliseconds) }
        if let software {
            fields.append(.software) { $0.text(UTF8Text.cut(software, maximumBytes: Self.maximumSoftwareBytes)) }
        }
        if let configuration { fields.append(.configuration) { $0.append(configuration.bytes) } }
        if let isDurable { fields.append(.durable) { $0.byte(isDurable ? 1 : 0) } }
        if let floor {
            fields.append(.floor) {
                $0.word(floor.epoch.rawValue)
                $0.word(floor.sequence.rawValue)
            }
        }
        if let topics { fields.append(.topics, topics) }
        if let snapshotRoundMilliseconds { fields.append(.round) { $0.varint(snapshotRoundMilliseconds) } }
        if !epochs.isEmpty { fields.append(.epochs) { Self.encode(epochs, into: &$0) } }
        if let older { fields.append(.older, older) }
        if !counters.isEmpty {
            fields.append(.counters) {
                $0.varint(UInt64(counters.count))
                for (counter, value) in counters.sorted(by: { $0.key < $1.key }) {
                    $0.byte(counter.rawValue)
                    $0.varint(min(value, 1 << 63 - 1))
                }
            }
        }
        if let broker {
            fields.append(.broker) {
                $0.byte(broker.isOnline ? 1 : 0)
                $0.word(broker.since.rawValue)
                $0.text(UTF8Text.cut(broker.reason, maximumBytes: Self.maximumTextBytes))
            }
        }
        if !alarms.isEmpty {
            fields.append(.alarms) {
                $0.varint(UInt64(alarms.count))
                for alarm in alarms { $0.lengthPrefixed(alarm, limit: Self.maximumTextBytes) }
            }
        }
        if let uptimeMilliseconds { fields.append(.uptime) { $0.word(min(uptimeMilliseconds, 1 << 63 - 1)) } }
        if let journalled { fields.append(.journalled) { $0.word(journalled.rawValue) } }
        if standsBy { fields.append(.standsBy) { $0.byte(1) } }
        return fields.bytes
    }

    private static func encode(_ epochs: [EpochSummary], into writer: inout ContentWriter) {
        writer.varint(UInt64(epochs.count))
        for epoch in epochs {
            writer.word(epoch.epoch.rawValue)
            writer.word(epoch.incarnation.rawValue)
            writer.word(epoch.firstSequence.rawValue)
            writer.word(epoch.lastCommitted.rawValue)
            writer.word(epoch.lastBlock.rawValue)
        }
    }

    /// - Throws: the first rule that the content breaks (W-29, W-31, W-34).
    public init(decoding bytes: RawSpan) throws(ContentError) {
        var reader = ContentReader(bytes)
        var fields: [UInt8: Range<Int>] = [:]
        var previous: UInt8 = 0
        while !reader.isAtEnd {
            let tag = try reader.byte()
            guard tag > previous else { throw .fieldOrder(tag) }
            guard tag >= 0x80 || Tag(rawValue: tag) != nil else { throw .unknownKind(tag) }
            fields[tag] = try reader.lengthPrefixed()
            previous = tag
        }
        func required(_ tag: Tag) throws(ContentError) -> Range<Int> {
            guard let range = fields[tag.rawValue] else { throw .missingField(tag.rawValue) }
            return range
        }
        var clock = ContentReader(bytes, try required(.clock))
        var newest = ContentReader(bytes, try required(.newest))
        var period = ContentReader(bytes, try required(.period))
        self.init(
            clock: UnixMilliseconds(rawValue: try clock.wideNumber()), lastSequence: try newest.wideNumber(),
            lastLiveBlock: try newest.wideNumber(), lastSnapshotBlock: try newest.wideNumber(),
            periodMilliseconds: try Self.milliseconds(&period, from: 1))
        try clock.requireEnd()
        try newest.requireEnd()
        try period.requireEnd()
        for (tag, range) in fields.sorted(by: { $0.key < $1.key }) {
            guard let tag = Tag(rawValue: tag) else { continue }
            var field = ContentReader(bytes, range)
            try decode(tag, &field)
        }
    }

    private mutating func decode(_ tag: Tag, _ field: inout ContentReader) throws(ContentError) {
        switch tag {
        case .clock, .newest, .period: return
        case .software: software = try field.text(field.rest(), limit: Self.maximumSoftwareBytes)
        case .configuration:
            configuration = Digest32(loading: field.bytes, at: try field.take(Digest32.byteCount).lowerBound)
        case .durable: isDurable = try field.boolean()
        case .floor:
            floor = Stamp(
                epoch: Epoch(rawValue: try field.wideNumber(from: 1)),
                sequence: SequenceNumber(rawValue: try field.wideNumber()))
        case .topics: topics = Pair(try field.number(), try field.number())
        case .round: snapshotRoundMilliseconds = try Self.milliseconds(&field, from: 0)
        case .epochs: try decodeEpochs(&field)
        case .older: older = Pair(try field.number(), try field.number())
        case .counters: try decodeCounters(&field)
        case .broker:
            broker = BrokerState(
                isOnline: try field.boolean(), since: UnixMilliseconds(rawValue: try field.wideNumber()),
                reason: try field.text(field.rest(), limit: Self.maximumTextBytes))
        case .uptime: uptimeMilliseconds = try field.wideNumber()
        case .alarms:
            let count = try listCount(&field, minimumBytes: 1, limit: Self.maximumAlarms)
            for _ in 0..<count {
                alarms.append(try field.text(field.lengthPrefixed(), limit: Self.maximumTextBytes))
            }
        case .journalled: journalled = SequenceNumber(rawValue: try field.wideNumber())
        case .standsBy:
            let at = field.offset
            standsBy = try field.boolean()
            guard standsBy else { throw .reserved(0, at: at) }
        }
        try field.requireEnd()
    }

    private mutating func decodeEpochs(_ field: inout ContentReader) throws(ContentError) {
        let count = try listCount(&field, minimumBytes: 40, limit: Self.maximumEpochs)
        for _ in 0..<count {
            let at = field.offset
            let summary = EpochSummary(
                epoch: Epoch(rawValue: try field.wideNumber(from: 1)),
                incarnation: Incarnation(rawValue: try field.word()),
                firstSequence: SequenceNumber(rawValue: try field.wideNumber()),
                lastCommitted: SequenceNumber(rawValue: try field.wideNumber()),
                lastBlock: BlockNumber(rawValue: try field.wideNumber()))
            guard epochs.last.map({ $0.epoch < summary.epoch }) ?? true else { throw .entryOrder(at: at) }
            epochs.append(summary)
        }
    }

    private mutating func decodeCounters(_ field: inout ContentReader) throws(ContentError) {
        var previous: UInt8 = 0
        let count = try listCount(&field, minimumBytes: 2, limit: 64)
        for _ in 0..<count {
            let id = try field.byte()
            guard id > previous else { throw .fieldOrder(id) }
            previous = id
            let value = try field.number()
            if let counter = Counter(rawValue: id) {
                counters[counter] = value
            } else if id < 0x80 {
                throw .unknownKind(id)
            }
        }
    }

    /// A duration below 2³² ms, 49 days (W-34), so that no reckoning with it overflows.
    private static func milliseconds(
        _ field: inout ContentReader, from lowest: UInt64
    ) throws(ContentError) -> UInt64 {
        let at = field.offset
        let value = try field.number()
        guard lowest..<(1 << 32) ~= value else { throw .number(value, at: at) }
        return value
    }

    /// A list that is written is not empty, so that one beat has one form.
    private func listCount(
        _ field: inout ContentReader, minimumBytes: Int, limit: Int
    ) throws(ContentError) -> Int {
        let at = field.offset
        let count = try field.count(minimumBytes: minimumBytes, limit: limit)
        guard count > 0 else { throw .count(0, at: at) }
        return count
    }
}

/// Appends tag, length and value.
private struct FieldWriter: ~Copyable {
    private var content = ContentWriter()
    private var value = ContentWriter()

    var bytes: [UInt8] { content.bytes }

    mutating func append(_ tag: Beat.Tag, _ write: (inout ContentWriter) -> Void) {
        value.removeAll()
        write(&value)
        content.byte(tag.rawValue)
        content.varint(UInt64(value.count))
        content.append(value.bytes)
    }

    mutating func append(_ tag: Beat.Tag, _ pair: Beat.Pair) {
        append(tag) {
            $0.varint(pair.first)
            $0.varint(pair.second)
        }
    }
}
