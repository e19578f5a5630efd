internal import Collections
internal import Crypto
public import DiodeProtocol
public import Time

/// Gathers items into live blocks, closes them in time and numbers them (ADR 0006).
///
/// ```text
///          append               append that does not fit │ flush is over │ `close`
/// empty ──────────▶ open ───────────────────────────────────────────────────────────▶ closed, empty again
/// ```
///
/// A record that alone is larger than a block becomes up to 64 part blocks with one sequence. Blocks carry consecutive
/// sequences (WIRE W-24): whatever is appended has taken the next one.
public struct BlockBatcher: ~Copyable {
    private let epoch: Epoch
    private let incarnation: Incarnation
    private let closer: BlockCloser
    private let flush: Duration

    private var content = LiveContentEncoder()
    private var plain: [UInt8] = []
    private var closed = Ring<ClosedBlock>()
    /// When the oldest item of the open block came.
    private var openedAt: MonotonicInstant?
    private var delivered: DeliveryTicket?
    private var packets = PacketList()
    private var newestItem = UnixMilliseconds(rawValue: 0)

    /// The last sequence and the last block that were closed; 0 before the first.
    public private(set) var lastSequence = SequenceNumber(rawValue: 0)
    public private(set) var lastBlock = BlockNumber(rawValue: 0)

    /// - Parameter flush: how long an item may wait for company under load.
    init(epoch: Epoch, incarnation: Incarnation, closer: BlockCloser, flush: Duration) {
        self.epoch = epoch
        self.incarnation = incarnation
        self.closer = closer
        self.flush = flush
    }

    /// Whether nothing waits in the open block.
    public var isEmpty: Bool { content.isEmpty }

    /// When the open block has to be closed.
    public var deadline: MonotonicInstant? { openedAt?.advanced(by: flush) }

    /// Adds a record, which takes one sequence.
    /// - Parameter packet: the packet identifier that it was delivered under; 0 at QoS 0.
    public mutating func append(
        topic: RawSpan, flags: RecordFlags, version: TopicVersion, time: UnixMilliseconds, properties: RawSpan,
        payload: RawSpan, packet: UInt16 = 0, now: MonotonicInstant
    ) {
        makeRoom(topic: topic.byteCount, rest: properties.byteCount + payload.byteCount)
        if packet != 0 { packets.append(packet: packet, offset: content.sequenceCount) }
        content.append(
            topic: topic, flags: flags, version: version, time: time, properties: properties, payload: payload)
        opened(now, time)
    }

    /// Adds a run of shed records, which takes a sequence for each of them.
    public mutating func append(_ run: ShedRun, now: MonotonicInstant) {
        makeRoom(topic: run.entries.reduce(0) { $0 + $1.topic.utf8.count + 24 }, rest: 0)
        content.append(run)
        opened(now, run.to)
    }

    /// Adds an interval without a subscription. Takes no sequence.
    public mutating func append(_ unobserved: Unobserved, now: MonotonicInstant) {
        makeRoom(topic: 0, rest: Unobserved.maximumReasonBytes)
        content.append(unobserved)
        opened(now, unobserved.to)
    }

    /// Adds what the OT broker dropped. Takes no sequence.
    public mutating func append(_ drop: BrokerDrop, now: MonotonicInstant) {
        makeRoom(topic: 0, rest: 32)
        content.append(drop)
        opened(now, drop.to)
    }

    /// Adds an action of an operator or of the sender. Takes no sequence.
    public mutating func append(_ action: Action, now: MonotonicInstant) {
        makeRoom(topic: 0, rest: Action.maximumDetailBytes + Action.maximumWhatBytes)
        content.append(action)
        opened(now, action.at)
    }

    /// Adds a statement about the state behind everything before it. Takes no sequence.
    public mutating func append(_ checkpoint: Checkpoint, now: MonotonicInstant, time: UnixMilliseconds) {
        makeRoom(topic: 0, rest: Digest32.byteCount + 40)
        content.append(checkpoint)
        opened(now, time)
    }

    /// Says that everything delivered up to this ticket has been appended, or needs not be.
    public mutating func note(_ ticket: DeliveryTicket) {
        delivered = max(ticket, delivered ?? ticket)
    }

    /// What was delivered since the last block was closed and waits for none: nil unless the open block is empty.
    public mutating func takeSettled() -> DeliveryTicket? {
        guard content.isEmpty else { return nil }
        return delivered.take()
    }

    /// Closes the open block if its oldest item has waited long enough.
    public mutating func advance(now: MonotonicInstant) {
        if let deadline, deadline <= now { close() }
    }

    /// Closes the open block, if anything is in it.
    public mutating func close() {
        guard !content.isEmpty else { return }
        let first = lastSequence.next
        let last = SequenceNumber(rawValue: lastSequence.rawValue + content.sequenceCount)
        var plain: [UInt8] = []
        swap(&plain, &self.plain)
        content.finish(into: &plain)
        openedAt = nil
        lastSequence = last
        guard let parts = ContentParts.split(byteCount: plain.count, maximumPartBytes: closer.capacityBytes) else {
            preconditionFailure("the core sheds records that do not fit 64 parts")
        }
        precondition(parts.count == 1 || first == last, "only a single record spans part blocks")
        for (index, range) in parts.enumerated() {
            lastBlock = lastBlock.next
            let id = BlockID(channel: .live, epoch: epoch, incarnation: incarnation, block: lastBlock)
            var about = BlockCloser.About()
            (about.part, about.parts, about.first, about.last) = (index, parts.count, first, last)
            about.closedAt = newestItem
            if index == parts.count - 1 { (about.lastDelivery, about.packets) = (delivered.take(), packets) }
            closed.append(closer.close(plain.span.bytes.extracting(range), as: id, about))
        }
        packets = PacketList()
        swap(&plain, &self.plain)
    }

    /// The oldest closed block that was not taken.
    public mutating func next() -> ClosedBlock? { closed.popFirst() }

    /// Closes the open block first if the new item does not fit it.
    private mutating func makeRoom(topic: Int, rest: Int) {
        if !content.isEmpty,
            content.byteCount(addingTopic: topic, properties: 0, payload: rest) > closer.capacityBytes
        {
            close()
        }
    }

    private mutating func opened(_ now: MonotonicInstant, _ time: UnixMilliseconds) {
        if openedAt == nil { openedAt = now }
        newestItem = max(newestItem, time)
    }
}
