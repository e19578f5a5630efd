public import DiodeProtocol
public import Time

/// Missing records of one epoch: numbers that were announced or passed over and whose block did not come in time.
public struct Gap: Sendable, Equatable {
    /// Whether it can still be filled.
    public enum State: String, Sendable { case open, healed, lost }

    /// What filled it.
    public enum Healing: String, Sendable { case fec, echo, resend, snapshot, path }

    /// Why its records did not come in time, as far as the receiver can tell.
    public enum Cause: String, Sendable, CaseIterable {
        case link, nic, socket, fec
        case receiverDown = "receiver-down"
        case senderRestart = "sender-restart"
        case senderQueue = "sender-queue"
        case authentication, version, unknown
    }

    /// Counts from 1 for each link.
    public let id: UInt64
    public let epoch: Epoch
    /// All that was missing when it opened, and what joined it at its end before anything else came.
    public let firstSequence: SequenceNumber
    public internal(set) var lastSequence: SequenceNumber
    public let firstBlock: BlockNumber
    public internal(set) var lastBlock: BlockNumber
    public let openedAt: UnixMilliseconds
    public let cause: Cause
    public internal(set) var closedAt: UnixMilliseconds?
    public internal(set) var healedBy: Healing?
    /// Records of it that may still come, and that were given up (one of those may still come by hand).
    public internal(set) var missing, lost: UInt64
    /// Between which times of the sender's clock its records were made; nil where nobody knows.
    public internal(set) var sourceFrom: UnixMilliseconds?
    public internal(set) var sourceTo: UnixMilliseconds?

    /// Records of the whole range; at least 1.
    public var records: UInt64 { lastSequence.rawValue - firstSequence.rawValue + 1 }

    public var state: State { missing > 0 ? .open : lost > 0 ? .lost : .healed }
}

extension Gap {
    init(_ hole: Hole, epoch: Epoch, openedAt: UnixMilliseconds, cause: Cause) {
        id = hole.gap
        self.epoch = epoch
        firstSequence = SequenceNumber(rawValue: hole.firstSequence)
        lastSequence = SequenceNumber(rawValue: hole.endSequence - 1)
        firstBlock = BlockNumber(rawValue: hole.firstBlock)
        lastBlock = BlockNumber(rawValue: hole.lastBlock)
        self.openedAt = openedAt
        self.cause = cause
        missing = hole.records
        lost = 0
    }

    /// Its last hole grew at its end.
    mutating func grow(to hole: Hole, by records: UInt64, sourceTo: UnixMilliseconds?) {
        setSource(from: sourceFrom, to: sourceTo)
        lastSequence = SequenceNumber(rawValue: hole.endSequence - 1)
        lastBlock = BlockNumber(rawValue: hole.lastBlock)
        missing += records
    }
}

/// A run of blocks that have not come: all of a gap at first, a part of it once some of its blocks have.
///
/// It may hold no record (blocks that carry only control items): exactly then it belongs to no gap, and `gap` is 0.
struct Hole: Sendable, Equatable {
    var gap: UInt64
    var firstBlock, lastBlock: UInt64
    var firstSequence, records: UInt64
    /// Given up: its records count as lost.
    var isLost = false

    /// One past its last sequence.
    var endSequence: UInt64 { firstSequence + records }
}

/// The double entry of one epoch. At every instant `sent = delivered + late + missing + lost`.
public struct EpochAccount: Sendable, Equatable {
    /// Records that came in order.
    public internal(set) var delivered: UInt64 = 0
    /// Records that filled a gap, or came after a newer epoch had begun.
    public internal(set) var late: UInt64 = 0
    /// Records in open gaps.
    public internal(set) var missing: UInt64 = 0
    /// Records that the sender shed, or whose gap was given up.
    public internal(set) var lost: UInt64 = 0
    /// Records that came and became void with the sender's power: it repeats them under new numbers. Outside of the sum.
    public internal(set) var repeated: UInt64 = 0

    public init() {}

    /// Every record up to the newest decided one.
    public var sent: UInt64 { delivered + late + missing + lost }

    static func + (a: EpochAccount, b: EpochAccount) -> EpochAccount {
        var sum = a
        sum.delivered.add(records: b.delivered)
        sum.late.add(records: b.late)
        sum.missing.add(records: b.missing)
        sum.lost.add(records: b.lost)
        sum.repeated.add(records: b.repeated)
        return sum
    }
}

extension UInt64 {
    /// Adds a number of records of another epoch, and stops at 2⁶⁰, so that four such sums are still below 2⁶³. Numbers of one epoch are below
    /// 2⁶³ (W-31), but whoever has the sender's key can announce as many epochs of that size as they like.
    mutating func add(records: UInt64) {
        self = Swift.min(addingReportingOverflow(records).overflow ? .max : self &+ records, 1 << 60)
    }
}

extension Gap.Healing {
    /// What a block that came by this transmission was healed by.
    init(_ transmission: TransmissionNumber) {
        self = transmission == .first ? .fec : transmission < .firstResend ? .echo : .resend
    }
}
