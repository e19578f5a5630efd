/// How many edge nodes there may be, and of one group: so that one group cannot take the places of another.
///
/// A group has at most three quarters of the places that the others leave, and at least one: of 1,000 the first 750, a second then 187, a third 47.
struct NodePlaces: Sendable {
    private struct Group: Hashable {
        let namespace: String
        let name: [UInt8]

        init(_ id: EdgeNodeID) { (namespace, name) = (id.namespace, id.group) }
    }

    private let limit: Int
    private var count = 0
    private var groups: [Group: Int] = [:]

    init(limit: Int) { self.limit = limit }

    var isFull: Bool { count >= limit }

    /// Whether there is a place for one more node of this group.
    func admits(_ id: EdgeNodeID) -> Bool {
        let own = groups[Group(id), default: 0]
        return !isFull && own < max(1, (limit - (count - own)) / 4 * 3)
    }

    mutating func insert(_ id: EdgeNodeID) {
        count += 1
        groups[Group(id), default: 0] += 1
    }

    mutating func remove(_ id: EdgeNodeID) {
        guard let own = groups[Group(id)] else { return }
        count -= 1
        groups[Group(id)] = own == 1 ? nil : own - 1
    }
}
