internal import Account
internal import Crypto
internal import DiodeProtocol
internal import Time

/// Gathers what a link must not forget: which blocks it accepted, what is missing, which values are newest.
///
/// `takeChanges` moves out what changed since it was last called, so that a round costs as much as it changed. `takeAll` moves out
/// everything, for a database that is empty or missed some. What changed is known to the stages themselves; this type knows when the
/// replica's stamps are due, how the link's row was last stored, and which beat the ledger has not seen.
struct ChangeGatherer: Sendable {
    /// The newest beat of each sender that this process heard, and those that `takeChanges` has not handed over.
    private var anchors: [Int: Anchors.Candidate] = [:]
    private var newAnchors: Set<Int> = []
    /// The keys of senders of which another one is in use since `takeChanges` was last called.
    private var keys: [Int: KeyChain] = [:]
    /// The link's row as it was last stored.
    private var storedRow: LinkRow
    private var nextCheckpoint: MonotonicInstant
    private var mayCheckpoint = false

    /// How often the stamps of changed topics are written.
    private static let checkpointPeriod = Duration.seconds(5)
    /// Topics that one round writes.
    private static let checkpointStep = 2_048

    /// - Parameter stored: what an earlier process left, to go on from.
    init(restoring stored: StoredLink?, now: MonotonicInstant) {
        nextCheckpoint = now.advanced(by: Self.checkpointPeriod)
        storedRow = stored?.link ?? LinkRow()
    }

    /// A beat came that the ledger may keep.
    mutating func note(_ beat: Anchors.Candidate) {
        if newAnchors.insert(beat.sender).inserted {
            anchors[beat.sender] = beat
        } else {
            anchors[beat.sender]?.merge(beat)
        }
    }

    /// Another key of a sender is in use.
    mutating func note(_ keys: KeyChain, of sender: Int) { self.keys[sender] = keys }

    /// Lets the next checkpoint begin when it is due.
    mutating func advance(now: MonotonicInstant) {
        guard nextCheckpoint <= now else { return }
        nextCheckpoint = now.advanced(by: Self.checkpointPeriod)
        mayCheckpoint = true
    }

    /// Moves out what changed since the last call.
    /// - Parameters:
    ///   - row: the link's row as it is now.
    ///   - senders: the rows of those senders of which something is new.
    mutating func takeChanges(
        of live: inout LiveIntake, _ replica: inout Replica, row: LinkRow, senders: [SenderRow],
        with hasher: inout SymbolHasher
    ) -> LinkChanges {
        var changes = LinkChanges()
        live.takeChanges(into: &changes)
        if !newAnchors.isEmpty { changes.anchors = newAnchors.sorted().compactMap { anchors[$0] } }
        newAnchors = []
        changes.keys = keys
        keys = [:]
        changes.senders = senders
        (changes.checkpoint, changes.topics) = replica.stepCheckpoint(
            mayBegin: mayCheckpoint, limit: Self.checkpointStep, with: &hasher)
        if changes.checkpoint.begins { mayCheckpoint = false }
        if row != storedRow {
            storedRow = row
            changes.link = row
        }
        return changes
    }

    /// Moves out everything, as changes to an empty database.
    /// - Parameter senders: the rows of all senders.
    mutating func takeAll(
        of live: inout LiveIntake, _ replica: inout Replica, row: LinkRow, senders: [SenderRow], keys: [Int: KeyChain],
        with hasher: inout SymbolHasher
    ) -> LinkChanges {
        _ = takeChanges(of: &live, &replica, row: row, senders: senders, with: &hasher)
        replica.prepareWhole(with: &hasher)
        var changes = LinkChanges(whole: replica, link: row, checkpoint: .init(begins: true, ends: true))
        // They may tell of what no transaction has held.
        for place in anchors.keys.sorted() {
            anchors[place]?.urgency = .now
            if let anchor = anchors[place] { changes.anchors.append(anchor) }
        }
        changes.senders = senders
        changes.keys = keys
        live.addAll(to: &changes)
        return changes
    }
}
