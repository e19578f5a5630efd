public import DiodeProtocol
public import Outbox

/// What one round of the receiver decided, to be stored together: deliveries for the outbox, and events for ledger, log and
/// link status.
public struct Commit: Sendable {
    /// In the order in which they are to be published.
    public internal(set) var deliveries: [Delivery] = []
    public internal(set) var events: [LinkEvent] = []

    public init() {}

    public var isEmpty: Bool { deliveries.isEmpty && events.isEmpty }
}

/// What happened on a link beside deliveries.
public enum LinkEvent: Sendable, Equatable {
    case gapOpened(Gap)
    /// More of the same is missing.
    case gapGrew(Gap)
    /// Healed or lost.
    case gapClosed(Gap)
    /// First heard of an epoch.
    case epochBegan(Epoch, Incarnation)
    /// Another content or another sender under numbers that were taken (W-21).
    case equivocation(BlockID, SequenceNumber, SequenceNumber)
    /// The sender numbered records and shed them; the first took this stamp.
    case shed(ShedRun, at: Stamp)
    /// Control items, with the newest sequence before them.
    case checkpoint(Checkpoint, at: Stamp)
    case action(Action, at: Stamp)
    case unobserved(Unobserved, at: Stamp)
    case rotation(Rotation, at: Stamp)
    /// The link's state changed, and why.
    case state(LinkState, reason: String)
}

/// How far the receiver can trust that what it has is current.
public enum LinkState: String, Sendable {
    /// The sender is heard and nothing is missing.
    case online
    /// The sender is heard, and something is missing or the sender raised an alarm.
    case degraded
    /// The sender was heard, but not for `silence_timeout`.
    case stale
    /// Nothing was ever heard.
    case offline
}
