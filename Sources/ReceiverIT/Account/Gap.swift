public import DiodeProtocol
public import Time

/// Missing records of one epoch: numbers that were announced or passed over and whose block did not come in time.
///
/// Tracker, store, ledger, audit, status and the IT broker speak of this one type. Each turns its state, cause and healing into words at its
/// own edge, with a `switch` that names every case.
public struct Gap: Sendable, Hashable {
    /// Whether it can still be filled.
    public enum State: Sendable, CaseIterable { case open, healed, lost }

    /// What filled it.
    public enum Healing: Sendable, CaseIterable { case fec, echo, resend, snapshot, path }

    /// Why its records did not come in time, as far as the receiver can tell.
    public enum Cause: Sendable, CaseIterable {
        case link, nic, socket, fec, receiverDown, senderRestart, senderQueue, authentication, version, unknown
    }

    /// Counts from 1 for each link; what `ack` takes.
    public let id: UInt64
    public let epoch: Epoch
    /// All that was missing when it opened, and what joined it at its end before anything else came.
    public let firstSequence: SequenceNumber
    public internal(set) var lastSequence: SequenceNumber
    public let firstBlock: BlockNumber
    public internal(set) var lastBlock: BlockNumber
    /// The receiver's clock.
    public let openedAt: UnixMilliseconds
    public let cause: Cause
    public internal(set) var closedAt: UnixMilliseconds?
    public internal(set) var healedBy: Healing?
    /// Records of it that may still come, and that were given up (one of those may still come by hand).
    public internal(set) var missing, lost: UInt64
    /// The sender's clock: after what its records were made, and before what; nil where nobody knows. `sourceFrom` ≤ `sourceTo`.
    public internal(set) var sourceFrom: UnixMilliseconds?
    public internal(set) var sourceTo: UnixMilliseconds?

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
    public var records: UInt64 { lastSequence.rawValue.minus(firstSequence.rawValue).plus(1) }

    public var state: State { State(missing: missing, lost: lost) }

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

extension Gap.State {
    /// Of a gap, or of several as one.
    /// - Parameters:
    ///   - missing: records that may still come.
    ///   - lost: records that were given up.
    package init(missing: UInt64, lost: UInt64) {
        self = missing > 0 ? .open : lost > 0 ? .lost : .healed
    }
}
