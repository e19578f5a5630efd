internal import Crypto
internal import DiodeProtocol
internal import Time

/// Names one sending of one block.
struct TransmissionID: Hashable, Sendable {
    let block: BlockID
    let transmission: TransmissionNumber
}

/// One transmission whose signature was verified.
struct SettledTransmission: Sendable {
    let id: TransmissionID
    let header: TransmissionHeader
    let root: Digest16
    /// The 64 bytes of the signature, held like two digests.
    let signature: (Digest32, Digest32)
    /// Nothing more of its block is needed.
    private(set) var isDone = false
    /// The sender's key signed something else under the same numbers (W-21), and that was said.
    private(set) var isContradicted = false
    /// When its first frame was verified, and which paths have brought any: a bit each.
    private let settledAt: MonotonicInstant
    private var paths: UInt16 = 0
    /// Frames of it that came, by leaf.
    private var seen: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    init(header: TransmissionHeader, root: Digest16, signature: RawSpan, now: MonotonicInstant) {
        settledAt = now
        id = TransmissionID(block: header.id, transmission: header.transmission)
        self.header = header
        self.root = root
        self.signature = (Digest32(loading: signature), Digest32(loading: signature, at: 32))
    }

    /// A beat whose symbols came by this transmission, as it is kept; nil if it has several parts.
    func signed(_ beat: DecodedUnit) -> SignedBeat? {
        guard beat.channel == .beat, header.partCount == 1 else { return nil }
        return SignedBeat(header, root: root, signature: signature.0.bytes + signature.1.bytes, packed: beat.packed)
    }

    func matches(_ frame: borrowing FrameView) -> Bool {
        header == frame.header && signature.0 == Digest32(loading: frame.signature)
            && signature.1 == Digest32(loading: frame.signature, at: 32)
    }

    /// Nothing more of its block is needed.
    mutating func finish() { isDone = true }

    /// The sender's key signed something else under the same numbers, and that is said now.
    mutating func contradict() { isContradicted = true }

    /// A frame of it came by a path.
    /// - Returns: how long after its first frame, where it is the first by this path and not by all of them.
    mutating func noteArrival(by path: Int, now: MonotonicInstant) -> Duration? {
        let bit = UInt16(1) << UInt16(path & 15)
        defer { paths |= bit }
        return paths == 0 || paths & bit != 0 ? nil : settledAt.duration(to: now)
    }

    /// - Returns: false if a frame with this leaf came before.
    mutating func note(leaf index: Int) -> Bool {
        let bit = UInt64(1) << UInt64(index & 63)
        switch index >> 6 {
        case 0: return Self.set(bit, in: &seen.0)
        case 1: return Self.set(bit, in: &seen.1)
        case 2: return Self.set(bit, in: &seen.2)
        default: return Self.set(bit, in: &seen.3)
        }
    }

    private static func set(_ bit: UInt64, in word: inout UInt64) -> Bool {
        defer { word |= bit }
        return word & bit == 0
    }
}

/// The transmissions whose header and root are settled (W-16), the newest `capacity` of them: a frame that belongs to one
/// costs hashing, not a signature. One that fell out is verified again if it is still of use.
struct SettledTransmissions: Sendable {
    private let capacity: Int
    private var entries: [SettledTransmission] = []
    private var slots: [TransmissionID: Int] = [:]
    /// The next to be replaced.
    private var oldest = 0
    /// Most frames belong to the same transmission as the one before.
    private var lastFound = 0

    /// - Parameter capacity: at least 1; about 400 bytes each.
    init(capacity: Int = 4_096) {
        precondition(capacity >= 1, "a table has room")
        self.capacity = capacity
        entries.reserveCapacity(capacity)
        slots.reserveCapacity(capacity + 1)
    }

    /// A table as large, with nothing in it.
    func emptied() -> SettledTransmissions { SettledTransmissions(capacity: capacity) }

    var count: Int { entries.count }

    subscript(slot: Int) -> SettledTransmission {
        _read { yield entries[slot] }
        _modify { yield &entries[slot] }
    }

    mutating func slot(of id: TransmissionID) -> Int? {
        if lastFound < entries.count, entries[lastFound].id == id { return lastFound }
        guard let slot = slots[id] else { return nil }
        lastFound = slot
        return slot
    }

    /// Adds one that is not in yet.
    mutating func insert(_ settled: SettledTransmission) -> Int {
        let slot: Int
        if entries.count < capacity {
            slot = entries.count
            entries.append(settled)
        } else {
            slot = oldest
            slots[entries[slot].id] = nil
            entries[slot] = settled
            oldest = (oldest + 1) % capacity
        }
        slots[settled.id] = slot
        lastFound = slot
        return slot
    }
}
