/// Topics in the order of the carousel, which is that of their hashes (WIRE §6.2): the sender cuts intervals out of it, the
/// receiver asks what else an interval holds.
///
/// ```text
/// leaf    0: hashes │ places      1: hashes │ places      …        each ascending, 1…512 topics
/// firsts  of each leaf its first hash: where to look
/// ```
///
/// Inserting and removing move at most one leaf's numbers and, rarely, the list of leaves: under a microsecond with a million
/// topics. Memory: 12 bytes a topic in leaves that are two thirds full, so about 18.
public struct TopicOrder: Sendable {
    private struct Leaf: Sendable {
        var hashes: [UInt64]
        var places: [UInt32]
    }

    /// Where a topic stands; valid until something is inserted or removed.
    public struct Position: Sendable {
        fileprivate var leaf: Int
        fileprivate var offset: Int
    }

    private static let leafTopics = 512

    private var leaves: [Leaf] = []
    private var firsts: [UInt64] = []
    public private(set) var count = 0

    public init() {}

    /// Takes in a topic.
    /// - Parameter place: of the topic in the caller's table, below 2³².
    /// - Returns: false if another one has this hash: one interval of the carousel could then hold more than fits a slice, and
    ///   2⁻⁶⁴ for each pair is not worth more than to refuse the second.
    public mutating func insert(_ hash: TopicHash, _ place: Int) -> Bool {
        let hash = hash.rawValue
        guard !leaves.isEmpty else {
            leaves.append(Leaf(hashes: [hash], places: [UInt32(place)]))
            firsts.append(hash)
            count = 1
            return true
        }
        var leaf = self.leaf(of: hash)
        var offset = Self.firstIndex(notBelow: hash, in: leaves[leaf].hashes)
        if offset < leaves[leaf].hashes.count, leaves[leaf].hashes[offset] == hash { return false }
        if leaves[leaf].hashes.count == Self.leafTopics {
            split(leaf)
            if offset > Self.leafTopics / 2 {
                leaf += 1
                offset -= Self.leafTopics / 2
            }
        }
        leaves[leaf].hashes.insert(hash, at: offset)
        leaves[leaf].places.insert(UInt32(place), at: offset)
        firsts[leaf] = leaves[leaf].hashes[0]
        count += 1
        return true
    }

    /// Takes out the topic of a hash, which is there.
    public mutating func remove(_ hash: TopicHash) {
        let leaf = leaf(of: hash.rawValue)
        let offset = Self.firstIndex(notBelow: hash.rawValue, in: leaves[leaf].hashes)
        precondition(leaves[leaf].hashes[offset] == hash.rawValue, "what is removed is there")
        leaves[leaf].hashes.remove(at: offset)
        leaves[leaf].places.remove(at: offset)
        count -= 1
        if leaves[leaf].hashes.isEmpty {
            leaves.remove(at: leaf)
            firsts.remove(at: leaf)
        } else {
            firsts[leaf] = leaves[leaf].hashes[0]
            joinIfSmall(leaf)
        }
    }

    /// The first topic at or above a hash; `topic(at:)` is nil there if there is none.
    public func position(from hash: TopicHash) -> Position {
        guard !leaves.isEmpty else { return Position(leaf: 0, offset: 0) }
        let leaf = leaf(of: hash.rawValue)
        let offset = Self.firstIndex(notBelow: hash.rawValue, in: leaves[leaf].hashes)
        return offset < leaves[leaf].hashes.count
            ? Position(leaf: leaf, offset: offset) : Position(leaf: leaf + 1, offset: 0)
    }

    /// The topic there, or nil behind the last one.
    public func topic(at position: Position) -> (hash: TopicHash, place: Int)? {
        guard position.leaf < leaves.count else { return nil }
        return (
            TopicHash(rawValue: leaves[position.leaf].hashes[position.offset]),
            Int(leaves[position.leaf].places[position.offset])
        )
    }

    /// The position behind this one.
    public func next(_ position: Position) -> Position {
        position.offset + 1 < leaves[position.leaf].hashes.count
            ? Position(leaf: position.leaf, offset: position.offset + 1) : Position(leaf: position.leaf + 1, offset: 0)
    }

    /// The last leaf that begins at or below a hash, else the first.
    private func leaf(of hash: UInt64) -> Int {
        let above = Self.firstIndex(above: hash, in: firsts)
        return above == 0 ? 0 : above - 1
    }

    private mutating func split(_ leaf: Int) {
        let half = Self.leafTopics / 2
        var upper = Leaf(hashes: [], places: [])
        upper.hashes.reserveCapacity(Self.leafTopics)
        upper.places.reserveCapacity(Self.leafTopics)
        upper.hashes.append(contentsOf: leaves[leaf].hashes[half...])
        upper.places.append(contentsOf: leaves[leaf].places[half...])
        leaves[leaf].hashes.removeSubrange(half...)
        leaves[leaf].places.removeSubrange(half...)
        firsts.insert(upper.hashes[0], at: leaf + 1)
        leaves.insert(upper, at: leaf + 1)
    }

    /// Leaves that emptied out become one, so that memory follows the topics down, too.
    private mutating func joinIfSmall(_ leaf: Int) {
        guard leaves[leaf].hashes.count < Self.leafTopics / 4, leaves.count > 1 else { return }
        let lower = leaf + 1 < leaves.count ? leaf : leaf - 1
        guard leaves[lower].hashes.count + leaves[lower + 1].hashes.count <= Self.leafTopics * 3 / 4 else { return }
        let upper = leaves.remove(at: lower + 1)
        firsts.remove(at: lower + 1)
        leaves[lower].hashes.append(contentsOf: upper.hashes)
        leaves[lower].places.append(contentsOf: upper.places)
    }

    private static func firstIndex(notBelow hash: UInt64, in hashes: [UInt64]) -> Int {
        hash == 0 ? 0 : firstIndex(above: hash - 1, in: hashes)
    }

    private static func firstIndex(above hash: UInt64, in hashes: [UInt64]) -> Int {
        var (low, high) = (0, hashes.count)
        while low < high {
            let middle = (low + high) / 2
            if hashes[middle] <= hash { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
