/// What the receiver has heard of a link, and whether that is all: from it follows when edge nodes that fell silent may live again without
/// being told of anew.
public struct LinkHearing: Sendable, Equatable {
    /// Records in open gaps, and those that the sender has told of and are not decided.
    public var missing: UInt64
    public var pending: UInt64
    /// Records that are lost for good.
    public var lost: UInt64
    /// The sender's clock in its newest beat, in Unix milliseconds; nil before the first.
    public var beat: UInt64?
    /// The newest lifetime of the sender; nil before the first.
    public var epoch: UInt64?

    public init(missing: UInt64, pending: UInt64, lost: UInt64, beat: UInt64?, epoch: UInt64?) {
        self.epoch = epoch
        self.missing = missing
        self.pending = pending
        self.lost = lost
        self.beat = beat
    }
}

/// Finds out that a link that was silent is whole again: since it speaks, a beat has told how far the sender is, everything up to there has come,
/// nothing of it is lost, and the outbox holds none of it any more.
///
/// ```text
///  silent ── speaks ──▶ a beat ─▶ nothing is missing, twice in a row ─▶ the outbox is empty ─▶ whole: told once
///                                    │ records were lost, or the sender was started anew and has not seen all: never; each node
///                                    │ waits for its state
/// ```
struct WholeWatch {
    /// Looks in a row: what has come by the first is in the outbox by the second.
    private static let looks = 2

    private enum State: Equatable {
        case silent
        /// So many looks in a row found nothing missing.
        case speaks(looks: Int)
        case done
    }

    private var state = State.silent
    /// As of the silence.
    private var beat: UInt64?
    private var lost: UInt64?
    private var epoch: UInt64?

    /// - Parameter hearing: nil: nobody knows.
    mutating func note(isSilent: Bool, _ hearing: LinkHearing?) {
        guard let hearing else { return }
        guard !isSilent else {
            if state != .silent || beat == nil { beat = hearing.beat }
            (lost, epoch) = (hearing.lost, hearing.epoch)
            state = .silent
            return
        }
        if lost == nil { (lost, beat, epoch) = (hearing.lost, hearing.beat, hearing.epoch) }
        let looks: Int
        switch state {
        case .done: return
        case .silent: looks = 0
        case .speaks(let before): looks = before
        }
        guard hearing.lost == lost, hearing.epoch == epoch else {
            state = .done
            return
        }
        let isWhole = hearing.missing == 0 && hearing.pending == 0 && hearing.beat != nil && hearing.beat != beat
        state = .speaks(looks: isWhole ? looks + 1 : 0)
    }

    /// Whether it is whole now that the outbox is empty; once.
    mutating func takeWhole() -> Bool {
        guard case .speaks(let looks) = state, looks >= Self.looks else { return false }
        state = .done
        return true
    }
}
