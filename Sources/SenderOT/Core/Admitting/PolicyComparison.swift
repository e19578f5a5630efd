internal import DiodeProtocol

/// What another policy would change for the topics that are held: which of them would be deleted on the other side, and which new
/// names would appear there. All are counted, some are named.
///
/// It goes through the topics in steps, so that whoever holds the core can let others have it in between:
///
/// ```swift
/// var comparison = PolicyComparison(with: other)
/// while !comparison.isComplete { core.advance(&comparison) }
/// ```
package struct PolicyComparison: Sendable {
    private let other: ExportPolicy
    /// Where the next step begins; nil behind the last topic.
    private var place: Int? = 0
    /// Names on the link that would be deleted.
    package private(set) var removed = TopicSample()
    /// Names on the link that would be new.
    package private(set) var added = TopicSample()

    package init(with other: ExportPolicy) { self.other = other }

    package var isComplete: Bool { place == nil }

    /// Looks at the next topics.
    mutating func advance(over slots: borrowing NamespaceSlots, under policy: ExportPolicy) {
        guard let place else { return }
        let (topics, next) = slots.held(from: place)
        for id in topics {
            let name = slots.topic(id)
            guard StateTopic.birth(of: name.span.bytes) == nil, let plant = policy.plantTopic(of: name) else {
                continue
            }
            let newName = other.exportedTopic(of: plant)
            guard newName != name else { continue }
            removed.add(name)
            // What is retained under the new name already is counted by a fetch of the retained set.
            if let newName, !slots.holdsRetained(id) { added.add(newName) }
        }
        self.place = next
    }
}
