public import DiodeProtocol
public import Time

/// How many missing records a topic has.
public struct TopicCount: Hashable, Sendable {
    public var topic: String
    public var records: UInt64

    public init(topic: String, records: UInt64) {
        self.topic = topic
        self.records = records
    }

    /// Stands for the records whose topics nobody can name any more (ADR 0013).
    public static let unnamed = "topics no longer held"
}

/// Missing records of one epoch, as an operator reads of them: which topics, from when until when, what became of them.
public struct AuditGap: Hashable, Sendable {
    /// Whether it can still be filled.
    public enum State: String, Hashable, Sendable, CaseIterable { case open, healed, lost }

    /// What filled it.
    public enum Healing: String, Hashable, Sendable, CaseIterable { case fec, echo, resend, snapshot, path }

    /// Why its records did not come in time.
    public enum Cause: String, Hashable, Sendable, CaseIterable {
        case link, nic, socket, fec
        case receiverDown = "receiver-down"
        case senderRestart = "sender-restart"
        case senderQueue = "sender-queue"
        case authentication, version, unknown
    }

    /// Counts from 1 for each link; what `ack` takes.
    public var id: UInt64
    public var epoch: Epoch
    public var firstSequence, lastSequence: SequenceNumber
    public var records: UInt64
    /// Of these: still to come, and given up.
    public var missing, lost: UInt64
    public var firstBlock, lastBlock: BlockNumber
    /// The receiver's clock.
    public var openedAt: UnixMilliseconds
    public var closedAt: UnixMilliseconds?
    /// The sender's clock: after what its records were made, and before what; nil where nobody knows. `sourceFrom` ≤ `sourceTo`.
    public var sourceFrom, sourceTo: UnixMilliseconds?
    public var state: State
    public var healedBy: Healing?
    public var cause: Cause
    public var topics: [TopicCount]
    /// Somebody has acknowledged that it is lost. Not a member of the gap in JSON: the `ack` is one of the actions.
    public var isAcknowledged = false

    /// A gap of which nothing has come, or everything.
    public init(
        id: UInt64, epoch: Epoch, firstSequence: SequenceNumber, lastSequence: SequenceNumber, records: UInt64,
        firstBlock: BlockNumber, lastBlock: BlockNumber, openedAt: UnixMilliseconds, state: State, cause: Cause
    ) {
        self.id = id
        self.epoch = epoch
        self.firstSequence = firstSequence
        self.lastSequence = lastSequence
        self.records = records
        missing = state == .open ? records : 0
        lost = state == .lost ? records : 0
        self.firstBlock = firstBlock
        self.lastBlock = lastBlock
        self.openedAt = openedAt
        self.state = state
        self.cause = cause
        topics = []
    }

    /// When it stopped being open, never before it opened (clocks step); nil while it is.
    public var ended: UnixMilliseconds? {
        state == .open ? nil : max(openedAt, closedAt ?? openedAt)
    }

    /// What people look for first: the time that its records are from, by the sender's clock where it is known, else how long
    /// the receiver has missed them. `from` ≤ `to`.
    public var span: (from: UnixMilliseconds, to: UnixMilliseconds) {
        guard let from = sourceFrom ?? sourceTo else { return (openedAt, ended ?? openedAt) }
        return (from, max(from, sourceTo ?? from))
    }
}
