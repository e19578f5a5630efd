public import Crypto

/// The sum of a checkpoint (WIRE W-37): Σ SHA-256(slot) mod 2²⁵⁶ over all slots of all topics, tombstones aside.
///
/// A sum, so that neither side keeps an order for it, and a slot that changes costs a subtraction and an addition:
/// whoever keeps it notes the hash that a slot went in with.
public struct StateDigest: Hashable, Sendable {
    /// The sum as a number of 256 bits, big-endian.
    public private(set) var sum: Digest32

    /// The digest of no slots.
    public init() { sum = Digest32(first: 0, second: 0, third: 0, fourth: 0) }

    /// Adds a slot's hash.
    public mutating func add(_ hash: Digest32) {
        let (fourth, carry4) = sum.fourth.addingReportingOverflow(hash.fourth)
        let (third, carry3) = Self.add(sum.third, hash.third, carry4)
        let (second, carry2) = Self.add(sum.second, hash.second, carry3)
        sum = Digest32(first: sum.first &+ hash.first &+ (carry2 ? 1 : 0), second: second, third: third, fourth: fourth)
    }

    /// Takes a slot's hash out again.
    public mutating func subtract(_ hash: Digest32) {
        let (fourth, borrow4) = sum.fourth.subtractingReportingOverflow(hash.fourth)
        let (third, borrow3) = Self.subtract(sum.third, hash.third, borrow4)
        let (second, borrow2) = Self.subtract(sum.second, hash.second, borrow3)
        sum = Digest32(
            first: sum.first &- hash.first &- (borrow2 ? 1 : 0), second: second, third: third, fourth: fourth)
    }

    /// Adds several slots at once.
    public mutating func add(_ other: StateDigest) { add(other.sum) }

    /// Takes several slots out at once.
    public mutating func subtract(_ other: StateDigest) { subtract(other.sum) }

    private static func add(_ a: UInt64, _ b: UInt64, _ carry: Bool) -> (UInt64, Bool) {
        let (sum, first) = a.addingReportingOverflow(b)
        let (result, second) = sum.addingReportingOverflow(carry ? 1 : 0)
        return (result, first || second)
    }

    private static func subtract(_ a: UInt64, _ b: UInt64, _ borrow: Bool) -> (UInt64, Bool) {
        let (difference, first) = a.subtractingReportingOverflow(b)
        let (result, second) = difference.subtractingReportingOverflow(borrow ? 1 : 0)
        return (result, first || second)
    }
}

extension SymbolHasher {
    /// What one slot adds to the digest of a checkpoint (WIRE W-37): SHA-256(08 ‖ topic length (4) ‖ topic ‖ kind ‖ epoch ‖
    /// sequence ‖ QoS ‖ properties length (4) ‖ properties ‖ payload).
    /// - Parameters:
    ///   - kind: not a tombstone: it adds nothing.
    ///   - properties, payload: together below 2³² bytes.
    public mutating func slot(
        _ kind: SlotKind, topic: RawSpan, stamp: Stamp, qos: QualityOfService, properties: RawSpan, payload: RawSpan
    ) -> Digest32 {
        precondition(kind != .tombstone, "a tombstone is no part of the digest")
        var head = InlineArray<5, UInt8>(repeating: 0)
        var middle = InlineArray<22, UInt8>(repeating: 0)
        do {
            var span = head.mutableSpan
            var bytes = span.mutableBytes
            bytes.store(bigEndian: Domain.slot.rawValue, at: 0)
            bytes.store(bigEndian: UInt32(topic.byteCount), at: 1)
        }
        do {
            var span = middle.mutableSpan
            var bytes = span.mutableBytes
            bytes.store(bigEndian: kind.rawValue, at: 0)
            bytes.store(bigEndian: stamp.epoch.rawValue, at: 1)
            bytes.store(bigEndian: stamp.sequence.rawValue, at: 9)
            bytes.store(bigEndian: qos.rawValue, at: 17)
            bytes.store(bigEndian: UInt32(properties.byteCount), at: 18)
        }
        return hash(head.span.bytes, topic, middle.span.bytes, properties, payload)
    }
}
