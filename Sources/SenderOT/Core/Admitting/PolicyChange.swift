internal import DiodeProtocol
package import Time

/// What a changed policy does to topics that are held already (ADR 0017).
///
/// ```text
/// slot ─▶ would the policy give a topic of the plant this name? ── yes ─▶ stays
///           └── no ─▶ retained value: a numbered deletion       last event: leaves with the next slice
/// ```
extension SenderCore {
    /// What is not exported any more.
    package struct Unexported: Sendable, Equatable {
        package var retained = 0
        package var events = 0

        package var isEmpty: Bool { retained + events == 0 }
        /// For people.
        package var words: String { "\(retained) retained values, \(events) last events" }
    }

    /// Topics that one step looks at.
    private static let topicsAtOnce = 1_024

    /// What another policy would change for the topics that are held.
    package struct Comparison: Sendable {
        /// Topics of the link that would be deleted, and that would be new: all counted, some named.
        package var removed = TopicSample()
        package var added = TopicSample()

        package init(removed: TopicSample = TopicSample(), added: TopicSample = TopicSample()) {
            self.removed = removed
            self.added = added
        }
    }

    /// Compares some of them. What is retained under a new name is not counted as added: a fetch of the retained set shows it.
    /// - Returns: where the next step begins; nil behind the last topic.
    package func compare(with other: ExportPolicy, from place: Int, into comparison: inout Comparison) -> Int? {
        let end = min(place + Self.topicsAtOnce, slots.entries.count)
        for entry in slots.entries[place..<max(place, end)] where !entry.isFree && entry.heldSlots > 0 {
            guard StateTopic.birth(of: entry.topic.span.bytes) == nil,
                let plant = policy.plantTopic(of: entry.topic)
            else { continue }
            let name = other.exportedTopic(of: plant)
            guard name != entry.topic else { continue }
            comparison.removed.add(entry.topic)
            if let name, entry.retained.state != .held { comparison.added.add(name) }
        }
        return end < slots.entries.count ? end : nil
    }

    /// Counts what the policy does not export any more.
    package func unexported() -> Unexported {
        var found = Unexported()
        for entry in slots.entries where !entry.isFree && entry.heldSlots > 0 {
            guard !policy.exports(entry.topic) else { continue }
            if entry.retained.state == .held { found.retained += 1 }
            if entry.event.state == .held { found.events += 1 }
        }
        return found
    }

    /// Ends some of it.
    /// - Parameter place: where the step begins, 0 at first.
    /// - Returns: where the next one does; nil behind the last.
    package mutating func endUnexported(from place: Int, now: MonotonicInstant, time: UnixMilliseconds) -> Int? {
        let end = min(place + Self.topicsAtOnce, slots.entries.count)
        for index in place..<max(place, end) where !slots.entries[index].isFree && slots.entries[index].heldSlots > 0 {
            let topic = slots.entries[index].topic
            guard !policy.exports(topic) else { continue }
            let id = NamespaceSlots.TopicID(index: index)
            if slots.retained(id).state == .held {
                let deletion = Publication(
                    topic: topic.span.bytes, payload: RawSpan(), qos: .atLeastOnce, retain: true)
                _ = number(deletion, id, isReconciled: true, now: now, time: time)
            }
            slots.clearEvent(id, in: batcher.lastBlock.next)
        }
        return end < slots.entries.count ? end : nil
    }
}
