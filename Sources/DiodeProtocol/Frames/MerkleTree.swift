public import Crypto

/// The tree over one transmission's encoding symbols (WIRE §3), in an arena that is used again for each.
///
/// ```text
/// height 2            root              nodes of one height lie side by side; a missing right child
///              ┌───────┴──────┐          is 16 zero bytes, so that every leaf has a path of ⌈log₂ N⌉ nodes
///        1    n₀              n₁
///           ┌──┴──┐        ┌──┴──┐
///        0  l₀    l₁       l₂   (0)
/// ```
public struct MerkleTree: ~Copyable {
    /// Nodes by height: 256 leaves, then 128, 64, … 1.
    private var nodes = [Digest16](repeating: .zero, count: 512)
    private var leafCount = 0
    private var height = 0

    public init() {}

    /// Where a height begins in `nodes`: 0, 256, 384, 448, …
    private static func start(ofHeight height: Int) -> Int { 512 - (512 >> height) }

    /// Sets leaf `index`, 0…254.
    public mutating func setLeaf(_ index: Int, _ digest: Digest16) {
        precondition(0..<EncodingSymbolID.count ~= index, "a transmission has at most 255 leaves")
        nodes[index] = digest
    }

    /// Hashes the leaves 0..<count up to the root.
    public mutating func build(
        _ binding: HashBinding, leafCount count: Int, with hasher: inout SymbolHasher
    ) -> Digest16 {
        precondition(1...EncodingSymbolID.count ~= count, "a transmission has 1 to 255 leaves")
        leafCount = count
        height = TransmissionHeader.pathLength(symbolCount: count)
        var width = count
        for level in 0..<height {
            let from = Self.start(ofHeight: level)
            let to = Self.start(ofHeight: level + 1)
            if width % 2 == 1 { nodes[from + width] = .zero }
            width = (width + 1) / 2
            for index in 0..<width {
                nodes[to + index] = hasher.node(
                    binding, left: nodes[from + 2 * index], right: nodes[from + 2 * index + 1])
            }
        }
        return nodes[Self.start(ofHeight: height)]
    }

    /// Writes the path of leaf `index`, leaf to root: `pathLength` nodes of 16 bytes.
    public func storePath(ofLeaf index: Int, into bytes: inout MutableRawSpan, at offset: Int) {
        precondition(0..<leafCount ~= index, "the leaf is in the tree that was built")
        var position = index
        for level in 0..<height {
            nodes[Self.start(ofHeight: level) + (position ^ 1)].store(into: &bytes, at: offset + level * 16)
            position >>= 1
        }
    }
}
