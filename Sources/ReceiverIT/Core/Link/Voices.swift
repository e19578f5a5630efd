internal import Account
internal import Crypto
internal import DiodeProtocol
internal import Time

/// The senders of a link, one for each of its cards, and which of them speaks for the namespace (ADR 0033).
///
/// ```text
///  datagram ─▶ whose key? ─▶ Voice of card 1, 2 … ─▶ the core
///                             └ beats ─▶ LeaseWatch ─▶ who speaks, two at once, nobody
/// ```
struct Voices {
    /// By the place of the card.
    let all: [Voice]
    private var lease: LeaseWatch

    /// - Parameters:
    ///   - keys: of each card, in their order; at least one.
    ///   - stored: what an earlier process left of the link.
    init(
        _ keys: [KeyChain], settings: ReceiverCore.Settings, restoring stored: StoredLink?,
        random: inout some RandomNumberGenerator, now: MonotonicInstant, time: UnixMilliseconds
    ) throws(CryptoError) {
        let lease = LeaseWatch(
            cards: keys.count, grace: settings.silenceTimeout, restoring: stored?.senders ?? [], now: now)
        // The link's budgets are shared, so that whoever has one card's key takes nothing from the other's sender.
        var part = settings
        part.verificationsPerSecond /= keys.count
        part.waitingFrameBytes /= keys.count
        part.assemblyBytes /= keys.count
        var all: [Voice] = []
        for (place, chain) in keys.enumerated() {
            all.append(
                try Voice(
                    place, keys: chain, settings: part, restoring: stored, isSpeaker: place == lease.speaker,
                    random: &random, now: now, time: time))
        }
        self.all = all
        self.lease = lease
    }

    /// Whose key a datagram names; the first counts what names none.
    func voice(of bytes: RawSpan) -> Voice {
        guard all.count > 1, let name = FramePreamble.link(of: bytes) else { return all[0] }
        return all.first { $0.frames.chain.place(of: name) != nil } ?? all[0]
    }

    /// The one at a place; nil: the card that an earlier process had there is gone from the configuration.
    subscript(place: Int) -> Voice? { all.indices.contains(place) ? all[place] : nil }

    /// The epoch of the newest beat of a sender; 0: none was heard, or its card is gone.
    func beatEpoch(of place: Int) -> Epoch { self[place]?.beats.frontier.epoch ?? Epoch(rawValue: 0) }

    /// The one that speaks for the link, or did until it fell silent.
    var speaker: Voice { all[lease.speaker] }
    var others: some Sequence<Voice> { all.lazy.filter { [speaker] in $0 !== speaker } }

    /// What of a content cannot be beside what the senders have said, in words; nil where it may be (W-52, W-53).
    /// - Parameter owner: whose its epoch is; nil: nobody's yet.
    func defect(of unit: DecodedUnit, owner: Int?) -> String? {
        if let owner, owner != unit.sender {
            let name = self[owner]?.name ?? "a card that is gone"
            return "epoch \(unit.epoch.rawValue), which the sender of \(name) has begun"
        }
        return all[unit.sender].beats.contradicts(unit.id) ? "records or slices of an epoch that stands by" : nil
    }

    /// A beat was accepted.
    /// - Returns: who has the lease now, where it has changed hands.
    mutating func note(_ beat: Beat, epoch: Epoch, of voice: Voice, now: MonotonicInstant) -> LeaseChange? {
        lease.note(beat, epoch: epoch, of: voice.place, now: now)
    }

    /// Compares what the senders say of who speaks: the trouble of it is one of the speaker's facts.
    /// - Parameter isListening: whether this process has listened for so long that a silent sender is one.
    /// - Returns: a contest that nobody was told of, and what of the speaker's has to be refused.
    mutating func compare(isListening: Bool) -> (contest: LeaseContest?, refused: RefusedStatement?) {
        let all = all
        let isSilent = { (place: Int) in all[place].watch.state.isSilent }
        let trouble = isListening ? lease.trouble({ all[$0].name }, isSilent: isSilent) : nil
        speaker.watch.note(senderTrouble: trouble)
        guard all.count > 1 else { return (nil, nil) }
        let contest = lease.takeContest(isSilent: isSilent)
        guard isListening, speaker.watch.state.isSilent, let older = lease.older(isSilent: isSilent) else {
            return (contest, nil)
        }
        let newest = speaker.beats.frontier.epoch
        return (contest, .olderLease(older.epoch, of: all[older.place].name, by: newest))
    }

    var reports: [SenderReport] {
        all.map { voice in
            let isSpeaker = voice === speaker && lease.lease != nil
            return SenderReport(
                place: voice.place, fingerprint: voice.fingerprint, rotations: voice.frames.chain.rotations.count,
                role: voice.watch.beat == nil ? nil : voice.beats.standsBy ? .standsBy : isSpeaker ? .speaks : .older,
                epoch: voice.watch.beat == nil ? nil : voice.beats.frontier.epoch, heardUntil: voice.watch.heardUntil)
        }
    }

    // MARK: What concerns all of them

    /// When one of them has something to do.
    var nextDeadline: MonotonicInstant? {
        all.flatMap { [$0.frames.nextDeadline, $0.watch.nextDeadline] }.compactMap { $0 }.min()
    }

    func note(_ sign: LossEvidence.Sign, now: MonotonicInstant) {
        for voice in all { voice.evidence.note(sign, now: now) }
    }

    func note(_ price: Price, now: MonotonicInstant) {
        var part = price
        part.share /= Double(all.count)
        for voice in all { voice.frames.note(part, now: now) }
    }

    /// Moves out what is new about them, to be stored.
    func takeRows(_ tracker: borrowing GapTracker) -> [SenderRow] {
        all.compactMap { $0.takeRow(heardFloor: tracker.senders[$0.place].heardFloor) }
    }

    /// All that is stored of them.
    func rows(_ tracker: borrowing GapTracker) -> [SenderRow] {
        all.map { $0.row(heardFloor: tracker.senders[$0.place].heardFloor) }
    }

    var keys: [Int: KeyChain] { Dictionary(uniqueKeysWithValues: all.map { ($0.place, $0.frames.chain) }) }

    /// What the tables of all of them hold, with what those behind them hold.
    func occupancy(reorderBlocks: Int, holes: Int) -> Occupancy {
        var sum = speaker.frames.occupancy(reorderBlocks: reorderBlocks, holes: holes)
        for voice in others { sum.add(voice.frames.occupancy(reorderBlocks: 0, holes: 0)) }
        return sum
    }
}
