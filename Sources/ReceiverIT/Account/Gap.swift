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
    public package(set) var lastSequence: SequenceNumber
    public let firstBlock: BlockNumber
    public package(set) var lastBlock: BlockNumber
    public let openedAt: UnixMilliseconds
    public let cause: Cause
    public package(set) var closedAt: UnixMilliseconds?
    public package(set) var healedBy: Healing?
    /// Records of it that may still come, and that were given up (one of those may still come by hand).
    public package(set) var missing, lost: UInt64
    /// Between which times of the sender's clock its records were made; nil where nobody knows.
    public package(set) var sourceFrom: UnixMilliseconds?
    public package(set) var sourceTo: UnixMilliseconds?

    /// A gap as it opened, or as it was stored.
    package init(
        id: UInt64, epoch: Epoch, firstSequence: SequenceNumber, lastSequence: SequenceNumber, firstBlock: BlockNumber,
        lastBlock: BlockNumber, openedAt: UnixMilliseconds, cause: Cause, closedAt: UnixMilliseconds? = nil,
        healedBy: Healing? = nil, missing: UInt64, lost: UInt64, sourceFrom: UnixMilliseconds? = nil,
        sourceTo: UnixMilliseconds? = nil
    ) {
        self.id = id
        self.epoch = epoch
        self.firstSequence = firstSequence
        self.lastSequence = lastSequence
        self.firstBlock = firstBlock
        self.lastBlock = lastBlock
        self.openedAt = openedAt
        self.cause = cause
        self.closedAt = closedAt
        self.healedBy = healedBy
        self.missing = missing
        self.lost = lost
        self.sourceFrom = sourceFrom
        self.sourceTo = sourceTo
    }

    /// Records of the whole range; at least 1.
    public var records: UInt64 { lastSequence.rawValue - firstSequence.rawValue + 1 }

    public var state: State { missing > 0 ? .open : lost > 0 ? .lost : .healed }
}
