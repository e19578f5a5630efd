internal import Collections
package import DiodeProtocol
internal import Time

/// A topic's slots as they are kept on disk. Values are encoded by `NamespaceSlots.Value`.
package struct SlotRow: Sendable {
    package var id: Int
    package var topic: [UInt8]
    package var version: UInt64
    package var retained: [UInt8]
    package var event: [UInt8]
}

/// Topics whose slots changed, and which blocks of this epoch that concerns.
package struct SlotBatch: Sendable {
    package var rows: [SlotRow] = []
    /// Ids whose topics were forgotten.
    package var removed: [Int] = []
    /// What the rows that are on disk after this say no more: versions forgotten, and records without a topic.
    package var forgotten: UInt64 = 0
    /// The stamp given last: what was shed without a topic up to there is in `forgotten`.
    package var newest = Stamp(epoch: Epoch(rawValue: 0), sequence: SequenceNumber(rawValue: 0))
    /// The slots are the whole state, not only what was found of it so far.
    package var isWhole = false
    /// The rows speak of blocks up to this one, so it has to be written before them, or with them.
    package var through = BlockNumber(rawValue: 0)
    /// Changes of this and later blocks are in no row yet; nil if changes from before this epoch are among them.
    package var replayFrom: BlockNumber?

    package var isEmpty: Bool { rows.isEmpty && removed.isEmpty }
}

extension NamespaceSlots.Value {
    private static let headerBytes = 38

    /// The value as the table holds it; nothing for an empty one.
    ///
    /// ```text
    /// │ state (1) │ QoS (1) │ bytes of properties (4) │ epoch (8) │ sequence (8) │ version (8) │ time (8) │ properties, payload │
    /// ```
    var encoded: [UInt8] {
        guard state != .empty else { return [] }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.headerBytes + content.count)
        bytes.append(state.rawValue)
        bytes.append(qos.rawValue)
        Self.append(UInt32(propertiesBytes), to: &bytes)
        for word in [stamp.epoch.rawValue, stamp.sequence.rawValue, version.rawValue, time.rawValue] {
            Self.append(word, to: &bytes)
        }
        bytes.append(contentsOf: content)
        return bytes
    }

    /// What cannot be read is an empty value: the journal or the broker has it again.
    package init(encoded bytes: RawSpan) {
        self.init()
        guard bytes.byteCount >= Self.headerBytes, let state = State(rawValue: Self.number(bytes, 0)),
            let qos = QualityOfService(rawValue: Self.number(bytes, 1))
        else { return }
        let properties = Int(Self.number(bytes, 2) as UInt32)
        guard properties <= bytes.byteCount - Self.headerBytes else { return }
        set(
            state: state, qos: qos, propertiesBytes: properties,
            stamp: Stamp(
                epoch: Epoch(rawValue: Self.number(bytes, 6)),
                sequence: SequenceNumber(rawValue: Self.number(bytes, 14))),
            version: TopicVersion(rawValue: Self.number(bytes, 22)),
            time: UnixMilliseconds(rawValue: Self.number(bytes, 30)),
            content: [UInt8](copying: bytes.extracting(Self.headerBytes..<bytes.byteCount)))
    }

    private static func append(_ value: some FixedWidthInteger & UnsignedInteger, to bytes: inout [UInt8]) {
        for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    private static func number<Number: FixedWidthInteger & UnsignedInteger>(_ bytes: RawSpan, _ offset: Int) -> Number {
        var value: Number = 0
        for index in 0..<MemoryLayout<Number>.size {
            // One byte numbers are shifted out entirely by what the compiler calls an overshift: that is 0.
            value = value << 8 | Number(bytes.unsafeLoad(fromByteOffset: offset + index, as: UInt8.self))
        }
        return value
    }
}
