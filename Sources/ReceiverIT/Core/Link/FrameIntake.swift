internal import Account
internal import Crypto
internal import DiodeProtocol
internal import Time

/// From datagrams to contents: which frames are authentic, which of these are still of use, and which block is complete with them.
///
/// ```text
///  frame ─▶ wanted? ─▶ FrameAuthenticator ─▶ BlockAssembler ─▶ Arrival
///               │            └ waits for a verification: drawn by `receiveWaiting`
///               └ asks the intakes of the three channels, which say what they have accepted
/// ```
///
/// When a transmission is settled, the frames of it that waited are authentic or forged at once. They stand in a queue of their own, and
/// `receiveSettled` has to be called as long as it `hasSettled` frames, before any other frame is received.
struct FrameIntake: ~Copyable {
    /// What one frame came to. The large cases are rare and stand on the heap: most frames end as a few bytes.
    enum Arrival {
        /// It was counted, and that is all.
        case nothing
        /// A symbol of a wanted block came.
        case symbol(BlockID)
        /// With it a content is complete. A beat in one part comes with what the sender signed.
        indirect case unit(DecodedUnit, signed: SignedBeat?)
        /// With it a block is complete that no key here opens.
        case sealed(BlockID)
        /// The sender's key signed another content under these numbers (W-21).
        indirect case equivocation(TransmissionHeader)
        /// The key has handed over to another one, which is in use from here on (W-51).
        indirect case rotated(Rotation)
        indirect case refusedRotation(RotationError)
    }

    /// The place of the card whose frames these are.
    private let sender: Int
    private var keys: KeyIntake
    private var authenticator: FrameAuthenticator
    private var assembler: BlockAssembler
    private(set) var paths: PathWatch
    /// Frames that waited for a transmission which is settled now, and how many of them were received.
    private var settled: [WaitingFrames.Frame] = []
    private var settledCount = 0
    /// From `frames` to `repeated`, and what became of blocks that were complete.
    private var counters = ReceiverCounters()

    /// - Parameter sender: the place of the card.
    init(
        keys: KeyChain, of sender: Int, settings: ReceiverCore.Settings, random: inout some RandomNumberGenerator,
        now: MonotonicInstant
    ) throws(CryptoError) {
        var limits = BlockAssembler.Limits()
        limits.blocks = settings.assemblyBlocks
        limits.bytes = settings.assemblyBytes
        self.sender = sender
        self.keys = KeyIntake(keys)
        paths = PathWatch(settings.paths, now: now)
        assembler = BlockAssembler(limits: limits, opener: BlockOpener(settings.seals))
        authenticator = try FrameAuthenticator(
            key: keys.inUse.key, verificationsPerSecond: settings.verificationsPerSecond, price: settings.price,
            settledTransmissions: settings.settledTransmissions, waitingBytes: settings.waitingFrameBytes,
            random: &random, now: now)
    }

    // MARK: In

    /// Receives one datagram, which may be anything.
    mutating func receive(
        _ bytes: RawSpan, path: Int, _ live: borrowing LiveIntake, _ slices: borrowing SliceIntake,
        _ beats: borrowing BeatIntake, now: MonotonicInstant, time: UnixMilliseconds
    ) -> Arrival {
        counters.frames += 1
        guard let named = FramePreamble.link(of: bytes) else {
            counters.malformed += 1
            return .nothing
        }
        if Rotation.isOne(bytes) { return receiveStatement(bytes, now: now) }
        guard named == keys.chain.name else {
            if keys.chain.isFormer(named) { counters.formerKey += 1 } else { counters.unknownLink += 1 }
            return .nothing
        }
        guard !keys.chain.isRevoked else {
            counters.revokedKey += 1
            return .nothing
        }
        do throws(FrameError) {
            return receive(
                try FrameView(decoding: bytes), bytes: bytes, path: path, live, slices, beats, now: now, time: time)
        } catch {
            switch error.counter {
            case .malformed: counters.malformed += 1
            case .version: counters.version += 1
            }
            return .nothing
        }
    }

    /// Whether frames stand here that waited for a transmission which is settled now.
    var hasSettled: Bool { !settled.isEmpty }

    /// Receives the next of these.
    mutating func receiveSettled(
        _ live: borrowing LiveIntake, _ slices: borrowing SliceIntake, _ beats: borrowing BeatIntake,
        now: MonotonicInstant, time: UnixMilliseconds
    ) -> Arrival {
        let waited = settled[settledCount]
        settledCount += 1
        if settledCount == settled.count { (settled, settledCount) = ([], 0) }
        return Self.decoded(waited.bytes) { frame in
            receive(
                frame, bytes: waited.bytes.span.bytes, path: waited.path, live, slices, beats, now: now, time: time)
        }
    }

    /// Draws a waiting frame that may be verified now.
    /// - Returns: nil if there is none.
    mutating func receiveWaiting(
        _ live: borrowing LiveIntake, _ slices: borrowing SliceIntake, _ beats: borrowing BeatIntake,
        now: MonotonicInstant, time: UnixMilliseconds
    ) -> Arrival? {
        guard let slot = authenticator.drawWaiting(now: now) else { return nil }
        let (admission, waited) = authenticator.verifyWaiting(slot, now: now)
        return Self.decoded(waited.bytes) {
            settle(admission, $0, path: waited.path, live, slices, beats, now: now, time: time)
        }
    }

    /// What a verification costs was measured again.
    mutating func note(_ price: Price, now: MonotonicInstant) { authenticator.note(price, now: now) }

    /// Measures what each path has lost lately.
    mutating func advancePaths(now: MonotonicInstant) { paths.advance(now: now) }

    // MARK: Questions

    /// The keys that have spoken for the link, the one in use last.
    var chain: KeyChain { keys.chain }

    /// When a waiting frame may be drawn.
    var nextDeadline: MonotonicInstant? { authenticator.nextDeadline }

    /// Whether symbols of this block are being collected.
    func isCollecting(_ id: BlockID) -> Bool { assembler.isCollecting(id) }

    /// Frames of a version that this release cannot read.
    var version: UInt64 { counters.version }

    /// Frames that the sender did not sign, and those that no verification could be spent on.
    var unauthentic: UInt64 { counters.badSignature + counters.overBudget }

    /// Adds what it counted to what was counted of contents.
    func addCounts(to all: inout ReceiverCounters) {
        all.frames += counters.frames
        all.malformed += counters.malformed
        all.unknownLink += counters.unknownLink
        all.formerKey += counters.formerKey
        all.revokedKey += counters.revokedKey
        all.refusedRotations += counters.refusedRotations
        all.version += counters.version
        all.badSignature += counters.badSignature
        all.replayed += counters.replayed
        all.overBudget += counters.overBudget
        all.surplus += counters.surplus
        all.repeated += counters.repeated
        all.corruptBlocks += counters.corruptBlocks
        all.sealed += counters.sealed
        all.inconsistent += counters.inconsistent
        all.equivocations += counters.equivocations
        all.assembliesShed += assembler.shed
        all.restoredSymbols += assembler.restoredSymbols
    }

    /// What its tables hold, with what those behind it hold.
    func occupancy(reorderBlocks: Int, holes: Int) -> Occupancy {
        Occupancy(
            waitingFrames: authenticator.waitingCount, waitingFrameBytes: authenticator.waitingBytes,
            settledTransmissions: authenticator.settledCount, assemblies: assembler.count,
            assemblyBytes: assembler.byteCount, partContents: assembler.groupCount, reorderBlocks: reorderBlocks,
            holes: holes, verifications: authenticator.verifications)
    }

    // MARK: One frame

    /// A datagram by which a key hands over to the next (W-50).
    private mutating func receiveStatement(_ bytes: RawSpan, now: MonotonicInstant) -> Arrival {
        switch keys.receive(bytes, now: now) {
        case .followed(let rotation):
            do throws(CryptoError) {
                counters.formerKey += UInt64(try authenticator.replaceKey(by: keys.chain.inUse.key))
            } catch {
                preconditionFailure("a card was verified with this key")
            }
            precondition(settled.isEmpty, "what was settled is received before anything else")
            return .rotated(rotation)
        case .repeated: counters.repeated += 1
        case .malformed: counters.malformed += 1
        case .version: counters.version += 1
        case .unknown: counters.unknownLink += 1
        case .overBudget: counters.overBudget += 1
        case .forged: counters.badSignature += 1
        case .refused(let error):
            counters.refusedRotations += 1
            return .refusedRotation(error)
        }
        return .nothing
    }

    private mutating func receive(
        _ frame: borrowing FrameView, bytes: RawSpan, path: Int, _ live: borrowing LiveIntake,
        _ slices: borrowing SliceIntake, _ beats: borrowing BeatIntake, now: MonotonicInstant, time: UnixMilliseconds
    ) -> Arrival {
        let rank: WaitingFrames.Class
        switch authenticator.check(frame) {
        case .authentic(let slot, let leaf, let isNew):
            note(slot, path, isNew: isNew, now: now, time: time)
            if isNew { return assemble(frame, slot: slot, leaf: leaf, path: path, live, slices, beats) }
            counters.replayed += 1
            return .nothing
        case .done(let slot, let isNew):
            note(slot, path, isNew: isNew, now: now, time: time)
            if isNew, !beats.isOutdated(frame.header.id) { counters.surplus += 1 } else { counters.replayed += 1 }
            return .nothing
        case .forged:
            counters.badSignature += 1
            return .nothing
        case .contradiction: rank = .implausible
        case .unsettled:
            switch worth(of: frame.header, live, slices, beats, now: now, time: time) {
            case .rank(let found): rank = found
            case .repeated:
                counters.repeated += 1
                return .nothing
            case .replayed:
                counters.replayed += 1
                return .nothing
            }
        }
        return settle(
            authenticator.admit(frame, bytes: bytes, path: path, rank: rank, now: now), frame, path: path, live, slices,
            beats, now: now, time: time)
    }

    /// An authentic frame came by a path, whatever becomes of it.
    private mutating func note(
        _ slot: Int, _ path: Int, isNew: Bool, now: MonotonicInstant, time: UnixMilliseconds
    ) {
        let skew = paths.isSeveral ? authenticator.noteArrival(slot, by: path, now: now) : nil
        paths.note(path, isNew: isNew, skew: skew, now: now, time: time)
    }

    private mutating func settle(
        _ admission: FrameAuthenticator.Admission, _ frame: borrowing FrameView, path: Int,
        _ live: borrowing LiveIntake, _ slices: borrowing SliceIntake, _ beats: borrowing BeatIntake,
        now: MonotonicInstant, time: UnixMilliseconds
    ) -> Arrival {
        switch admission {
        case .forged: counters.badSignature += 1
        case .overBudget: counters.overBudget += 1
        case .waiting(let dropped): counters.overBudget += UInt64(dropped)
        case .equivocation: return equivocation(frame.header)
        case .authentic(let slot, let leaf):
            // Taken all at once: one that contradicts what was settled may have to wait again, and must not be met again here.
            let id = TransmissionID(block: frame.header.id, transmission: frame.header.transmission)
            settled += authenticator.takeWaiting(of: id)
            note(slot, path, isNew: true, now: now, time: time)
            return assemble(frame, slot: slot, leaf: leaf, path: path, live, slices, beats)
        }
        return .nothing
    }

    /// What verifying a frame of a transmission that is not settled is worth.
    private enum Worth {
        case rank(WaitingFrames.Class)
        /// Its block was accepted before: nothing, and it counts as this.
        case repeated, replayed
    }

    private func worth(
        of header: TransmissionHeader, _ live: borrowing LiveIntake, _ slices: borrowing SliceIntake,
        _ beats: borrowing BeatIntake, now: MonotonicInstant, time: UnixMilliseconds
    ) -> Worth {
        let id = header.id
        if isOpen(id, live, slices, beats) {
            if assembler.holdsPart(header) { return .repeated }
            return .rank(rank(of: id, live, slices, beats, time: time))
        }
        if id.channel == .live {
            // W-21: another content under an accepted number is worth a look, behind all others.
            if live.contradicts(header, from: sender) { return .rank(.implausible) }
            if header.transmission != .first { return .repeated }
        }
        return beats.looks(at: id, now: now) ? .rank(.implausible) : .replayed
    }

    private mutating func assemble(
        _ frame: borrowing FrameView, slot: Int, leaf: Digest16, path: Int, _ live: borrowing LiveIntake,
        _ slices: borrowing SliceIntake, _ beats: borrowing BeatIntake
    ) -> Arrival {
        let header = frame.header
        guard
            assembler.isCollecting(header.id) || isOpen(header.id, live, slices, beats)
                || beats.isOutdated(header.id)
        else {
            authenticator.finish(slot: slot)
            // A late repair symbol, or equivocation.
            if header.id.channel == .live, live.contradicts(header, from: sender) { return equivocation(header) }
            counters.surplus += 1
            return .nothing
        }
        switch assembler.insert(header: header, symbol: frame.symbolID, leaf: leaf, bytes: frame.symbol) {
        case .stored: return .symbol(header.id)
        case .notNeeded:
            counters.surplus += 1
            return .nothing
        case .part:
            authenticator.finish(slot: slot)
            return .symbol(header.id)
        case .unit(var unit):
            authenticator.finish(slot: slot)
            unit.sender = sender
            unit.isBySlowerPath = paths.isSeveral && path != paths.lead
            return .unit(unit, signed: authenticator.signed(unit, slot: slot))
        case .refused(let refusal):
            authenticator.finish(slot: slot)
            switch refusal {
            case .corrupt: counters.corruptBlocks += 1
            case .sealed:
                // What says nothing of what is current is told by its header alone, and counted as that.
                if !beats.isOutdated(header.id) { counters.sealed += 1 }
                return .sealed(header.id)
            case .inconsistent: counters.inconsistent += 1
            case .equivocation: return equivocation(header)
            }
            return .nothing
        }
    }

    private mutating func equivocation(_ header: TransmissionHeader) -> Arrival {
        counters.equivocations += 1
        return .equivocation(header)
    }

    /// - Parameter bytes: a frame that was decoded before it waited.
    private static func decoded(_ bytes: [UInt8], _ body: (borrowing FrameView) -> Arrival) -> Arrival {
        do throws(FrameError) {
            return body(try FrameView(decoding: bytes.span.bytes))
        } catch {
            preconditionFailure("a frame that waits was decoded before it was let in")
        }
    }

    // MARK: Whether a frame is of any use

    /// Whether frames of this block are still wanted (W-20, W-22).
    private func isOpen(
        _ id: BlockID, _ live: borrowing LiveIntake, _ slices: borrowing SliceIntake, _ beats: borrowing BeatIntake
    ) -> Bool {
        switch id.channel {
        case .live: live.isOpen(id, from: sender)
        case .snapshot: slices.isOpen(id, from: keys.chain.paired.lowestEpoch)
        case .beat: beats.isOpen(id)
        }
    }

    /// W-23: whether a healthy sender may use these numbers now, and whether it is about to.
    private func rank(
        of id: BlockID, _ live: borrowing LiveIntake, _ slices: borrowing SliceIntake, _ beats: borrowing BeatIntake,
        time: UnixMilliseconds
    ) -> WaitingFrames.Class {
        let newest = max(time.rawValue, live.tracker.newestEpoch(of: sender)?.rawValue ?? 0)
        guard id.epoch.rawValue <= newest.addingReportingOverflow(86_400_000).partialValue else { return .implausible }
        let frontier =
            switch id.channel {
            case .live: live.tracker.newestBlock(of: id.epoch)
            case .snapshot: slices.frontier.block(of: id.epoch)
            case .beat: beats.frontier.block(of: id.epoch)
            }
        let distance = max(id.block.rawValue, frontier) - min(id.block.rawValue, frontier)
        if distance <= WaitingFrames.dueBlocks, id.epoch == live.tracker.newestEpoch(of: sender) { return .due }
        return id.block.rawValue <= frontier || distance <= 1 << 32 ? .plausible : .implausible
    }
}
