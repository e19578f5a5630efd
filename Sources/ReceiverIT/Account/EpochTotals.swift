public import DiodeProtocol
public import Time

/// The double entry of one epoch as numbers that may be subtracted. `sent = delivered + late + missing + lost`.
///
/// What changed in a period may be below 0: a gap of last month that healed in this one.
public struct EpochSums: Hashable, Sendable {
    public var sent, delivered, late, missing, lost: Int64

    public init(sent: Int64 = 0, delivered: Int64 = 0, late: Int64 = 0, missing: Int64 = 0, lost: Int64 = 0) {
        self.sent = sent
        self.delivered = delivered
        self.late = late
        self.missing = missing
        self.lost = lost
    }

    /// As of now.
    public init(_ account: EpochAccount) {
        self.init(
            sent: Int64(clamping: account.sent), delivered: Int64(clamping: account.delivered),
            late: Int64(clamping: account.late), missing: Int64(clamping: account.missing),
            lost: Int64(clamping: account.lost))
    }

    public static func - (a: EpochSums, b: EpochSums) -> EpochSums {
        EpochSums(
            sent: a.sent.minus(b.sent), delivered: a.delivered.minus(b.delivered), late: a.late.minus(b.late),
            missing: a.missing.minus(b.missing), lost: a.lost.minus(b.lost))
    }
}

/// One epoch of a link, and what its records came to.
public struct EpochTotals: Hashable, Sendable {
    public let epoch: Epoch
    /// The place of its sender's card.
    public let sender: Int
    /// The first sequence that this receiver accounts for, and the newest decided one (first − 1 if there is none).
    public let firstSequence, lastSequence: SequenceNumber
    public var sums: EpochSums
    /// When its first sign came here, and when a newer epoch said that it was over.
    public let startedAt: UnixMilliseconds
    public let endedAt: UnixMilliseconds?

    public init(
        epoch: Epoch, sender: Int = 0, firstSequence: SequenceNumber, lastSequence: SequenceNumber, sums: EpochSums,
        startedAt: UnixMilliseconds, endedAt: UnixMilliseconds?
    ) {
        self.epoch = epoch
        self.sender = sender
        self.firstSequence = firstSequence
        self.lastSequence = lastSequence
        self.sums = sums
        self.startedAt = startedAt
        self.endedAt = endedAt
    }

    /// Why its sum does not hold, or nil.
    public var disagreement: String? {
        sums.sent == sums.delivered.plus(sums.late).plus(sums.missing).plus(sums.lost)
            ? nil
            : "epoch \(epoch.rawValue): sent \(sums.sent) is not delivered \(sums.delivered) + late \(sums.late) + missing"
                + " \(sums.missing) + lost \(sums.lost)"
    }
}
