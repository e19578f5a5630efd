package import MQTTProtocol

/// What the broker's session may be subscribed to, over the sender's own restarts: a session that outlives us keeps the filters of an
/// older configuration, and where one of them overlaps a newer one, messages would come twice.
///
/// ```text
///            connected, resumed                  all SUBSCRIBEs answered
/// held ───────────────────────▶ held + wanted ─────────────────────────▶ wanted
///                                 └─▶ stale: to be unsubscribed first
/// ```
package struct SessionFilters: Sendable {
    private var held: [TopicFilter]
    /// Nobody has noted it.
    private var isAssumed: Bool
    private var wanted: [TopicFilter] = []
    /// What could not be unsubscribed.
    private var kept: [TopicFilter] = []

    /// Whether some of what is wanted came by a filter that is given up, so that it does not come until the broker has answered.
    package private(set) var isReplacing = false

    /// - Parameters:
    ///   - noted: what `note` said in an earlier lifetime. What cannot be read of it is left out.
    ///   - rules: what is assumed where nothing was noted: earlier versions subscribed to the filters of the rules.
    package init(noted: String, rules: [TopicFilter]) {
        isAssumed = noted.isEmpty
        held = noted.isEmpty ? rules : []
        var rest = Array(noted.utf8)[...]
        while let colon = rest.firstIndex(of: UInt8(ascii: ":")),
            let count = Int(String(decoding: rest[..<colon], as: UTF8.self)), count > 0, count < rest.endIndex - colon
        {
            let text = String(decoding: rest[(colon + 1)...(colon + count)], as: UTF8.self)
            if let filter = try? TopicFilter(text) { held.append(filter) }
            rest = rest[(colon + count + 1)...]
        }
    }

    /// For the journal: each filter behind its length in bytes, `6:acme/#3:b/c`.
    package var note: String { held.map { "\($0.description.utf8.count):\($0)" }.joined() }

    /// Whether it holds all of these filters, as far as is known, and not the one that stands for them.
    package func holds(_ filters: [TopicFilter], insteadOf broader: TopicFilter) -> Bool {
        !isAssumed && !held.contains(broader) && filters.allSatisfy { held.contains($0) }
    }

    /// Other filters are subscribed to than was begun with: the broker has refused some.
    package mutating func change(to filters: [TopicFilter]) {
        wanted = filters
        held += filters.filter { !held.contains($0) }
    }

    /// A connection stands.
    /// - Parameter isResumed: the broker has kept the session.
    package mutating func connected(isResumed: Bool) {
        if !isResumed { (held, kept) = ([], []) }
    }

    /// These filters are subscribed to from now on.
    /// - Returns: what the session may hold beside them, to be unsubscribed before.
    package mutating func begin(_ filters: [TopicFilter]) -> [TopicFilter] {
        let known = Set(filters)
        let stale = held.filter { !known.contains($0) }
        wanted = filters
        isAssumed = false
        kept = []
        held = filters + stale
        isReplacing = stale.contains { old in filters.contains { $0.overlaps(old) } }
        return stale
    }

    /// These stale filters could not be unsubscribed: the session holds them still, and they are stale the next time.
    package mutating func keep(_ stale: [TopicFilter]) {
        kept += stale
        held += stale.filter { !held.contains($0) }
    }

    /// The broker has answered every SUBSCRIBE, and before them the UNSUBSCRIBE: it answers in order.
    package mutating func settled() { (held, isReplacing) = (wanted + kept, false) }
}
