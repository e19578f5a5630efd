internal import DiodeProtocol
internal import Time

/// Turns a message that may cross into a record: with a stamp, in its topic's slot, in the open block.
///
/// ```text
/// message ─▶ room for it? ── yes ─▶ stamp, version ─▶ slot ─▶ BlockBatcher ─▶ closed blocks
///                └── no ──▶ stamp, version ─▶ ShedGatherer: numbered and named ──▲
/// ```
///
/// Whatever takes a sequence takes it here, so that the sequences of an epoch have no holes. What was shed enters the block before
/// anything that comes after it, or at the end of the gulp.
struct Recorder: ~Copyable {
    /// Where a record comes from.
    enum Origin {
        /// The main session, under this packet identifier; 0 if it has none.
        case session(packet: UInt16)
        /// A fetch of the retained set.
        case fetch
        /// The sender itself, which found that the namespace is different from what was told of it.
        case reconciliation
    }

    private let maximumRecordBytes: Int
    /// The most bytes of a topic's name and values, so that a slice can hold them.
    private let maximumTopicBytes: Int
    private var stamper: Stamper
    private var sheds: ShedGatherer
    private var batcher: BlockBatcher
    private var journal = SenderCore.JournalState.writing
    /// Records that cross, and records that were shed.
    private(set) var recordCount: UInt64 = 0
    private(set) var shedCount: UInt64 = 0

    init(
        epoch: Epoch, incarnation: Incarnation, settings: SenderCore.Settings, closer: BlockCloser,
        maximumTopicBytes: Int
    ) {
        // With a topic of 65,535 bytes, and its lengths, a record stays within 64 parts and 8 MiB (WIRE W-09, W-26).
        let largest = min(64 * closer.capacityBytes, WireLimits.maximumContentBytes) - 66_000
        precondition(settings.maximumRecordBytes <= largest, "64 part blocks hold the largest record")
        maximumRecordBytes = settings.maximumRecordBytes
        self.maximumTopicBytes = maximumTopicBytes
        stamper = Stamper(epoch: epoch)
        sheds = ShedGatherer(capacityBytes: closer.capacityBytes)
        batcher = BlockBatcher(
            epoch: epoch, incarnation: incarnation, closer: closer, flush: settings.flush)
    }

    /// The stamp given last; sequence 0 before the first.
    var newestStamp: Stamp { Stamp(epoch: stamper.epoch, sequence: stamper.newest) }
    /// The last sequence and the last block that were closed; 0 before the first.
    var lastClosed: (sequence: SequenceNumber, block: BlockNumber) { (batcher.lastSequence, batcher.lastBlock) }
    /// The block that the next record goes into.
    var nextBlock: BlockNumber { batcher.lastBlock.next }
    /// The block that has to be safe before everything recorded until now is: the open one, or the last one if none is open.
    var newestBlock: BlockNumber { batcher.isEmpty ? batcher.lastBlock : batcher.lastBlock.next }
    /// Whether records wait in a block that is not closed yet.
    var hasOpenBlock: Bool { !batcher.isEmpty }
    /// When the open block has to be closed.
    var deadline: MonotonicInstant? { batcher.deadline }

    /// How the journal is from now on.
    mutating func note(_ journal: SenderCore.JournalState) { self.journal = journal }

    /// Whether the journal has room for a record.
    var hasRoom: Bool { journal == .writing || journal == .failing }

    /// Makes a record, or sheds it.
    /// - Parameter known: the place of its topic, if that is held.
    mutating func record(
        _ publication: borrowing SenderCore.Publication, at known: NamespaceSlots.TopicID?,
        in slots: inout NamespaceSlots, from origin: Origin, now: MonotonicInstant, time: UnixMilliseconds
    ) -> SenderCore.Outcome {
        let content = NamespaceSlots.Content(publication)
        guard let id = known ?? slots.insert(publication.topic) else {
            return shed(publication.topic, .topicLimit, at: nil, in: &slots, now: now, time: time)
        }
        var (packet, isReconciled): (UInt16, Bool) = (0, false)
        switch origin {
        case .session(let identifier): packet = identifier
        case .fetch: slots.see(id)
        case .reconciliation: isReconciled = true
        }
        if let reason = refusal(of: content, at: id, in: slots) {
            return shed(publication.topic, reason, at: id, in: &slots, now: now, time: time)
        }
        let stamp = stamper.next()
        let version = slots.nextVersion(id, in: nextBlock)
        slots.store(content, in: id, stamp: stamp, version: version, time: time)
        let flags = RecordFlags(
            qos: publication.qos, retain: publication.retain, hasProperties: publication.properties.byteCount > 0,
            isUnjournalled: journal == .failing, isReconciled: isReconciled)
        flushShed(now)
        batcher.append(
            topic: publication.topic, flags: flags, version: version, time: time, properties: publication.properties,
            payload: publication.payload, packet: packet, now: now)
        recordCount += 1
        return .recorded(stamp)
    }

    /// Numbers and names a message whose content could not be taken.
    /// - Parameters:
    ///   - topic: a topic name; of a malformed message any bytes.
    ///   - known: the place of its topic, if that is held.
    mutating func record(
        lost topic: RawSpan, _ reason: SenderCore.LostPublication.Reason, at known: NamespaceSlots.TopicID?,
        in slots: inout NamespaceSlots, now: MonotonicInstant, time: UnixMilliseconds
    ) -> SenderCore.Outcome {
        switch reason {
        case .oversize:
            let id = known ?? slots.insert(topic)
            return shed(topic, id == nil ? .topicLimit : .oversize, at: id, in: &slots, now: now, time: time)
        case .malformed: return shed(topic, .malformed, at: nil, in: &slots, now: now, time: time)
        }
    }

    /// Makes the deletion of a retained value that the plant does not have any more.
    mutating func recordDeletion(
        at id: NamespaceSlots.TopicID, in slots: inout NamespaceSlots, now: MonotonicInstant, time: UnixMilliseconds
    ) {
        let topic = slots.topic(id)
        // Of one that has expired, the plant's subscribers were told nothing: the receiver leaves it to the IT broker where it can.
        let hasExpired = slots.retained(id).deadline.map { $0 <= time } ?? false
        let properties = hasExpired ? MessageExpiry.isOver : []
        let deletion = SenderCore.Publication(deleting: topic.span.bytes, properties: properties.span.bytes)
        _ = record(deletion, at: id, in: &slots, from: .reconciliation, now: now, time: time)
    }

    /// Why the content of a record cannot cross; nil if it can.
    private func refusal(
        of content: borrowing NamespaceSlots.Content, at id: NamespaceSlots.TopicID, in slots: borrowing NamespaceSlots
    ) -> ShedRun.Reason? {
        switch journal {
        case .writing, .failing: break
        case .full: return .journalFull
        case .failingAndFull: return .commitFailed
        }
        guard content.byteCount <= maximumRecordBytes,
            slots.topicBytes(with: content, in: id) <= maximumTopicBytes
        else { return .oversize }
        return slots.hasRoom(for: content, in: id) ? nil : .topicLimit
    }

    /// Numbers and names a state of an edge node that is beyond a limit, so that it cannot be told.
    mutating func shedState(
        _ topic: [UInt8], in slots: inout NamespaceSlots, now: MonotonicInstant, time: UnixMilliseconds
    ) {
        let bytes = topic.span.bytes
        _ = shed(bytes, .oversize, at: slots.find(bytes), in: &slots, now: now, time: time)
        flushShed(now)
    }

    /// Numbers and names a record whose content does not cross (promise P8).
    private mutating func shed(
        _ topic: RawSpan, _ reason: ShedRun.Reason, at id: NamespaceSlots.TopicID?, in slots: inout NamespaceSlots,
        now: MonotonicInstant, time: UnixMilliseconds
    ) -> SenderCore.Outcome {
        let stamp = stamper.next()
        shedCount += 1
        var version = TopicVersion(rawValue: 0)
        if let id {
            slots.noteShed(id, time: time)
            version = slots.nextVersion(id, in: nextBlock)
        } else {
            slots.countUnnamed()
        }
        let name =
            reason == .malformed
            ? EscapedTopic.text(topic) : topic.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        if let run = sheds.add(name, version, reason, time: time) { batcher.append(run, now: now) }
        return .shed(stamp, reason)
    }

    /// Puts into the open block what was shed until now.
    mutating func flushShed(_ now: MonotonicInstant) {
        if let run = sheds.take() { batcher.append(run, now: now) }
    }

    // What takes no sequence, in its place between the records.

    mutating func append(_ unobserved: Unobserved, now: MonotonicInstant) {
        flushShed(now)
        batcher.append(unobserved, now: now)
    }

    mutating func append(_ drop: BrokerDrop, now: MonotonicInstant) {
        flushShed(now)
        batcher.append(drop, now: now)
    }

    mutating func append(_ action: Action, now: MonotonicInstant) {
        flushShed(now)
        batcher.append(action, now: now)
    }

    mutating func append(_ checkpoint: Checkpoint, now: MonotonicInstant, time: UnixMilliseconds) {
        batcher.append(checkpoint, now: now, time: time)
    }

    // Blocks.

    /// Says that everything delivered up to this ticket is recorded, or needs not be.
    mutating func note(_ delivery: DeliveryTicket) { batcher.note(delivery) }

    /// Says that nothing more has been read for now.
    /// - Parameter idle: nothing waits behind the core, so that the open block may leave at once.
    mutating func endGulp(idle: Bool, now: MonotonicInstant) {
        flushShed(now)
        if idle { batcher.close() } else { batcher.advance(now: now) }
    }

    /// Closes the open block if its oldest record has waited long enough.
    mutating func advance(now: MonotonicInstant) { batcher.advance(now: now) }

    /// Moves out the oldest closed block.
    mutating func nextClosedBlock() -> ClosedBlock? { batcher.next() }

    /// Moves out the newest delivery that waits for no block any more; nil while a block is open.
    mutating func takeSettled() -> DeliveryTicket? { batcher.takeSettled() }
}
