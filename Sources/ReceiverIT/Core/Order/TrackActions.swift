internal import Account
public import DiodeProtocol
public import Time

// What the tracker of a link answers, and what the track of one epoch tells the tracker, which keeps the gaps.

extension GapTracker {
    /// Whether frames of a block are of any use.
    enum Standing: Equatable { case open, waiting, accepted, unknownEpoch }

    enum Verdict: Equatable {
        case accepted
        /// Accepted before, or outside of everything that is open (W-20).
        case replayed
        /// Its numbers contradict its neighbours' (W-24).
        case inconsistent
        /// Another incarnation of an epoch that is known, or another card's sender.
        case equivocation
    }

    /// What changed, for the ledger and the link's status.
    enum Event: Sendable, Equatable {
        case opened(Gap)
        /// More of the same is missing.
        case grew(Gap)
        /// Healed, or given up; a gap that was given up may heal later and is then closed again.
        case closed(Gap)
        /// With the place of the card of its sender.
        case epochBegan(Epoch, Incarnation, sender: Int)
        /// The sender lost its power: records behind this one had been released or were absent.
        case voided(Epoch, behind: SequenceNumber, delivered: UInt64, absent: UInt64)
        /// An epoch ended, and its sender does not know how.
        case unsaid(UnsaidEnding)
    }
}

/// The end of an epoch that no signed word tells: the sender's database was lost, or an older copy put back, or its key is used by another
/// sender (P1). What the OT broker was told to be safe in this interval may be nowhere: in this epoch, or in others that nobody here heard of.
public struct UnsaidEnding: Sendable, Equatable {
    /// The newest record that was heard of.
    public let last: Stamp
    /// The epoch that follows.
    public let successor: Epoch
    /// From the last signed word of the epoch to the first of the next one, by the sender's clock.
    public let from, to: UnixMilliseconds
}

extension EpochTrack {
    /// What accepting a unit came to.
    enum Acceptance {
        /// Its blocks came before, or nothing is open where they lie (W-20).
        case replayed
        /// Its numbers contradict its neighbours' (W-24).
        case inconsistent
        /// It was next in order: it was released, and what waited right behind it.
        case released
        case waits
        /// It filled a hole, and was released late.
        case filled(Filling)
    }

    /// Blocks of a hole that came.
    struct Filling {
        /// The hole as it was then.
        let hole: Hole
        /// By how many records the hole first grew beyond the frontier.
        let grown: UInt64
        /// How many records came, those in `grown` among them.
        let records: UInt64
    }

    /// What giving up waiting came to.
    struct Opening {
        /// The hole, new or grown.
        let hole: Hole
        /// Records that are missing since now.
        let records: UInt64
        /// None of the hole's records was missing before, so that it begins a gap.
        let isNewGap: Bool
        /// By when the records were made, by the sender's clock; nil while nobody knows.
        let sourceTo: UnixMilliseconds?

        /// What the hole grew by.
        var growth: Hole {
            var growth = hole
            growth.firstSequence = hole.endSequence - records
            growth.records = records
            return growth
        }
    }
}

/// Blocks of the live channel that were not there when their reorder window was over.
struct MissingBlocks: Sendable {
    let epoch: Epoch
    /// The place of its card, and the incarnation of the sender that began it, if anything of that came.
    let sender: Int
    let incarnation: Incarnation?
    let blocks: ClosedRange<UInt64>
    /// A newer epoch is known.
    let isOver: Bool
    /// It was sent before this process listened.
    let isUnheard: Bool
}

extension EpochTrack {
    /// What contradicts what, in words.
    func contradiction(of mark: Mark) -> String {
        "record \(mark.sequence) by block \(mark.block) of epoch \(epoch.rawValue), where \(frontier.sequence) by"
            + " \(frontier.block) is decided"
    }
}

extension GapTracker {
    /// What bounds its tables, and how long it waits.
    struct Limits: Sendable {
        /// How long a block waits for those before it.
        var reorderWindow = Duration.milliseconds(50)
        /// Units that wait, and their bytes; beyond either the oldest hole opens at once.
        var waitingUnits = 4_096
        var waitingBytes = 64 << 20
        /// Holes of one epoch; beyond, the oldest become lost and are forgotten.
        var holes = 16_384
        /// Words of 64 sequences with records that came without their block, 40 bytes each; beyond, the oldest holes become lost and
        /// are forgotten. There is room for two slots of each of a million topics.
        var filledWords = 1 << 21
        /// Epochs with a track; beyond, the oldest are folded into a sum, what they miss becomes lost.
        var epochs = 64

        init() {}
    }
}
