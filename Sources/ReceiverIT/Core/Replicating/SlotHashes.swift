internal import Crypto
internal import DiodeProtocol

/// What a replica's slots add to the digest of a checkpoint, worked out as late as possible (W-37).
///
/// ```text
/// value into a slot ─▶ waits, by slot ─▶ replaced before anybody asked ─▶ never hashed
///                                     └▶ a checkpoint, a comparison, or too much waits ─▶ hashed, added to the sum
/// ```
///
/// Bounded: 1,024 values or 32 MiB of the contents that they came in wait; then all of them are hashed. So a topic that changes all the
/// time costs one hash for each checkpoint.
struct SlotHashes: Sendable {
    private static let countLimit = 1_024
    private static let bytesLimit = 32 << 20

    /// What slots hold that have no hash yet.
    private var waiting: [Int: SlotContent] = [:]
    private var waitingBytes = 0
    private var digest = StateDigest()

    init() {}

    /// The sum of all hashes. It counts only once nothing waits.
    var sum: Digest32 { digest.sum }

    /// More waits than may: time to hash all.
    var isFull: Bool { waiting.count >= Self.countLimit || waitingBytes > Self.bytesLimit }

    /// A slot without a hash holds this now.
    mutating func wait(_ content: SlotContent, for slot: Int) {
        waiting[slot] = content
        waitingBytes += content.bytes.count
    }

    /// A slot that was stored has this hash.
    mutating func add(_ hash: Digest32) { digest.add(hash) }

    /// A slot holds something else from now on, or nothing.
    /// - Parameter hash: what it has added to the sum, if it does not wait.
    mutating func remove(_ slot: Int, hash: Digest32) {
        if let old = waiting.removeValue(forKey: slot) {
            waitingBytes -= old.bytes.count
        } else {
            digest.subtract(hash)
        }
    }

    /// Hashes what waits for one slot, and adds it to the sum.
    /// - Parameter stamp: of what the slot holds.
    /// - Returns: the hash, and what it is of; nil if nothing waits.
    mutating func takeHash(
        of slot: Int, stamp: Stamp, with hasher: inout SymbolHasher
    ) -> (Digest32, SlotContent)? {
        guard let content = waiting.removeValue(forKey: slot) else { return nil }
        waitingBytes -= content.bytes.count
        let hash = content.hash(stamp: stamp, with: &hasher)
        digest.add(hash)
        return (hash, content)
    }

    /// Hashes all that waits, and adds it to the sum.
    /// - Parameters:
    ///   - stamp: asked for the stamp of what a slot holds.
    ///   - body: gets each slot, its hash, and what it is of.
    mutating func takeAll(
        stamp: (_ slot: Int) -> Stamp, with hasher: inout SymbolHasher,
        _ body: (_ slot: Int, _ hash: Digest32, _ content: SlotContent, _ hasher: inout SymbolHasher) -> Void
    ) {
        for (slot, content) in waiting {
            let hash = content.hash(stamp: stamp(slot), with: &hasher)
            digest.add(hash)
            body(slot, hash, content, &hasher)
        }
        waiting.removeAll(keepingCapacity: true)
        waitingBytes = 0
    }
}
