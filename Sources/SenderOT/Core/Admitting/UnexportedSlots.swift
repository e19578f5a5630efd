/// Values that are held and that a changed policy does not export any more (ADR 0017).
///
/// ```text
/// slot ─▶ would the policy give a topic of the plant this name? ── yes ─▶ stays
///           └── no ─▶ retained value: a numbered deletion       last event: leaves with the next slice
/// ```
package struct UnexportedSlots: Sendable, Equatable {
    package private(set) var retained: Int
    package private(set) var events: Int

    init(retained: Int = 0, events: Int = 0) {
        self.retained = retained
        self.events = events
    }

    /// Counts them.
    init(in slots: borrowing NamespaceSlots, under policy: ExportPolicy) {
        self.init()
        var place: Int? = 0
        while let from = place {
            let (topics, next) = slots.held(from: from)
            for id in topics where !policy.exports(slots.topic(id)) {
                if slots.holdsRetained(id) { retained += 1 }
                if slots.holdsEvent(id) { events += 1 }
            }
            place = next
        }
    }

    package var isEmpty: Bool { retained + events == 0 }
    /// For people.
    package var words: String { "\(retained) retained values, \(events) last events" }
}
