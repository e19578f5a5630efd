internal import DiodeProtocol
internal import MQTTProtocol
package import Time

/// What the policy makes of a message: it stays, it waits, or it is a record.
///
/// ```text
/// topic ─▶ rule ─▶ size ─▶ prefix ─▶ fetched and known? ─▶ deadband ─▶ in its interval? ─▶ a record
///           └───────┴── filtered           known             filtered     waits, and what waited is filtered
/// ```
extension SenderCore {
    /// - Parameters:
    ///   - publication: its topic is that of the plant.
    ///   - isStored: it is acknowledged to the broker, so that it must not wait in memory alone.
    ///   - began: what `beginFetch` returned, for a fetched value.
    mutating func export(
        _ publication: borrowing Publication, packet: UInt16, isStored: Bool, fetchedSince began: Stamp?,
        now: MonotonicInstant, time: UnixMilliseconds
    ) -> Outcome {
        // Under a name that another topic may have on the link, nothing is remembered.
        var id = policy.movesTopics ? nil : slots.find(publication.topic)
        let passage: ExportPolicy.Passage
        if let id, let admitted = slots.passage(id, by: policyGeneration) {
            passage = admitted
        } else {
            switch policy.ruling(on: publication.topic) {
            case .stays(let refusal): return filter(refusal)
            case .crosses(let ruled): passage = ruled
            }
            if let id { slots.admit(id, as: passage, by: policyGeneration) }
        }
        let arrival = Arrival(
            passage: passage, packet: packet, isStored: isStored, began: began, now: now, time: time)
        let prefix = policy.prefix(of: passage)
        guard !prefix.isEmpty else {
            if policy.movesTopics { id = slots.find(publication.topic) }
            guard policy.rules[passage.rule].isPlain else { return judge(publication, id: id, arrival) }
            if passage.isSparkplug, edgeNodes.isEdgeMessage(publication.topic) {
                return takeEdgeMessage(publication, id, arrival)
            }
            if let began, isKnown(NamespaceSlots.Content(publication), id, since: began, at: time) {
                return .known
            }
            return take(publication, id, arrival)
        }
        let plant = publication.topic.withUnsafeBytes { Array($0) }
        let topic = prefix + plant
        let moved = Publication(
            topic: topic.span.bytes, payload: publication.payload, properties: publication.properties,
            qos: publication.qos, retain: publication.retain)
        return judge(moved, id: slots.find(topic.span.bytes), arrival, plant: plant)
    }

    /// How a message came.
    private struct Arrival {
        let passage: ExportPolicy.Passage
        let packet: UInt16
        let isStored: Bool
        let began: Stamp?
        let now: MonotonicInstant
        let time: UnixMilliseconds
    }

    /// Applies the options of the rule.
    /// - Parameters:
    ///   - publication: its topic is that of the link.
    ///   - plant: the topic in the plant, if that is another one.
    private mutating func judge(
        _ publication: borrowing Publication, id: NamespaceSlots.TopicID?, _ arrival: Arrival, plant: [UInt8]? = nil
    ) -> Outcome {
        let rule = policy.rules[arrival.passage.rule]
        if let most = rule.maximumPayloadBytes, publication.payload.byteCount > most {
            // The broker retains a value, if not this one: it was not deleted.
            if arrival.began != nil, let id { slots.see(id, in: fetch) }
            return filter(.tooLarge)
        }
        if arrival.passage.isSparkplug, edgeNodes.isEdgeMessage(publication.topic) {
            return takeEdgeMessage(publication, id, arrival)
        }
        if let began = arrival.began, isKnown(NamespaceSlots.Content(publication), id, since: began, at: arrival.time) {
            return .known
        }
        let content = NamespaceSlots.Content(publication)
        guard !arrival.passage.isSparkplug else { return take(publication, id, arrival) }
        let isClose = self.isClose(content, to: id, within: rule.deadband)
        guard rule.interval != nil || isClose else { return take(publication, id, arrival) }
        let topic = plant ?? publication.topic.withUnsafeBytes { Array($0) }
        if isClose {
            // What waits is older, and what was sent is close enough to this.
            drop(pacer.withdraw(topic, retain: publication.retain), of: topic)
            return filter(.deadband)
        }
        guard let interval = rule.interval else { return take(publication, id, arrival) }
        if content.isDeletion {
            // It waits for nothing, but it overtakes nothing either.
            drop(pacer.withdraw(topic, retain: true), of: topic)
            letGo(pacer.release(topic), of: topic, now: arrival.now)
            return take(publication, id, arrival)
        }
        if arrival.began != nil, let waiting = pacer.waiting(of: topic, retain: true), waiting.fetch == fetch {
            // It came since the fetch began, and so will whatever is newer.
            counters.known += 1
            return .known
        }
        if pacer.admits(topic, each: interval, now: arrival.now.sinceStart) { return take(publication, id, arrival) }
        return hold(publication, id, arrival, of: topic)
    }

    private mutating func take(
        _ publication: borrowing Publication, _ id: NamespaceSlots.TopicID?, _ arrival: Arrival
    ) -> Outcome {
        number(
            publication, id, packet: arrival.packet, isFetched: arrival.began != nil, now: arrival.now,
            time: arrival.time)
    }

    /// Takes what an edge node says: an event, whatever its flag, whose meaning is in the node's state (ADR 0016).
    private mutating func takeEdgeMessage(
        _ publication: borrowing Publication, _ id: NamespaceSlots.TopicID?, _ arrival: Arrival
    ) -> Outcome {
        // What a broker retains of edge nodes against the specification says nothing of them now.
        guard arrival.began == nil else {
            counters.known += 1
            return .known
        }
        edgeNodes.take(publication)
        return number(publication.asEvent, id, packet: arrival.packet, now: arrival.now, time: arrival.time)
    }

    private mutating func filter(_ refusal: ExportPolicy.Refusal) -> Outcome {
        counters.filtered[refusal.rawValue] += 1
        return .filtered(refusal)
    }

    /// Whether a fetched value says nothing new. It is noted as seen.
    private mutating func isKnown(
        _ content: borrowing NamespaceSlots.Content, _ id: NamespaceSlots.TopicID?, since began: Stamp,
        at time: UnixMilliseconds
    ) -> Bool {
        guard let id else { return false }
        slots.see(id, in: fetch)
        guard !slots.isNews(content, for: id, since: began, at: time) else { return false }
        counters.known += 1
        return true
    }

    /// Whether a value is too close to what was sent last of its kind.
    private func isClose(
        _ content: borrowing NamespaceSlots.Content, to id: NamespaceSlots.TopicID?, within deadband: Deadband?
    ) -> Bool {
        guard let id, let deadband, !content.isDeletion else { return false }
        let last = content.retain ? slots.retained(id) : slots.event(id)
        guard last.state == .held else { return false }
        let bytes = last.content.span.bytes
        return deadband.hides(content.payload, after: bytes.extracting(last.propertiesBytes..<bytes.byteCount))
    }

    // What waits.

    private mutating func hold(
        _ publication: borrowing Publication, _ id: NamespaceSlots.TopicID?, _ arrival: Arrival, of topic: [UInt8]
    ) -> Outcome {
        let value = HeldValue(
            NamespaceSlots.Content(publication), fetch: fetch, isStored: arrival.isStored, time: arrival.time)
        switch pacer.hold(value, of: topic, retain: value.retain, bytes: value.byteCount + topic.count) {
        case .waits(let superseded):
            if superseded != nil { counters.filtered[ExportPolicy.Refusal.superseded.rawValue] += 1 }
            if value.isStored {
                heldChanges.put(value, of: topic)
            } else if superseded?.isStored ?? false, arrival.began != nil {
                // The broker retains what is newer, and a start fetches it.
                heldChanges.remove(value.retain, of: topic, behind: openBlock)
            }
            if arrival.began != nil, let id { slots.see(id, in: fetch) }
            return .held
        case .noRoom:
            drop(pacer.withdraw(topic, retain: value.retain), of: topic)
            letGo(pacer.release(topic), of: topic, now: arrival.now)
            return take(publication, id, arrival)
        }
    }

    /// When the first interval is over; nil while none runs.
    var heldDeadline: MonotonicInstant? { pacer.deadline.map { MonotonicInstant(nanoseconds: $0.nanoseconds) } }

    /// Lets go what has waited for long enough.
    mutating func letGo(now: MonotonicInstant) {
        while let (topic, values) = pacer.nextDue(now.sinceStart) { letGo(values, of: topic, now: now) }
    }

    /// Lets go everything that waits: the sender ends.
    package mutating func letGoAll(now: MonotonicInstant) {
        for (topic, values) in pacer.releaseAll() { letGo(values, of: topic, now: now) }
    }

    /// Takes back what waited when an earlier lifetime ended: it leaves at once, unless it had left.
    package mutating func restore(_ held: [RestoredHeldValue], now: MonotonicInstant) {
        for each in held {
            let value = each.value
            let place = policy.exportedTopic(of: each.topic).flatMap { slots.find($0.span.bytes) }
            let slot = place.map { value.retain ? slots.retained($0) : slots.event($0) }
            guard slot?.state != .held || slot?.content != value.content else {
                heldChanges.remove(value.retain, of: each.topic, behind: openBlock)
                continue
            }
            switch pacer.restore(
                value, of: each.topic, retain: value.retain, bytes: value.byteCount + each.topic.count,
                now: now.sinceStart)
            {
            case .waits: break
            case .noRoom: letGo(pacer.release(each.topic) + [value], of: each.topic, now: now)
            }
        }
    }

    /// Every value that waits has to be written again.
    package mutating func noteAllHeldChanged() {
        pacer.forEachWaiting { topic, value in
            if value.isStored { heldChanges.put(value, of: topic) }
        }
    }

    /// What has to be written of values that wait, before any block that is closed from now on.
    package mutating func takeHeldPuts() -> [HeldChange] { heldChanges.takePuts() }

    /// Which of them are in blocks that were taken, or are given up.
    package mutating func takeHeldRemovals() -> [HeldChange] { heldChanges.takeRemovals(through: batcher.lastBlock) }

    private mutating func drop(_ value: HeldValue?, of topic: [UInt8]) {
        guard let value else { return }
        counters.filtered[ExportPolicy.Refusal.superseded.rawValue] += 1
        if value.isStored { heldChanges.remove(value.retain, of: topic, behind: openBlock) }
    }

    /// The block that has to be safe before what was taken until now is.
    private var openBlock: BlockNumber { batcher.isEmpty ? batcher.lastBlock : batcher.lastBlock.next }

    /// Makes records of values that have waited, under the policy of now.
    private mutating func letGo(_ values: [HeldValue], of plant: [UInt8], now: MonotonicInstant) {
        for value in values {
            if case .crosses(let passage) = policy.ruling(on: plant.span.bytes) {
                let topic = policy.prefix(of: passage) + plant
                let bytes = value.content.span.bytes
                let publication = Publication(
                    topic: topic.span.bytes, payload: bytes.extracting(value.propertiesBytes..<bytes.byteCount),
                    properties: bytes.extracting(0..<value.propertiesBytes), qos: value.qos, retain: value.retain)
                _ = number(publication, slots.find(topic.span.bytes), now: now, time: value.time)
                flushShed(now)
            } else {
                counters.filtered[ExportPolicy.Refusal.notExported.rawValue] += 1
            }
            if value.isStored { heldChanges.remove(value.retain, of: plant, behind: openBlock) }
        }
    }

    /// The broker retains nothing of a topic any more: what waits of it goes first, or not at all.
    /// - Returns: false if something waits that came since the fetch began: then it does retain something.
    mutating func clearWaiting(_ topic: [UInt8], now: MonotonicInstant) -> Bool {
        guard pacer.waitingCount > 0, let plant = policy.plantTopic(of: topic) else { return true }
        if let waiting = pacer.waiting(of: plant, retain: true), waiting.fetch == fetch { return false }
        drop(pacer.withdraw(plant, retain: true), of: plant)
        letGo(pacer.release(plant), of: plant, now: now)
        return true
    }
}

extension MonotonicInstant {
    /// The same as a time since the clock's start, which the pacer counts in.
    fileprivate var sinceStart: Duration { .nanoseconds(Int64(clamping: nanoseconds)) }
}
