public import DiodeProtocol
internal import Time

/// A slice of the state as blocks of the snapshot channel. They are not journalled: the next round says it anew.
public struct SnapshotSlice: Sendable {
    public let heading: SliceHeading
    /// One, or the parts of a slice that a large slot fills, in order.
    public let blocks: [ClosedBlock]

    var byteCount: Int { blocks.reduce(0) { $0 + $1.symbols.count } }
}

/// Cuts slices out of the slots (WIRE §6.2): an interval of hash order that fits a block, with every slot and tombstone in it.
///
/// ```text
/// order   ──t──t──────t───t────────t──────▶         an interval ends just before the first topic that does not fit,
///           [ from            to ][ from …          so that consecutive slices leave no hash between them
/// ```
///
/// A topic's slots stay together, so a large one makes a slice of its own, in parts. On its way the cutter forgets tombstones
/// that have grown old: the slice then says that there is nothing.
struct SliceCutter: ~Copyable {
    /// What a slice aims at. Smaller than a block can be: it is built and compressed while records wait, and one that is lost
    /// leaves a smaller part of the state to the next round.
    private static let targetBytes = 32 << 10
    /// Topics that one slice may pass, forgotten ones included.
    private static let topicsAtOnce = 4_096
    /// An entry's own bytes at most, and those of a topic with two of them.
    private static let overheadBytes = 200
    /// And at least.
    private static let minimumOverheadBytes = 8

    private let epoch: Epoch
    private let incarnation: Incarnation
    private let closer: BlockCloser
    private let targetBytes: Int
    /// The most bytes of a topic's name and values.
    let maximumTopicBytes: Int
    private var encoder = SliceEncoder()
    private var plain: [UInt8] = []
    private(set) var lastBlock = BlockNumber(rawValue: 0)
    /// Topics that were passed and whose retained value has ended.
    private var expired: [NamespaceSlots.TopicID] = []

    init(epoch: Epoch, incarnation: Incarnation, closer: BlockCloser) {
        self.epoch = epoch
        self.incarnation = incarnation
        self.closer = closer
        targetBytes = min(Self.targetBytes, closer.capacityBytes)
        maximumTopicBytes =
            min(WireLimits.maximumParts * closer.capacityBytes, WireLimits.maximumContentBytes)
            - Self.overheadBytes
    }

    /// What is cut.
    struct Order {
        /// The newest stamp: the slots hold everything up to it.
        let capture: Stamp
        let round: UInt64
        let slice: UInt64
        let from: TopicHash
        let time: UnixMilliseconds
        /// Tombstones from before this are forgotten.
        let horizon: UnixMilliseconds
        /// The live block that is open, or the next one.
        let openBlock: BlockNumber
    }

    /// How far a slice that begins at `from` reaches at most.
    func reach(from: TopicHash, _ slots: borrowing NamespaceSlots) -> TopicHash {
        var position = slots.position(from: from)
        var (passed, bytes) = (0, 0)
        while let (hash, id) = slots.topic(at: position) {
            bytes += slots.topicBytes(id) + Self.minimumOverheadBytes
            if passed > 0, bytes > targetBytes || passed >= Self.topicsAtOnce { return hash }
            passed += 1
            position = slots.next(position)
        }
        return TopicHash(rawValue: .max)
    }

    /// Cuts the slice that begins at `order.from`.
    mutating func cut(_ order: Order, from slots: inout NamespaceSlots) -> SnapshotSlice {
        var old: [NamespaceSlots.TopicID] = []
        var end: TopicHash?
        var position = slots.position(from: order.from)
        var passed = 0
        while let (hash, id) = slots.topic(at: position) {
            slots.shrink(id, to: maximumTopicBytes, in: order.openBlock)
            let bytes = slots.topicBytes(id)
            if passed > 0, encoder.byteCount + bytes + Self.overheadBytes > targetBytes || passed >= Self.topicsAtOnce {
                // `order.from` lies below: a topic was passed since.
                end = TopicHash(rawValue: hash.rawValue - 1)
                break
            }
            let isForgotten = slots.isForgettable(id, before: order.horizon)
            if isForgotten { old.append(id) }
            if let deadline = slots.retained(id).deadline, deadline <= order.time { expired.append(id) }
            append(id, hash, of: slots, isForgotten: isForgotten)
            passed += 1
            position = slots.next(position)
        }
        for id in old { slots.forget(id, before: order.horizon, in: order.openBlock) }
        let heading = SliceHeading(
            capture: order.capture, round: order.round, slice: order.slice, isLast: end == nil, from: order.from,
            to: end ?? TopicHash(rawValue: .max))
        return SnapshotSlice(heading: heading, blocks: close(heading))
    }

    /// What was passed since it was last asked for.
    mutating func takeExpired() -> [NamespaceSlots.TopicID] {
        var taken: [NamespaceSlots.TopicID] = []
        swap(&taken, &expired)
        return taken
    }

    private mutating func append(
        _ id: NamespaceSlots.TopicID, _ hash: TopicHash, of slots: borrowing NamespaceSlots, isForgotten: Bool
    ) {
        let topic = slots.topic(id)
        let retained = slots.retained(id)
        if retained.state == .held { append(.retained, topic, hash, retained) }
        let event = slots.event(id)
        if event.state == .held { append(.lastEvent, topic, hash, event) }
        if retained.state == .tombstone, !isForgotten { append(.tombstone, topic, hash, retained) }
    }

    private mutating func append(
        _ kind: SlotKind, _ topic: [UInt8], _ hash: TopicHash, _ value: NamespaceSlots.Value
    ) {
        let content = value.content.span.bytes
        encoder.append(
            kind, topic: topic.span.bytes, hash: hash, stamp: value.stamp,
            flags: RecordFlags(
                qos: value.qos, retain: kind != .lastEvent, hasProperties: value.propertiesBytes > 0),
            version: value.version, time: value.time, properties: content.extracting(0..<value.propertiesBytes),
            payload: content.extracting(value.propertiesBytes..<content.byteCount))
    }

    private mutating func close(_ heading: SliceHeading) -> [ClosedBlock] {
        var plain: [UInt8] = []
        swap(&plain, &self.plain)
        encoder.finish(heading, into: &plain)
        guard let parts = ContentParts.split(byteCount: plain.count, maximumPartBytes: closer.capacityBytes) else {
            preconditionFailure("a topic's slots fit 64 parts")
        }
        var blocks: [ClosedBlock] = []
        for (index, range) in parts.enumerated() {
            lastBlock = lastBlock.next
            var about = BlockCloser.About()
            (about.part, about.parts) = (index, parts.count)
            let id = BlockID(channel: .snapshot, epoch: epoch, incarnation: incarnation, block: lastBlock)
            blocks.append(closer.close(plain.span.bytes.extracting(range), as: id, about))
        }
        swap(&plain, &self.plain)
        return blocks
    }
}
