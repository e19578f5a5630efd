internal import DiodeProtocol
internal import Threading
internal import Time

// From what may cross (PolicyGate.swift) to a numbered record.
//
//   message ─▶ room for it? ─▶ stamp, version ─▶ slot ─▶ open block
//                 │ no
//                 shed: numbered and named

extension SenderCore {
    /// Makes a record of what may cross: with a stamp, in its topic's slot, in the open block.
    /// - Parameter known: its topic, if that is held.
    mutating func number(
        _ publication: borrowing Publication, _ known: NamespaceSlots.TopicID?, packet: UInt16 = 0,
        isFetched: Bool = false, isReconciled: Bool = false, now: MonotonicInstant, time: UnixMilliseconds
    ) -> Outcome {
        let content = NamespaceSlots.Content(publication)
        guard let id = known ?? slots.insert(publication.topic) else {
            return shed(publication, .topicLimit, nil, now: now, time: time)
        }
        if isFetched { slots.see(id, in: fetch) }
        switch journalState {
        case .writing, .failing: break
        case .full: return shed(publication, .journalFull, id, now: now, time: time)
        case .failingAndFull: return shed(publication, .commitFailed, id, now: now, time: time)
        }
        guard content.byteCount <= maximumRecordBytes else {
            return shed(publication, .oversize, id, now: now, time: time)
        }
        guard slots.topicBytes(with: content, in: id) <= teller.maximumTopicBytes else {
            return shed(publication, .oversize, id, now: now, time: time)
        }
        guard slots.hasRoom(for: content, in: id) else {
            return shed(publication, .topicLimit, id, now: now, time: time)
        }
        let stamp = stamper.next()
        let version = slots.nextVersion(id, in: batcher.lastBlock.next)
        slots.store(content, in: id, stamp: stamp, version: version, time: time)
        let flags = RecordFlags(
            qos: publication.qos, retain: publication.retain, hasProperties: publication.properties.byteCount > 0,
            isUnjournalled: journalState == .failing, isReconciled: isReconciled)
        flushShed(now)
        batcher.append(
            topic: publication.topic, flags: flags, version: version, time: time, properties: publication.properties,
            payload: publication.payload, packet: packet, now: now)
        counters.records += 1
        return .taken(stamp)
    }

    /// Numbers and names a record whose content does not cross (promise P8).
    private mutating func shed(
        _ publication: borrowing Publication, _ reason: ShedRun.Reason, _ id: NamespaceSlots.TopicID?,
        now: MonotonicInstant, time: UnixMilliseconds
    ) -> Outcome {
        let stamp = stamper.next()
        counters.shed += 1
        let version = countShed(id, time)
        let topic = publication.topic.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        let entry = ShedRun.Entry(topic: topic, records: 1, lastVersion: version)
        if pendingShed?.reason != reason || pendingShed.map({ $0.entries.count >= Self.shedEntries }) ?? false {
            flushShed(now)
        }
        var run = pendingShed.take() ?? ShedRun(reason: reason, from: time, to: time, entries: [])
        run.to = max(run.to, time)
        if let last = run.entries.last, last.topic == topic {
            run.entries[run.entries.count - 1].records += 1
            run.entries[run.entries.count - 1].lastVersion = version
        } else {
            run.entries.append(entry)
        }
        pendingShed = run
        return .shed(stamp, reason)
    }

    private mutating func countShed(_ id: NamespaceSlots.TopicID?, _ time: UnixMilliseconds) -> TopicVersion {
        guard let id else {
            slots.countUnnamed()
            return TopicVersion(rawValue: 0)
        }
        slots.noteShed(id, time: time)
        return slots.nextVersion(id, in: batcher.lastBlock.next)
    }

    /// Topics that one shed run names at most.
    private static let shedEntries = 64

    mutating func flushShed(_ now: MonotonicInstant) {
        if let run = pendingShed.take() { batcher.append(run, now: now) }
    }
}

extension NamespaceSlots.Content {
    @_lifetime(copy publication)
    init(_ publication: borrowing SenderCore.Publication) {
        self.init(
            properties: publication.properties, payload: publication.payload, qos: publication.qos,
            retain: publication.retain)
    }
}
