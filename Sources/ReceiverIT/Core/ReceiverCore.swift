public import Account
public import Crypto
public import DiodeProtocol
package import ReadBackCore
public import Time

/// The receiver of one link without I/O and without a clock: frames and time go in, commits come out.
///
/// ```text
/// receive ─▶ Voice: FrameIntake ─▶ LiveIntake ──▶ Committer ─▶ Replica ─▶ takeCommit
///                              ├─▶ BeatIntake ──▶ what the sender announced: LiveIntake, LinkWatch, LeaseWatch
///                              └─▶ SliceIntake ─▶ SliceApplier ─▶ Replica
/// advance ─▶ waiting frames drawn, holes opened, ready slices applied, LinkWatch ─▶ facts
/// ```
///
/// Each stage keeps its own state; this type is where they meet. One thread owns it. Call `receive` for each datagram, `advance` after each
/// batch of them and at `nextDeadline`, and `takeCommit` after that. Every table in it is bounded (see `Settings`).
public struct ReceiverCore: ~Copyable {
    private var voices: Voices
    private var live: LiveIntake
    private var slices: SliceIntake
    private var gatherer: ChangeGatherer
    private var released: [ReleasedUnit] = []
    /// What became of contents; `FrameIntake` counts frames.
    private var tallies = ReceiverCounters()
    private var namespace: Replica
    private var committer = Committer()
    private var reading: ReadingIntake
    private var hasher = SymbolHasher()
    /// From then on silence is the link's, and not that of a process which has just begun to listen.
    private let listensSince: MonotonicInstant
    private let silenceTimeout: Duration
    /// How many private seal keys there are.
    private let sealKeys: Int

    /// - Parameters:
    ///   - card: whose frames are accepted.
    ///   - seed: decides what is drawn under a flood; random, and unknown to the other side.
    /// - Throws: when libcrypto does not take the card's key.
    public init(
        card: LinkCard, settings: Settings = Settings(), seed: UInt64, now: MonotonicInstant, time: UnixMilliseconds
    ) throws(CryptoError) {
        try self.init(keys: [KeyChain(card)], settings: settings, restoring: nil, seed: seed, now: now, time: time)
    }

    /// - Parameters:
    ///   - keys: of each card of the link in its order: the paired card, and what was followed from there. At least one.
    ///   - stored: what an earlier process left, to go on from.
    package init(
        keys: [KeyChain], settings: Settings, restoring stored: StoredLink?, seed: UInt64, now: MonotonicInstant,
        time: UnixMilliseconds
    ) throws(CryptoError) {
        var random = SplitMix64(state: seed)
        listensSince = now.advanced(by: settings.silenceTimeout)
        live = LiveIntake(
            limits: GapTracker.Limits(settings), lowestEpochs: keys.map(\.paired.lowestEpoch), restoring: stored,
            now: now)
        slices = SliceIntake(restoring: stored)
        namespace = stored?.replica ?? Replica(limits: Replica.Limits(settings))
        reading = ReadingIntake(restoring: stored)
        gatherer = ChangeGatherer(restoring: stored, now: now)
        silenceTimeout = settings.silenceTimeout
        sealKeys = settings.seals.count
        voices = try Voices(keys, settings: settings, restoring: stored, random: &random, now: now, time: time)
    }

    // MARK: In

    /// Receives one datagram, which may be anything.
    /// - Parameter path: which of `Settings.paths` it came by.
    public mutating func receive(
        frame bytes: RawSpan, path: Int = 0, now: MonotonicInstant, time: UnixMilliseconds
    ) {
        let voice = voices.voice(of: bytes)
        let arrival = voice.frames.receive(bytes, path: path, live, slices, voice.beats, now: now, time: time)
        accept(arrival, of: voice, now: now, time: time)
        acceptSettled(of: voice, now: now, time: time)
    }

    /// Does what time brings: draws waiting frames, opens gaps whose reorder window is over, notices silence.
    public mutating func advance(now: MonotonicInstant, time: UnixMilliseconds) {
        for voice in voices.all {
            while let arrival = voice.frames.receiveWaiting(live, slices, voice.beats, now: now, time: time) {
                accept(arrival, of: voice, now: now, time: time)
                acceptSettled(of: voice, now: now, time: time)
            }
            voice.evidence.look(
                version: voice.frames.version + tallies.version, unauthentic: voice.frames.unauthentic, now: now)
        }
        committer.setSourceClock(speaker.watch.sourceClock(at: time))
        live.advance(now: now, time: time) { missing in
            let voice = voices[missing.sender] ?? voices.speaker
            return voice.evidence.cause(of: missing, now: now) { voice.frames.isCollecting($0) }
        }
        applyReleased(now: now, time: time)
        applySlices(now: now, time: time)
        gatherer.advance(now: now)
        for voice in voices.others { judge(voice, now: now, time: time) }
        let (contest, refused) = voices.compare(isListening: listensSince <= now)
        if let contest { committer.note(.contested(contest, by: voices.all[contest.sender].fingerprint)) }
        if let refused { refuse(refused, of: speaker, now: now) }
        judge(speaker, now: now, time: time)
    }

    /// Judges again what is heard under one card.
    private mutating func judge(_ voice: Voice, now: MonotonicInstant, time: UnixMilliseconds) {
        let wasStale = voice.watch.state == .stale
        voice.frames.advancePaths(now: now)
        voice.watch.note(pathTrouble: voice.frames.paths.trouble(silence: silenceTimeout, now: now))
        guard voice.watch.update(missing: live.tracker.account.missing, now: now, time: time), wasStale else { return }
        voice.evidence.note(.silence, now: now)
        if voice === speaker { namespace.markAll(under: StateTopic.prefix) }
    }

    /// Something before this core kept datagrams away: gaps that open soon are put down to that.
    package mutating func note(_ sign: LossEvidence.Sign, now: MonotonicInstant) { voices.note(sign, now: now) }

    /// What a verification costs was measured again, or this link's share of the core has changed.
    package mutating func note(_ price: Price, now: MonotonicInstant) { voices.note(price, now: now) }

    /// Does what there is to do for a reading of the IT broker.
    /// - Returns: of a beginning, whether that makes sense now: the replica has to be whole.
    package mutating func serve(_ order: ReadBackOrder, now: MonotonicInstant, time: UnixMilliseconds) -> Bool {
        reading.serve(
            order, isWhole: slices.isWhole, decided: live.tracker.frontier, &namespace, &committer, with: &hasher,
            now: now, time: time)
    }

    // MARK: Out

    /// When `advance` has something to do, if nothing arrives before.
    public var nextDeadline: MonotonicInstant? {
        [live.tracker.nextDeadline, voices.nextDeadline].compactMap { $0 }.min()
    }

    /// Moves out what was decided since the last call, and what that changed.
    public mutating func takeCommit() -> Commit {
        var commit = committer.take()
        commit.changes = gatherer.takeChanges(
            of: &live, &namespace, row: row, senders: voices.takeRows(live.tracker), with: &hasher)
        return commit
    }

    /// The same with everything that the link remembers instead of the changes alone: for a database that is empty, or
    /// that missed some.
    package mutating func takeWholeCommit() -> Commit {
        var commit = committer.take()
        commit.changes = gatherer.takeAll(
            of: &live, &namespace, row: row, senders: voices.rows(live.tracker), keys: voices.keys, with: &hasher)
        return commit
    }

    /// Moves out whether everything that was wrong has been handed over, so that reading the IT broker again makes sense.
    package mutating func takeReadingWish() -> Bool { namespace.takeReadingWish() }

    /// What is stored of the link as one row.
    private var row: LinkRow {
        LinkRow(
            tracker: live.tracker.row, snapshot: slices.frontier, rounds: slices.storedRounds, digest: slices.digest,
            itMatches: reading.itMatches, itRefused: reading.itRefused)
    }

    public var counters: ReceiverCounters {
        var counters = tallies
        for voice in voices.all { voice.frames.addCounts(to: &counters) }
        return counters
    }

    /// The state of the link as far as the core can tell, since when, and why it is not `online`.
    public var state: (state: LinkState, since: UnixMilliseconds, reason: String) {
        (speaker.watch.state, speaker.watch.since, speaker.watch.verdict.reason)
    }
    /// What the link is judged by, as far as the core knows it.
    public var facts: LinkFacts {
        var facts = speaker.watch.facts
        let replica = replica
        facts.agreement = replica.agreement
        facts.account.differs = replica.isSettled && replica.digestMatches == false
        return facts
    }

    private var speaker: Voice { voices.speaker }
    /// Each of the link's senders, by the place of its card.
    public var senders: [SenderReport] { voices.reports }

    /// The keys of the sender that speaks, the one in use last.
    package var keys: KeyChain { speaker.frames.chain }
    /// What the link is called in frames of the key in use of the sender that speaks.
    package var link: LinkFingerprint { speaker.frames.chain.name }
    /// Whether a name is that of a key in use of any card.
    package func isInUse(_ name: LinkFingerprint) -> Bool { voices.all.contains { $0.frames.chain.name == name } }
    /// Whether it is that of a key which was in use before.
    package func isFormer(_ name: LinkFingerprint) -> Bool { voices.all.contains { $0.frames.chain.isFormer(name) } }

    /// What each path has brought of the sender that speaks.
    public var paths: [PathReport] { speaker.frames.paths.reports }

    /// What the sender last said about itself.
    public var beat: Beat? { speaker.watch.beat }
    /// How it came: version, and whether it was sealed.
    public var form: WireForm? { speaker.watch.form }
    /// When a beat was last accepted.
    public var heardUntil: UnixMilliseconds? { speaker.watch.heardUntil }
    /// The sender's clock minus ours: extremes over all beats, in milliseconds.
    public var clockDifference: ClockDifference? { speaker.watch.clockDifference }
    public var clockOffsetMilliseconds: ClosedRange<Int64>? { speaker.watch.clockOffsetMilliseconds }

    /// The double entry of all epochs together.
    public var account: EpochAccount { live.tracker.account }
    /// Announced by the sender, and neither here nor missing yet.
    public var pending: UInt64 { live.tracker.pending }
    /// What this receiver accounts for begins here.
    public var beginsAt: Stamp? { live.tracker.beginsAt }
    /// The newest decided record.
    public var decided: Stamp? { live.tracker.frontier }
    /// Each epoch that is still followed, oldest first.
    public var epochs: [EpochReport] { live.tracker.reports }
    /// Gaps that are open or lost, by id.
    public var gaps: [Gap] { live.tracker.openAndLost }
    /// How the replica compares.
    public var replica: ReplicaReport { ReplicaReport(row, topics: UInt64(namespace.count)) }

    /// What the bounded tables hold now, for tests and metrics.
    public var occupancy: Occupancy {
        voices.occupancy(reorderBlocks: live.tracker.waitingCount, holes: live.tracker.holeCount)
    }
}

// MARK: What arrives

extension ReceiverCore {
    private mutating func acceptSettled(of voice: Voice, now: MonotonicInstant, time: UnixMilliseconds) {
        while voice.frames.hasSettled {
            let arrival = voice.frames.receiveSettled(live, slices, voice.beats, now: now, time: time)
            accept(arrival, of: voice, now: now, time: time)
        }
    }

    private mutating func accept(
        _ arrival: FrameIntake.Arrival, of voice: Voice, now: MonotonicInstant, time: UnixMilliseconds
    ) {
        switch arrival {
        case .nothing: break
        case .symbol(let id): hearOther(id, of: voice, now: now)
        case .sealed(let id): refuseSealed(id, of: voice, now: now)
        case .equivocation(let header):
            committer.note(.equivocation(header.id, header.firstSequence, header.lastSequence))
        case .rotated(let rotation):
            voice.noteRotation()
            gatherer.note(voice.frames.chain, of: voice.place)
            committer.note(.rotated(rotation, to: voice.frames.chain.inUse))
        case .refusedRotation(let error):
            if voice.refuse(error, now: now) { committer.note(.refused(.rotation(error))) }
        case .unit(let unit, let signed):
            committer.setSourceClock(voice.watch.sourceClock(at: time))
            var last = unit.id
            last.block = BlockNumber(rawValue: unit.lastBlock)
            if let defect = voice.plausibility.defect(of: last, lastSequence: unit.lastSequence)
                ?? voices.defect(of: unit, owner: live.tracker.sender(of: unit.epoch))
            {
                return refuse(defect, last, of: voice, now: now)
            }
            hearOther(unit.id, of: voice, now: now)
            switch unit.channel {
            case .live: acceptLive(unit, now: now, time: time)
            case .beat: acceptBeat(unit, signed: signed, of: voice, now: now, time: time)
            case .snapshot: acceptSlice(unit)
            }
        }
    }

    /// Records and slices of the newest epoch are no sign of life, but who hears nothing else is told of them.
    private mutating func hearOther(_ id: BlockID, of voice: Voice, now: MonotonicInstant) {
        guard id.channel != .beat, id.epoch >= voice.beats.frontier.epoch, voice.plausibility.defect(of: id) == nil
        else { return }
        voice.watch.hearOther(now: now)
    }

    private mutating func acceptLive(_ unit: DecodedUnit, now: MonotonicInstant, time: UnixMilliseconds) {
        do throws(ContentError) {
            let content = try LiveContent(decoding: unit.content.span.bytes, sequenceCount: unit.records)
            switch live.accept(unit, now: now, time: time) {
            case .accepted:
                tallies.liveBlocks += unit.lastBlock - unit.firstBlock + 1
                tellEvents()
                live.takeReleased(into: &released)
                for (index, each) in released.enumerated() {
                    // What came just now is read already; only what waited for it is read again.
                    let isThis = index == 0 && each.unit.epoch == unit.epoch && each.unit.firstBlock == unit.firstBlock
                    note(
                        isThis
                            ? committer.apply(each, content, to: &namespace, with: &hasher, now: now)
                            : committer.apply(each, to: &namespace, with: &hasher, now: now), of: each, time: time)
                }
                released.removeAll(keepingCapacity: true)
            case .replayed: tallies.surplus += 1
            case .inconsistent: tallies.inconsistent += 1
            case .equivocation: noteEquivocation(unit)
            }
        } catch { tallies.count(error) }
    }

    private mutating func acceptBeat(
        _ unit: DecodedUnit, signed: SignedBeat?, of voice: Voice, now: MonotonicInstant, time: UnixMilliseconds
    ) {
        let isFirstOfEpoch = voice.beats.frontier.epoch < unit.epoch
        switch voice.beats.accept(unit, now: now) {
        case .surplus: tallies.surplus += 1
        case .equivocation: noteEquivocation(unit)
        case .unreadable(let error): tallies.count(error)
        case .outlived(let isRival):
            if isRival { noteEquivocation(unit) }
            refuseOutdated(unit.epoch, of: voice, isBelowCard: false, now: now)
        case .belowCard: refuseOutdated(unit.epoch, of: voice, isBelowCard: true, now: now)
        case .implausible(let defect): refuse(defect, unit.id, of: voice, now: now)
        case .accepted(let beat):
            tallies.beatBlocks += 1
            voice.note(beat, unit, isFirst: isFirstOfEpoch, now: now, time: time)
            if let change = voices.note(beat, epoch: unit.epoch, of: voice, now: now) {
                committer.note(.leased(change, by: voice.fingerprint))
            }
            let before = (endings: live.tracker.endings, lost: live.tracker.account.lost)
            let superseded = live.accept(beat, of: unit, now: now, time: time)
            if let contradiction = live.takeContradiction() { refuse(contradiction, unit.id, of: voice, now: now) }
            if isFirstOfEpoch { for epoch in superseded { committer.note(.superseded(epoch, by: unit.epoch)) } }
            if let signed {
                let isEnding = isFirstOfEpoch || live.tracker.endings != before.endings
                let isLosing = live.tracker.account.lost > before.lost
                gatherer.note(
                    Anchors.Candidate(
                        sender: voice.place, beat: signed, said: beat,
                        urgency: isEnding ? .now : isLosing ? .withinMinute : .withBalance))
            }
            applyReleased(now: now, time: time)
        }
    }

    /// A beat says nothing of what is current: of an epoch that is over, or below the card's.
    private mutating func refuseOutdated(_ epoch: Epoch, of voice: Voice, isBelowCard: Bool, now: MonotonicInstant) {
        tallies.replayed += 1
        if isBelowCard {
            refuse(.belowCard(epoch, lowest: voice.lowestEpoch), of: voice, now: now)
        } else if voice.watch.state.isSilent, listensSince <= now {
            refuse(.outlived(epoch, by: voice.beats.frontier.epoch), of: voice, now: now)
        }
    }

    /// No key opens a block. A beat that is outdated is told by its header as it would be if it could be read. Anything else is a reason where
    /// nothing is heard: an echo that waits for its key, or a recording, is none.
    private mutating func refuseSealed(_ id: BlockID, of voice: Voice, now: MonotonicInstant) {
        guard !voice.beats.isOutdated(id) else {
            let isBelowCard = voice.beats.noteBelowCard(id, now: now)
            return refuseOutdated(id.epoch, of: voice, isBelowCard: isBelowCard, now: now)
        }
        guard id.epoch >= voice.beats.frontier.epoch, voice.watch.state.isSilent else { return }
        refuse(.sealed(id, keys: sealKeys), of: voice, now: now)
    }

    private mutating func acceptSlice(_ unit: DecodedUnit) {
        switch slices.accept(unit, with: &hasher) {
        case .accepted: tallies.snapshotBlocks += unit.lastBlock - unit.firstBlock + 1
        case .surplus: tallies.surplus += 1
        case .equivocation: noteEquivocation(unit)
        case .unreadable(let error): tallies.count(error)
        }
    }

    /// The sender's key signed numbers that no sender can have.
    private mutating func refuse(_ what: String, _ block: BlockID, of voice: Voice, now: MonotonicInstant) {
        tallies.implausible += 1
        refuse(.implausible(what, block), of: voice, now: now)
    }

    /// Names what was signed and is refused: in status at once, in log and ledger once a minute.
    private mutating func refuse(_ statement: RefusedStatement, of voice: Voice, now: MonotonicInstant) {
        if voice.refuse(statement, now: now) { committer.note(.refused(statement)) }
    }

    private mutating func noteEquivocation(_ unit: DecodedUnit) {
        tallies.equivocations += 1
        committer.note(
            .equivocation(
                unit.id, SequenceNumber(rawValue: unit.firstSequence), SequenceNumber(rawValue: unit.lastSequence)))
    }
}

// MARK: What follows from it

extension ReceiverCore {
    /// Applies what was released, and tells what happened to gaps.
    private mutating func applyReleased(now: MonotonicInstant, time: UnixMilliseconds) {
        tellEvents()
        live.takeReleased(into: &released)
        for each in released {
            note(committer.apply(each, to: &namespace, with: &hasher, now: now), of: each, time: time)
        }
        released.removeAll(keepingCapacity: true)
    }

    private mutating func note(_ applied: Committer.Applied, of released: ReleasedUnit, time: UnixMilliseconds) {
        tallies.count(applied)
        live.note(applied, of: released)
        if applied.isNarrowed { slices.disturb(live.tracker.frontier) }
        if let comparison = applied.comparison { note(comparison, time: time) }
        live.note(namespace.takeJumps())
    }

    /// A checkpoint was passed in its place.
    private mutating func note(_ comparison: DigestComparison, time: UnixMilliseconds) {
        // A beat of its epoch says where the epochs before it ended; as long as that is not decided, nobody can say either.
        let isComparable =
            live.tracker.account.missing == 0 && namespace.untracked == 0
            && voices.beatEpoch(of: live.tracker.sender(of: comparison.at.epoch) ?? 0) >= comparison.at.epoch
            && live.tracker.hasDecided(upTo: comparison.at)
        if slices.note(comparison, isComparable: isComparable, time: time) {
            committer.note(.digest(matches: comparison.isEqual, at: comparison.at))
        }
    }

    /// Applies the slices whose records are decided.
    private mutating func applySlices(now: MonotonicInstant, time: UnixMilliseconds) {
        while let slice = slices.takeReady(live.tracker, beat: voices.beatEpoch) {
            var applier = SliceApplier(slice.heading, now: now, time: time)
            do throws(ContentError) {
                let content = try SliceContent(decoding: slice.content.span.bytes, with: &hasher)
                applier.apply(content, slice.content, to: &live, &namespace, &committer, with: &hasher)
            } catch {
                preconditionFailure("a slice is checked before it waits")
            }
            live.note(namespace.takeJumps())
            tellEvents()
            tallies.count(applier.outcome)
            let diverged = applier.outcome.diverged
            if diverged > 0 { committer.note(.diverged(slots: diverged, at: slice.heading.capture)) }
            let isMissing = live.tracker.account.missing > 0
            if let whole = slices.noteApplied(slice.heading, isMissing: isMissing) { namespace.noteWhole(upTo: whole) }
        }
    }

    private mutating func tellEvents() {
        for event in live.takeEvents() {
            slices.disturb(live.tracker.frontier)
            committer.note(LinkEvent(event))
        }
    }
}
