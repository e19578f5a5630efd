/// What can happen to a pair in a simulated history.
public enum SimulatedFault: String, Sendable, CaseIterable {
    /// The next blocks lose about as many frames as erasure coding can restore: one less, as many, one more.
    case burst
    /// A while of heavy loss, random or in bursts.
    case loss = "heavy loss"
    /// Nothing crosses: shorter or longer than the echoes reach.
    case outage
    case receiverKill = "receiver kill"
    /// The receiver is killed and stays away for as long as an outage.
    case receiverDown = "receiver down"
    /// The sender is killed: what no block holds, the OT broker delivers again.
    case senderKill = "sender kill"
    /// The sender's machine loses its power: the newest blocks of the journal are gone, too, although they were sent.
    case senderPowerLoss = "sender power loss"
    /// The sender's interface takes nothing: a backlog grows, which a restart does not take away.
    case senderStall = "sender stall"
    /// Beats that the sender did not sign, from other epochs and with other numbers.
    case forgedBeats = "forged beats"
    /// Whatever once crossed is played again.
    case replay
    case receiverClock = "receiver's clock"
    /// A sender whose clock steps begins an epoch.
    case senderClock = "sender's clock"
    /// Names without end.
    case topicFlood = "topic flood"
    /// The journal is short of room: all but the newest blocks go, and its floor rises.
    case journalShort = "journal short"
}

/// How a receiver was when a fault hit: the first of these that is true.
public enum ReceiverCondition: String, Sendable, CaseIterable {
    /// The process does not run.
    case down
    /// It started from its database and has heard nothing yet.
    case restoring
    /// It never heard anything.
    case fresh
    /// The link is silent.
    case stale
    /// The sender has begun an epoch that this receiver has not heard of.
    case epochPending = "epoch pending"
    /// Something is missing, and an echo of it is still to come.
    case echoPending = "echo pending"
    /// Something is missing that no echo will bring.
    case gapOpen = "gap open"
    /// Nothing is missing; the carousel has not said everything since.
    case unsettled
    case settled
}

/// A fault of a history: it happens once the receiver is as wanted, or patience is over.
public struct PlannedFault: Sendable {
    public var fault: SimulatedFault
    public var wanted: ReceiverCondition?
    public var patienceNanoseconds: UInt64
    /// How long it lasts, where that can be said; nil draws it.
    public var durationNanoseconds: UInt64?

    public init(
        _ fault: SimulatedFault, wanted: ReceiverCondition? = nil, patienceNanoseconds: UInt64 = 0,
        durationNanoseconds: UInt64? = nil
    ) {
        self.fault = fault
        self.wanted = wanted
        self.patienceNanoseconds = patienceNanoseconds
        self.durationNanoseconds = durationNanoseconds
    }
}
