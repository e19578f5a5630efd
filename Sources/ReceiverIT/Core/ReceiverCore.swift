public import Crypto
public import DiodeProtocol
public import Time
public import Account

/// The receiver of one link without I/O and without a clock: frames and time go in, commits come out.
///
/// ```text
/// receive ─▶ FrameAuthenticator ─▶ BlockAssembler ─▶ GapTracker ─▶ Replica ─▶ Committer ─▶ takeCommit
/// advance ─▶ waiting frames drawn    partial blocks    holes open                LinkWatch ─▶ state
/// ```
///
/// One thread owns it. Call `receive` for each datagram, `advance` after each batch of them and at `nextDeadline`, and
/// `takeCommit` after that. Every table in it is bounded (see `Settings`).
public struct ReceiverCore: ~Copyable {
    private let link: LinkFingerprint
    private var authenticator: FrameAuthenticator
    private var assembler: BlockAssembler
    var memory: LinkMemory
    var committer = Committer()
    var hasher = SymbolHasher()
    private var watch: LinkWatch
    private var rivals: RivalWatch
    var tallies = ReceiverCounters()
    private var released: [ReleasedUnit] = []
    private var evidence = LossEvidence()

    /// - Parameters:
    ///   - card: whose frames are accepted.
    ///   - seed: decides what is drawn under a flood; random, and unknown to the other side.
    /// - Throws: when libcrypto does not take the card's key.
    public init(
        card: LinkCard, settings: Settings = Settings(), seed: UInt64, now: MonotonicInstant, time: UnixMilliseconds
    ) throws(CryptoError) {
        try self.init(card: card, settings: settings, restoring: nil, seed: seed, now: now, time: time)
    }

    /// - Parameter stored: what an earlier process left, to go on from.
    package init(
        card: LinkCard, settings: Settings, restoring stored: StoredLink?, seed: UInt64, now: MonotonicInstant,
        time: UnixMilliseconds
    ) throws(CryptoError) {
        var random = SplitMix64(state: seed)
        var assemblerLimits = BlockAssembler.Limits()
        assemblerLimits.blocks = settings.assemblyBlocks
        assemblerLimits.bytes = settings.assemblyBytes
        link = card.linkFingerprint
        assembler = BlockAssembler(limits: assemblerLimits)
        watch = LinkWatch(silenceTimeout: settings.silenceTimeout, restoring: stored, time: time)
        rivals = RivalWatch(heard: stored?.beat)
        memory = LinkMemory(card: card, settings: settings, restoring: stored, now: now)
        authenticator = try FrameAuthenticator(
            key: card.key, verificationsPerSecond: settings.verificationsPerSecond,
            settledTransmissions: settings.settledTransmissions, waitingBytes: settings.waitingFrameBytes,
            random: &random, now: now)
    }

    // MARK: In

    /// Takes one datagram, which may be anything.
    public mutating func receive(frame bytes: RawSpan, now: MonotonicInstant, time: UnixMilliseconds) {
        tallies.frames += 1
        guard let named = FramePreamble.link(of: bytes) else {
            tallies.malformed += 1
            return
        }
        guard named == link else {
            tallies.unknownLink += 1
            return
        }
        committer.sourceClock = watch.sourceClock(at: time)
        do throws(FrameError) {
            process(try FrameView(decoding: bytes), bytes: bytes, now: now, time: time)
        } catch {
            switch error.counter {
            case .malformed: tallies.malformed += 1
            case .version: tallies.version += 1
            }
        }
    }

    /// Does what time brings: draws waiting frames, opens gaps whose reorder window is over, notices silence.
    public mutating func advance(now: MonotonicInstant, time: UnixMilliseconds) {
        committer.sourceClock = watch.sourceClock(at: time)
        while let slot = authenticator.drawWaiting(now: now) { verifyWaiting(slot, now: now, time: time) }
        evidence.look(at: tallies, now: now)
        memory.tracker.advance(now: now, time: time) { missing in
            evidence.cause(of: missing, now: now) { assembler.isCollecting($0) }
        }
        apply(now: now, time: time)
        applySlices(now: now, time: time)
        memory.advance(now: now)
        let wasStale = watch.state == .stale
        if let state = watch.update(missing: memory.tracker.account.missing, now: now, time: time) {
            if wasStale {
                evidence.note(.silence, now: now)
                memory.replica.markAll(under: StateTopic.prefix)
            }
            committer.note(.state(state, reason: watch.reason))
        }
    }

    /// Something before this core kept datagrams away: gaps that open soon are put down to that.
    package mutating func note(_ sign: LossEvidence.Sign, now: MonotonicInstant) { evidence.note(sign, now: now) }

    // MARK: Out

    /// When `advance` has something to do, if nothing arrives before.
    public var nextDeadline: MonotonicInstant? {
        [authenticator.nextDeadline, memory.tracker.nextDeadline, watch.nextDeadline].compactMap { $0 }.min()
    }

    /// Moves out what was decided since the last call, and what that changed.
    public mutating func takeCommit() -> Commit {
        var commit = committer.take()
        commit.changes = memory.takeChanges(with: &hasher)
        return commit
    }

    /// The same with everything that the link remembers instead of the changes alone: for a database that is empty, or
    /// that missed some.
    package mutating func takeWholeCommit() -> Commit {
        var commit = committer.take()
        commit.changes = memory.wholeState(with: &hasher)
        return commit
    }

    public var counters: ReceiverCounters {
        var counters = tallies
        counters.assembliesShed = assembler.shed
        counters.restoredSymbols = assembler.restoredSymbols
        return counters
    }

    /// The state of the link, since when, and why it is not `online`.
    public var state: (state: LinkState, since: UnixMilliseconds, reason: String) {
        (watch.state, watch.since, watch.reason)
    }

    /// What the sender last said about itself.
    public var beat: Beat? { watch.beat }
    /// When something new last came.
    public var heardUntil: UnixMilliseconds? { watch.heardUntil }
    /// The sender's clock minus ours: extremes over all beats, in milliseconds.
    public var clockOffsetMilliseconds: ClosedRange<Int64>? { watch.clockOffsetMilliseconds }

    /// All epochs together.
    public var account: EpochAccount { memory.tracker.account }
    /// Announced by the sender, and neither here nor missing yet.
    public var pending: UInt64 { memory.tracker.pending }
    /// What this receiver accounts for begins here.
    public var beginsAt: Stamp? { memory.tracker.beginsAt }
    /// The newest decided record.
    public var decided: Stamp? {
        memory.tracker.tracks.last.map {
            Stamp(epoch: $0.epoch, sequence: SequenceNumber(rawValue: $0.frontierSequence))
        }
    }

    /// Each epoch that is still followed, oldest first.
    public var epochs: [EpochReport] { memory.tracker.tracks.map(EpochReport.init) }
    /// Gaps that are open or lost, by id.
    public var gaps: [Gap] { memory.tracker.gaps.values.sorted { $0.id < $1.id } }
    /// How the replica compares.
    public var replica: ReplicaReport { ReplicaReport(memory) }

    /// What the bounded tables hold now, for tests and metrics.
    public var occupancy: Occupancy {
        Occupancy(
            waitingFrames: authenticator.waiting.count, waitingFrameBytes: authenticator.waiting.byteCount,
            settledTransmissions: authenticator.settled.count, assemblies: assembler.count,
            assemblyBytes: assembler.byteCount, partContents: assembler.groupCount,
            reorderBlocks: memory.tracker.tracks.reduce(0) { $0 + $1.waiting.count },
            holes: memory.tracker.tracks.reduce(0) { $0 + $1.holes.count }, verifications: authenticator.verifications)
    }
}

// MARK: Frames

extension ReceiverCore {
    private mutating func process(
        _ frame: borrowing FrameView, bytes: RawSpan, now: MonotonicInstant, time: UnixMilliseconds
    ) {
        switch authenticator.check(frame) {
        case .authentic(let slot, let leaf, let isNew):
            if isNew {
                assemble(frame, slot: slot, leaf: leaf, now: now, time: time)
            } else {
                tallies.replayed += 1
            }
        case .done(let isNew):
            if isNew { tallies.surplus += 1 } else { tallies.replayed += 1 }
        case .forged: tallies.badSignature += 1
        case .contradiction:
            let admission = authenticator.admit(frame, bytes: bytes, rank: .implausible, now: now)
            settle(admission, frame, now: now, time: time)
        case .unsettled:
            guard let rank = rankOrCount(frame.header, now: now, time: time) else { return }
            let admission = authenticator.admit(frame, bytes: bytes, rank: rank, now: now)
            settle(admission, frame, now: now, time: time)
        }
    }

    private mutating func verifyWaiting(_ slot: Int, now: MonotonicInstant, time: UnixMilliseconds) {
        let (admission, bytes) = authenticator.verifyWaiting(slot, now: now)
        do throws(FrameError) {
            settle(admission, try FrameView(decoding: bytes.span.bytes), now: now, time: time)
        } catch {
            preconditionFailure("a frame that waits was decoded before it was let in")
        }
    }

    private mutating func settle(
        _ admission: FrameAuthenticator.Admission, _ frame: borrowing FrameView, now: MonotonicInstant,
        time: UnixMilliseconds
    ) {
        switch admission {
        case .forged: tallies.badSignature += 1
        case .overBudget: tallies.overBudget += 1
        case .waiting(let dropped): tallies.overBudget += UInt64(dropped)
        case .equivocation: note(.equivocation, of: frame.header)
        case .authentic(let slot, let leaf):
            assemble(frame, slot: slot, leaf: leaf, now: now, time: time)
            let id = TransmissionID(block: frame.header.id, transmission: frame.header.transmission)
            // Taken all at once: one that contradicts what was settled may have to wait again, and must not be met again here.
            for bytes in authenticator.takeWaiting(of: id) {
                do throws(FrameError) {
                    process(try FrameView(decoding: bytes.span.bytes), bytes: bytes.span.bytes, now: now, time: time)
                } catch {
                    preconditionFailure("a frame that waits was decoded before it was let in")
                }
            }
        }
    }

    /// How urgent a verification of this frame is; nil if it is of no use, which is then counted.
    private mutating func rankOrCount(
        _ header: TransmissionHeader, now: MonotonicInstant, time: UnixMilliseconds
    ) -> WaitingFrames.Class? {
        if memory.isOpen(header.id) {
            if assembler.holdsPart(header) {
                tallies.repeated += 1
                return nil
            }
            return memory.isPlausible(header.id, time: time) ? .plausible : .implausible
        }
        if header.id.channel == .live {
            let known = memory.contents.hash(of: header.id)
            // W-21: another content under an accepted number is worth a look, behind all others.
            if let known, known != header.contentHash { return .implausible }
            if header.transmission != .first {
                tallies.repeated += 1
                return nil
            }
        }
        if memory.isOutlivedBeat(header.id), rivals.looks(at: header.id.epoch, now: now) { return .implausible }
        tallies.replayed += 1
        return nil
    }
}

// MARK: Blocks

extension ReceiverCore {
    private mutating func assemble(
        _ frame: borrowing FrameView, slot: Int, leaf: Digest16, now: MonotonicInstant, time: UnixMilliseconds
    ) {
        let header = frame.header
        let isOutlived = memory.isOutlivedBeat(header.id)
        guard assembler.isCollecting(header.id) || memory.isOpen(header.id) || isOutlived else {
            authenticator.finish(slot: slot)
            noteClosed(header)
            return
        }
        switch assembler.insert(header: header, symbol: frame.symbolID, leaf: leaf, bytes: frame.symbol) {
        case .stored: hear(isOutlived, now: now, time: time)
        case .notNeeded: tallies.surplus += 1
        case .part:
            authenticator.finish(slot: slot)
            hear(isOutlived, now: now, time: time)
        case .unit(let unit):
            authenticator.finish(slot: slot)
            hear(isOutlived, now: now, time: time)
            take(unit, signed: authenticator.settled[slot].signed(unit), now: now, time: time)
        case .refused(let refusal):
            authenticator.finish(slot: slot)
            note(refusal, of: header)
        }
    }

    private mutating func hear(_ isOutlived: Bool, now: MonotonicInstant, time: UnixMilliseconds) {
        if !isOutlived { watch.hear(now: now, time: time) }
    }

    /// A verified frame of a block that is not wanted: a late repair symbol, or equivocation.
    private mutating func noteClosed(_ header: TransmissionHeader) {
        if header.id.channel == .live, let known = memory.contents.hash(of: header.id), known != header.contentHash {
            note(.equivocation, of: header)
        } else {
            tallies.surplus += 1
        }
    }

    private mutating func note(_ refusal: BlockAssembler.Refusal, of header: TransmissionHeader) {
        switch refusal {
        case .corrupt: tallies.corruptBlocks += 1
        case .sealed: tallies.sealed += 1
        case .inconsistent: tallies.inconsistent += 1
        case .equivocation:
            tallies.equivocations += 1
            committer.note(.equivocation(header.id, header.firstSequence, header.lastSequence))
        }
    }

    private mutating func take(
        _ unit: DecodedUnit, signed: SignedBeat?, now: MonotonicInstant, time: UnixMilliseconds
    ) {
        switch unit.channel {
        case .live: takeLive(unit, now: now, time: time)
        case .beat: takeBeat(unit, signed: signed, now: now, time: time)
        case .snapshot: takeSlice(unit)
        }
    }

    private mutating func takeLive(_ unit: DecodedUnit, now: MonotonicInstant, time: UnixMilliseconds) {
        do throws(ContentError) {
            let content = try LiveContent(decoding: unit.content.span.bytes, sequenceCount: unit.records)
            switch memory.tracker.accept(unit, now: now, time: time) {
            case .accepted:
                memory.contents.insert(unit)
                tallies.liveBlocks += unit.lastBlock - unit.firstBlock + 1
                noteTrackerEvents()
                memory.tracker.takeReleased(into: &released)
                for (index, each) in released.enumerated() {
                    // What came just now is read already; only what waited for it is read again.
                    let isThis = index == 0 && each.unit.epoch == unit.epoch && each.unit.firstBlock == unit.firstBlock
                    count(
                        isThis
                            ? committer.apply(each, content, to: &memory.replica, with: &hasher, now: now)
                            : committer.apply(each, to: &memory.replica, with: &hasher, now: now), of: each, time: time)
                }
                released.removeAll(keepingCapacity: true)
            case .replayed: tallies.surplus += 1
            case .inconsistent: tallies.inconsistent += 1
            case .equivocation: noteEquivocation(unit)
            }
        } catch { count(error) }
    }

    private mutating func takeBeat(
        _ unit: DecodedUnit, signed: SignedBeat?, now: MonotonicInstant, time: UnixMilliseconds
    ) {
        guard memory.beat.isBeyond(unit.id) || memory.isOutlivedBeat(unit.id) else { return tallies.surplus += 1 }
        guard memory.beat.agrees(with: unit.id) else { return noteEquivocation(unit) }
        let beat: Beat
        do throws(ContentError) { beat = try Beat(decoding: unit.content.span.bytes) } catch { return count(error) }
        guard memory.beat.isBeyond(unit.id) else {
            tallies.replayed += 1
            if rivals.isRival(beat, of: unit.epoch, now: now) { noteEquivocation(unit) }
            return
        }
        let isFirstOfEpoch = memory.beat.epoch < unit.epoch
        let before = memory.ends
        rivals.take(beat, after: isFirstOfEpoch ? memory.beat.epoch : nil)
        memory.beat.accept(unit)
        tallies.beatBlocks += 1
        watch.take(beat, epoch: unit.epoch, time: time)
        evidence.look(at: beat, epoch: unit.epoch, now: now)
        for summary in beat.epochs {
            // Of the epoch that lives it says what was sent, and a loss of power may still take that back.
            if summary.epoch < unit.epoch { memory.tracker.noteCommitted(summary) }
            memory.tracker.announce(
                epoch: summary.epoch, incarnation: summary.incarnation, block: summary.lastBlock,
                sequence: summary.lastCommitted, isFinal: summary.epoch < unit.epoch, clock: beat.clock, now: now,
                time: time)
        }
        memory.tracker.announce(
            epoch: unit.epoch, incarnation: unit.incarnation, block: BlockNumber(rawValue: beat.lastLiveBlock),
            sequence: SequenceNumber(rawValue: beat.lastSequence), isFinal: false, clock: beat.clock, now: now,
            time: time)
        let superseded = memory.tracker.supersede(
            by: unit.epoch, listed: beat.epochs, older: beat.older, time: time)
        if isFirstOfEpoch { for epoch in superseded { committer.note(.superseded(epoch, by: unit.epoch)) } }
        if let isDurable = beat.isDurable { memory.tracker.noteDurability(isDurable, of: unit.epoch) }
        if let floor = beat.floor { memory.tracker.raiseFloor(floor, time: time) }
        memory.tracker.hasHeardBeat = true
        if let signed { memory.note(signed, saying: beat, isFirstOfEpoch: isFirstOfEpoch, since: before) }
        apply(now: now, time: time)
    }

    mutating func count(_ error: ContentError) {
        switch error.counter {
        case .malformed: tallies.malformedContents += 1
        case .version: tallies.version += 1
        case .sealed: tallies.sealed += 1
        }
    }

    mutating func noteEquivocation(_ unit: DecodedUnit) {
        tallies.equivocations += 1
        committer.note(
            .equivocation(
                unit.id, SequenceNumber(rawValue: unit.firstSequence), SequenceNumber(rawValue: unit.lastSequence)))
    }

    /// Applies what the tracker released, and tells what it noticed.
    private mutating func apply(now: MonotonicInstant, time: UnixMilliseconds) {
        noteTrackerEvents()
        memory.tracker.takeReleased(into: &released)
        for each in released {
            count(committer.apply(each, to: &memory.replica, with: &hasher, now: now), of: each, time: time)
        }
        released.removeAll(keepingCapacity: true)
    }

    mutating func noteTrackerEvents() {
        for event in memory.tracker.takeEvents() {
            disturb()
            switch event {
            case .opened(let gap): committer.note(.gapOpened(gap))
            case .grew(let gap): committer.note(.gapGrew(gap))
            case .closed(let gap):
                if gap.state == .healed { memory.gapTopics.remove(gap.id) }
                committer.note(.gapClosed(gap))
            case .epochBegan(let epoch, let incarnation): committer.note(.epochBegan(epoch, incarnation))
            case .voided(let epoch, let behind, let delivered, let absent):
                committer.note(.voided(epoch, behind: behind, delivered: delivered, absent: absent))
            }
        }
    }

    private mutating func count(_ applied: Committer.Applied, of released: ReleasedUnit, time: UnixMilliseconds) {
        tallies.records += applied.records
        tallies.untrackedRecords += applied.untracked
        tallies.skippedItems += applied.skipped
        if applied.shed > 0 {
            memory.tracker.countShed(applied.shed, of: released.unit, isLate: released.isLate)
        }
        if applied.isNarrowed { disturb() }
        if let comparison = applied.comparison { note(comparison, time: time) }
        for topic in applied.found { memory.gapTopics.take(topic, from: released.gap) }
        nameMissing()
    }
}
