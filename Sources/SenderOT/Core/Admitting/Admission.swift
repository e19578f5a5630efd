internal import DiodeProtocol
internal import Time

/// Takes messages to the gate and does what the gate says: a record now, a record later, or none.
///
/// ```text
/// message ─▶ PolicyGate ──── a record ─────────────────────────────▶ Recorder
///                └─ waits ─▶ WaitingValues ─ interval over, released ──▲
/// ```
///
/// Slots, edge nodes and recorder belong to the core, which lends them.
struct Admission {
    private var gate: PolicyGate
    private var waiting = WaitingValues()
    /// Everything delivered, and what of it was known: fetched values that said nothing new, deliveries that an earlier lifetime had
    /// journalled.
    private(set) var received: UInt64 = 0
    private(set) var known: UInt64 = 0
    private(set) var repeated: UInt64 = 0

    /// What was numbered as lost, so that another fetch of the same content does not number it again.
    private var lost: Set<Int> = []
    /// So many are remembered; then some are numbered again.
    private static let maximumLost = 4_096

    init(_ gate: PolicyGate) { self.gate = gate }

    var policy: ExportPolicy { gate.policy }
    /// Values that wait for the rate of their rule.
    var waitingCount: Int { waiting.count }
    /// When the first of them may go, or might have gone; nil while no interval runs.
    var deadline: MonotonicInstant? { waiting.deadline }

    /// Messages that stayed, by ``ExportPolicy/Refusal``.
    var filtered: [UInt64] {
        var all = gate.refused
        all[ExportPolicy.Refusal.superseded.rawValue] += waiting.superseded
        return all
    }

    /// Changes what may cross, from the next message on.
    mutating func replacePolicy(_ policy: ExportPolicy) { gate.replacePolicy(policy) }

    /// Takes in a message.
    mutating func accept(
        _ publication: borrowing SenderCore.Publication, _ arrival: PolicyGate.Arrival, _ slots: inout NamespaceSlots,
        _ edgeNodes: inout EdgeNodeStates, _ recorder: inout Recorder
    ) -> SenderCore.Outcome {
        received += 1
        letGo(&slots, &recorder, now: arrival.now)
        let (now, time) = (arrival.now, arrival.time)
        let origin: Recorder.Origin = arrival.began == nil ? .session(packet: arrival.packet) : .fetch
        switch gate.judge(publication, arrival, &slots, &waiting, behind: recorder.newestBlock) {
        case .record(let id, let name):
            recordReleased(&slots, &recorder, now: now)
            guard let name else {
                return recorder.record(publication, at: id, in: &slots, from: origin, now: now, time: time)
            }
            let renamed = publication.renamed(name.span.bytes)
            return recorder.record(renamed, at: id, in: &slots, from: origin, now: now, time: time)
        case .recordOfEdgeNode(let id):
            edgeNodes.fold(publication)
            // Whatever its flag, it is an event: what it means for later is in the node's state (ADR 0016).
            return recorder.record(publication.asEvent, at: id, in: &slots, from: origin, now: now, time: time)
        case .waits: return .held
        case .stays(let refusal):
            // It changes nothing, and is counted with its node.
            if refusal == .cleared { edgeNodes.fold(publication) }
            return .filtered(refusal)
        case .known:
            known += 1
            return .known
        }
    }

    /// Takes in a message whose content could not be taken.
    mutating func accept(
        lost publication: borrowing SenderCore.LostPublication, isFetched: Bool, _ slots: inout NamespaceSlots,
        _ recorder: inout Recorder, now: MonotonicInstant, time: UnixMilliseconds
    ) -> SenderCore.Outcome {
        received += 1
        letGo(&slots, &recorder, now: now)
        let (place, name): (NamespaceSlots.TopicID?, [UInt8]?)
        switch gate.judge(lost: publication, isFetched: isFetched, &slots) {
        case .record(let id, let renamed): (place, name) = (id, renamed)
        case .recordOfEdgeNode(let id): (place, name) = (id, nil)
        case .stays(let refusal): return .filtered(refusal)
        case .waits: return .held
        case .known:
            known += 1
            return .known
        }
        var hasher = Hasher()
        publication.topic.withUnsafeBytes { hasher.combine(bytes: $0) }
        hasher.combine(publication.reason)
        hasher.combine(publication.content)
        if lost.count >= Self.maximumLost { lost.removeAll() }
        if !lost.insert(hasher.finalize()).inserted, isFetched {
            known += 1
            return .known
        }
        guard let name else {
            return recorder.record(
                lost: publication.topic, publication.reason, at: place, in: &slots, now: now, time: time)
        }
        return recorder.record(lost: name.span.bytes, publication.reason, at: place, in: &slots, now: now, time: time)
    }

    /// Counts a message that an earlier lifetime has journalled.
    mutating func noteRepeated() {
        received += 1
        repeated += 1
    }

    /// Makes records of what has waited for long enough.
    mutating func letGo(_ slots: inout NamespaceSlots, _ recorder: inout Recorder, now: MonotonicInstant) {
        waiting.releaseDue(now: now)
        recordReleased(&slots, &recorder, now: now)
    }

    /// Makes records of everything that waits.
    mutating func letGoAll(_ slots: inout NamespaceSlots, _ recorder: inout Recorder, now: MonotonicInstant) {
        waiting.releaseAll()
        recordReleased(&slots, &recorder, now: now)
    }

    /// Takes back what waited when an earlier lifetime ended: it leaves at once, unless it had left.
    mutating func restore(
        _ held: [RestoredHeldValue], _ slots: inout NamespaceSlots, _ recorder: inout Recorder, now: MonotonicInstant
    ) {
        for each in held {
            let id = policy.exportedTopic(of: each.topic).flatMap { slots.find($0.span.bytes) }
            let slot = id.map { each.value.retain ? slots.retained($0) : slots.event($0) }
            if slot?.state == .held, slot?.content == each.value.content {
                waiting.noteGone(each.value, of: each.topic, behind: recorder.newestBlock)
            } else {
                waiting.restore(each, now: now)
                recordReleased(&slots, &recorder, now: now)
            }
        }
    }

    /// Deletes a retained value that was not in the fetch that began at a stamp. What waits of its topic goes first, or not at all; if
    /// it came since the fetch began, the broker does have a value, and nothing is deleted.
    mutating func deleteUnseen(
        _ id: NamespaceSlots.TopicID, since began: Stamp, _ slots: inout NamespaceSlots, _ recorder: inout Recorder,
        now: MonotonicInstant, time: UnixMilliseconds
    ) {
        guard slots.isUnseen(id, since: began) else { return }
        if waiting.count > 0, let plant = policy.plantTopic(of: slots.topic(id)) {
            if waiting.holdsValue(of: plant, since: slots.fetch) { return }
            waiting.drop(plant, retain: true, behind: recorder.newestBlock)
            waiting.release(plant)
            recordReleased(&slots, &recorder, now: now)
        }
        recorder.recordDeletion(at: id, in: &slots, now: now, time: time)
    }

    /// Ends the next values that the policy does not export any more: a deletion for each retained one, while events are forgotten.
    /// - Returns: where the next step begins; nil behind the last topic.
    func endUnexported(
        from place: Int, _ slots: inout NamespaceSlots, _ recorder: inout Recorder, now: MonotonicInstant,
        time: UnixMilliseconds
    ) -> Int? {
        let (topics, next) = slots.held(from: place)
        for id in topics where !policy.exports(slots.topic(id)) {
            if slots.holdsRetained(id) { recorder.recordDeletion(at: id, in: &slots, now: now, time: time) }
            slots.clearEvent(id, in: recorder.nextBlock)
        }
        return next
    }

    /// Every row of the table of values that wait has to be written again.
    mutating func noteAllHeldChanged() { waiting.noteAllChanged() }

    /// Moves out the rows that have to be written before any block that is closed from now on.
    mutating func takeHeldPuts() -> [HeldChange] { waiting.takePuts() }

    /// Moves out the rows whose values are in blocks up to this one, or are given up.
    mutating func takeHeldRemovals(through block: BlockNumber) -> [HeldChange] { waiting.takeRemovals(through: block) }

    /// Makes records of values whose waiting is over, under the policy of now.
    private mutating func recordReleased(
        _ slots: inout NamespaceSlots, _ recorder: inout Recorder, now: MonotonicInstant
    ) {
        while let (topic, value) = waiting.nextReleased() {
            if let name = gate.exportedTopic(ofReleased: topic) {
                let bytes = value.content.span.bytes
                let publication = SenderCore.Publication(
                    topic: name.span.bytes, payload: bytes.extracting(value.propertiesBytes..<bytes.byteCount),
                    properties: bytes.extracting(0..<value.propertiesBytes), qos: value.qos, retain: value.retain)
                _ = recorder.record(
                    publication, at: slots.find(name.span.bytes), in: &slots, from: .session(packet: 0), now: now,
                    time: value.time)
                recorder.flushShed(now)
            }
            waiting.noteGone(value, of: topic, behind: recorder.newestBlock)
        }
    }
}
