internal import Crypto
internal import DiodeProtocol
internal import Time

/// Says of each frame whether the paired sender signed it, before anything else looks at its symbol (W-15).
///
/// ```text
///            settled transmission ── header, root and signature agree ──▶ authentic (a few hashes)
///           /                     └─ they differ ──▶ forged, without a verification (W-16)
///  frame ──▶
///           \                     ┌─ budget ──▶ verify ──▶ settled, authentic │ forged
///            unsettled ───────────┴─ no budget now ──▶ waits for a draw (W-17)
/// ```
///
/// One thread owns it. Memory: the settled table, 8 MiB of waiting frames, 128 KiB of budget cells.
struct FrameAuthenticator: ~Copyable {
    enum Verdict {
        /// The transmission in `slot` holds this symbol; `isNew` is false if the same frame came before.
        case authentic(slot: Int, leaf: Digest16, isNew: Bool)
        /// Nothing more of its block is needed; the frame was not hashed.
        case done(slot: Int, isNew: Bool)
        case forged
        /// It claims another content for a block that is done: worth a verification, behind all others (W-21).
        case contradiction
        /// Nothing is known about its transmission.
        case unsettled
    }

    enum Admission {
        case authentic(slot: Int, leaf: Digest16)
        case forged
        /// The sender's key did sign another content under these numbers.
        case equivocation
        /// It waits; `dropped` frames had to leave for it (or it did not stay).
        case waiting(dropped: Int)
        case overBudget
    }

    private var verifier: Ed25519Verifier
    private var hasher = SymbolHasher()
    private var settled: SettledTransmissions
    private var budget: VerificationBudget
    private var waiting: WaitingFrames
    /// Verifications made, for status and tests.
    private(set) var verifications: UInt64 = 0

    init(
        key: Ed25519PublicKey, verificationsPerSecond: Int, price: Price? = nil, settledTransmissions: Int,
        waitingBytes: Int,
        random: inout some RandomNumberGenerator, now: MonotonicInstant
    ) throws(CryptoError) {
        settled = SettledTransmissions(capacity: settledTransmissions)
        budget = VerificationBudget(
            perSecond: verificationsPerSecond, price: price, seed: random.next(), now: now)
        waiting = WaitingFrames(limitBytes: waitingBytes, seed: random.next())
        verifier = try Ed25519Verifier(key)
    }

    /// From here on another key signs: what the former one had signed, and what waits for it, is of no use.
    /// - Returns: how many frames waited.
    mutating func replaceKey(by key: Ed25519PublicKey) throws(CryptoError) -> Int {
        verifier = try Ed25519Verifier(key)
        settled = settled.emptied()
        defer { waiting.removeAll() }
        return waiting.count
    }

    /// What a verification costs was measured again.
    mutating func note(_ price: Price, now: MonotonicInstant) {
        budget.refill(now: now)
        budget.note(price)
    }

    /// Compares a frame with what is settled.
    mutating func check(_ frame: borrowing FrameView) -> Verdict {
        let id = TransmissionID(block: frame.header.id, transmission: frame.header.transmission)
        guard let slot = settled.slot(of: id) else { return .unsettled }
        guard settled[slot].matches(frame) else {
            let isOther = settled[slot].header.contentHash != frame.header.contentHash
            return isOther && settled[slot].isDone && !settled[slot].isContradicted ? .contradiction : .forged
        }
        if settled[slot].isDone { return .done(slot: slot, isNew: settled[slot].note(leaf: frame.leafIndex)) }
        let leaf = hasher.leaf(frame.header.binding, frame.symbolID, frame.symbol)
        guard
            hasher.root(frame.header.binding, from: leaf, index: frame.leafIndex, path: frame.path)
                == settled[slot].root
        else {
            return .forged
        }
        return .authentic(slot: slot, leaf: leaf, isNew: settled[slot].note(leaf: frame.leafIndex))
    }

    /// Verifies an unsettled frame, now if the budget allows, or lets it wait.
    mutating func admit(
        _ frame: borrowing FrameView, bytes: RawSpan, path: Int, rank: WaitingFrames.Class, now: MonotonicInstant
    ) -> Admission {
        budget.refill(now: now)
        switch budget.grant(frame.header.id, now: now) {
        case .never: return .overBudget
        case .now:
            // A frame takes no token from those that go first; an implausible one from nobody who waits.
            if rank == .implausible ? waiting.isEmpty : waiting.isFirst(rank) { return verify(frame, now: now) }
        case .later: break
        }
        let id = TransmissionID(block: frame.header.id, transmission: frame.header.transmission)
        return .waiting(dropped: waiting.insert(bytes, id: id, path: path, rank: rank))
    }

    /// A waiting frame that may be verified now, drawn at random; those that are due first, implausible ones last.
    mutating func drawWaiting(now: MonotonicInstant) -> Int? {
        budget.refill(now: now)
        guard budget.hasToken else { return nil }
        for rank in WaitingFrames.Class.allCases {
            // A few draws find one that may be tried now, unless nearly all of them pause.
            for _ in 0..<16 {
                guard let slot = waiting.pick(rank) else { break }
                if budget.grant(waiting.id(of: slot).block, now: now) != .later { return slot }
            }
        }
        return nil
    }

    /// Verifies a waiting frame that was drawn and removes it.
    mutating func verifyWaiting(_ slot: Int, now: MonotonicInstant) -> (Admission, frame: WaitingFrames.Frame) {
        let isExhausted = budget.grant(waiting.id(of: slot).block, now: now) == .never
        let frame = waiting.take(slot)
        if isExhausted { return (.overBudget, frame) }
        do throws(FrameError) {
            return (verify(try FrameView(decoding: frame.bytes.span.bytes), now: now), frame)
        } catch {
            preconditionFailure("a frame that waits was decoded before it was let in")
        }
    }

    /// Moves out the waiting frames of a transmission.
    mutating func takeWaiting(of id: TransmissionID) -> [WaitingFrames.Frame] {
        var frames: [WaitingFrames.Frame] = []
        while let slot = waiting.first(of: id) { frames.append(waiting.take(slot)) }
        return frames
    }

    /// Nothing more of the block is needed: later frames of this transmission are not even hashed.
    mutating func finish(slot: Int) { settled[slot].finish() }

    /// A frame of a settled transmission came by a path.
    /// - Returns: how long after its first frame, where it is the first by this path and not by all of them.
    mutating func noteArrival(_ slot: Int, by path: Int, now: MonotonicInstant) -> Duration? {
        settled[slot].noteArrival(by: path, now: now)
    }

    /// A beat whose symbols came by this transmission, as the sender signed it; nil if it has several parts.
    func signed(_ beat: DecodedUnit, slot: Int) -> SignedBeat? { settled[slot].signed(beat) }

    /// What the tables hold.
    var waitingCount: Int { waiting.count }
    var waitingBytes: Int { waiting.byteCount }
    var settledCount: Int { settled.count }

    /// When a waiting frame may be drawn.
    var nextDeadline: MonotonicInstant? {
        waiting.isEmpty ? nil : budget.nextToken.advanced(by: .milliseconds(1))
    }

    private mutating func verify(_ frame: borrowing FrameView, now: MonotonicInstant) -> Admission {
        budget.spend()
        verifications += 1
        let leaf = hasher.leaf(frame.header.binding, frame.symbolID, frame.symbol)
        let root = hasher.root(frame.header.binding, from: leaf, index: frame.leafIndex, path: frame.path)
        let message = SignedMessage(headerBytes: frame.headerBytes, root: root)
        guard verifier.isValid(frame.signature, for: message.bytes) else {
            budget.noteFailure(frame.header.id, now: now)
            return .forged
        }
        let id = TransmissionID(block: frame.header.id, transmission: frame.header.transmission)
        if let slot = settled.slot(of: id) {
            settled[slot].contradict()
            return .equivocation
        }
        var transmission = SettledTransmission(header: frame.header, root: root, signature: frame.signature, now: now)
        _ = transmission.note(leaf: frame.leafIndex)
        return .authentic(slot: settled.insert(transmission), leaf: leaf)
    }
}
