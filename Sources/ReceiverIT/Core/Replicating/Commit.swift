public import Account
public import Deliveries
public import DiodeProtocol

/// What one round of the receiver decided, to be stored together: deliveries for the outbox, events for ledger, log and
/// link status, and what the link remembers.
public struct Commit: Sendable {
    /// In the order in which their deliveries are to be published.
    public internal(set) var units: [DeliveryUnit] = []
    public internal(set) var events: [LinkEvent] = []
    /// Frontiers, holes, gaps, accounts, hashes, stamps: what changed.
    package var changes = LinkChanges()
    /// What is retained on the IT broker is to be read once all of this is there: the number of the reading.
    package var beginsReading: UInt64?

    public init() {}

    public var isEmpty: Bool { units.isEmpty && events.isEmpty && changes.isEmpty && beginsReading == nil }

    /// In the order in which they are to be published.
    public var deliveries: [Delivery] { units.flatMap(\.deliveries) }

    /// Bytes of memory that it holds, roughly.
    package var cost: Int {
        units.reduce(256 + events.count * 256) {
            $0 + $1.content.count + $1.deliveries.count * Delivery.overheadBytes
        }
    }
}

extension LinkEvent {
    init(_ event: GapTracker.Event) {
        self =
            switch event {
            case .opened(let gap): .gapOpened(gap)
            case .grew(let gap): .gapGrew(gap)
            case .closed(let gap): .gapClosed(gap)
            case .epochBegan(let epoch, let incarnation, let sender): .epochBegan(epoch, incarnation, sender: sender)
            case .voided(let epoch, let behind, let delivered, let absent):
                .voided(epoch, behind: behind, delivered: delivered, absent: absent)
            case .unsaid(let ending): .unsaid(ending)
            }
    }
}

/// What happened on a link beside deliveries.
public enum LinkEvent: Sendable, Equatable {
    case gapOpened(Gap)
    /// More of the same is missing.
    case gapGrew(Gap)
    /// Healed or lost.
    case gapClosed(Gap)
    /// First heard of an epoch; with the place of the card of its sender.
    case epochBegan(Epoch, Incarnation, sender: Int)
    /// The sender lost its power: what it had sent behind this sequence is void. So many records had been delivered, and so
    /// many were absent.
    case voided(Epoch, behind: SequenceNumber, delivered: UInt64, absent: UInt64)
    /// An epoch ended without a signed last word.
    case unsaid(UnsaidEnding)
    /// Another content or another sender under numbers that were taken (W-21).
    case equivocation(BlockID, SequenceNumber, SequenceNumber)
    /// What the sender's key signed was refused.
    case refused(RefusedStatement)
    /// The sender that speaks now has no memory of an epoch that it once sent: its database was lost or an older one put back.
    case superseded(Epoch, by: Epoch)
    /// The sender numbered records and shed them; the first took this stamp.
    case shed(ShedRun, at: Stamp)
    /// Control items, with the newest sequence before them.
    case checkpoint(Checkpoint, at: Stamp)
    case action(Action, at: Stamp)
    case unobserved(Unobserved, at: Stamp)
    case brokerDropped(BrokerDrop, at: Stamp)
    /// Another sender of the link speaks from here on; the fingerprint is that of its key.
    case leased(LeaseChange, by: String)
    /// Two senders of the link speak; the fingerprint is that of the one without the lease.
    case contested(LeaseContest, by: String)
    /// The link's key has handed over to the next one, which is in use from here on.
    case rotated(Rotation, to: LinkCard)
    /// The replica stopped to equal the sender's state, or does again, as of this record.
    case digest(matches: Bool, at: Stamp)
    /// So many slots held something else under the stamp that the sender says; a slice as of this record has put them right.
    case diverged(slots: Int, at: Stamp)
    /// What the IT broker retains was read back and is not what the replica holds: so many values were missing or others, so many were
    /// there that should not be, which is being repaired; so many it has refused, which is not.
    case itDiffers(wrong: Int, ghosts: Int, refused: Int)
}
