internal import DiodeProtocol
internal import Time

/// What the sender of one card has said of its epochs, as far as it concerns all of them. A link has one for each of its cards, by place.
///
/// ```text
///  card 1    epochs  5   7           12        each card's ascend, and its sender lists them;
///  card 2              6     9  11             what one says of its own says nothing of the other's (W-53)
/// ```
struct SenderEpochs: Sendable {
    /// Older epochs are refused (W-22): the card does not vouch for them.
    let lowest: Epoch
    /// Whether the sender has told how far back its journal reaches.
    private(set) var heardFloor: Bool
    /// Whether a beat came since the start. An epoch that appears after it began while this process listened.
    private(set) var hasHeardBeat = false
    /// The sender's clock of the newest beat: what was before that, it knew.
    private(set) var newestBeat: UnixMilliseconds?

    /// - Parameter stored: what an earlier process had heard.
    init(lowest: Epoch, restoring stored: SenderRow?) {
        self.lowest = lowest
        heardFloor = stored?.heardFloor ?? false
        newestBeat = stored?.beat?.clock
    }

    /// Whether to follow an epoch that something of came, and that is not known.
    /// - Parameter newest: of this sender's epochs.
    func accepts(new epoch: Epoch, newest: Epoch?) -> Bool { newest.map { epoch > $0 } ?? (epoch >= lowest) }

    /// Whether to follow an epoch that is not the newest and that a beat lists: the card must vouch for it, and its account must not have
    /// been folded.
    /// - Parameter oldest: that is followed, of any sender.
    func accepts(listed epoch: Epoch, oldest: Epoch?, hasFolded: Bool) -> Bool {
        guard epoch >= lowest, let oldest else { return false }
        return epoch > oldest || !hasFolded && !heardFloor
    }

    mutating func noteFloor() { heardFloor = true }

    mutating func note(_ beat: Beat) {
        hasHeardBeat = true
        newestBeat = beat.clock
    }
}

extension Beat.EpochSummary {
    /// What a beat says of the epoch of its own header.
    init(_ beat: Beat, of unit: DecodedUnit) {
        self.init(
            epoch: unit.epoch, incarnation: unit.incarnation, firstSequence: SequenceNumber(rawValue: 1),
            lastCommitted: SequenceNumber(rawValue: beat.lastSequence),
            lastBlock: BlockNumber(rawValue: beat.lastLiveBlock))
    }
}
