internal import Account
internal import DiodeProtocol
internal import Time

/// The epochs of a link, oldest first: a track for each epoch that is followed, and one sum for those before them.
///
/// ```text
///  folded: account, count │ track │ track │ track of the newest epoch
/// ```
///
/// Bounded by `GapTracker.Limits.epochs`. It answers what concerns all epochs together, and knows which tracks are not stored as they are.
struct EpochTracks: Sendable {
    private var tracks: [EpochTrack] = []
    /// Of the epochs that no longer have a track: the sum of their accounts, and how many they are.
    private(set) var foldedAccount = EpochAccount()
    private(set) var foldedCount: UInt64 = 0
    /// Those that were folded since `takeChanges`.
    private var newlyFolded: Set<Epoch> = []
    /// The tracks as `takeChanges` last moved them out.
    private var stored: [Epoch: TrackRow] = [:]

    init() {}

    /// Goes on from what was stored.
    init(restoring link: StoredLink, now: MonotonicInstant) {
        foldedAccount = link.link.tracker.foldedAccount
        foldedCount = link.link.tracker.foldedEpochs
        var holes: [Epoch: [Hole]] = [:]
        for (key, hole) in link.holes { holes[key.epoch, default: []].append(hole) }
        var filled: [Epoch: [UInt64: UInt64]] = [:]
        for (key, bits) in link.filled { filled[key.epoch, default: [:]][key.word] = bits }
        tracks = link.tracks.sorted { $0.epoch < $1.epoch }.map {
            EpochTrack(restoring: $0, holes: holes[$0.epoch] ?? [], filled: filled[$0.epoch] ?? [:], now: now)
        }
        for track in tracks { stored[track.epoch] = track.row }
    }

    // MARK: One track

    var count: Int { tracks.count }
    var indices: Range<Int> { tracks.indices }
    subscript(index: Int) -> EpochTrack {
        _read { yield tracks[index] }
        _modify { yield &tracks[index] }
    }

    var oldest: Epoch? { tracks.first?.epoch }
    /// The newest epoch that is known to live, of any sender.
    var newest: Epoch? { tracks.last?.epoch }
    /// The same of the sender of one card.
    func newest(of sender: Int) -> Epoch? { tracks.last { $0.sender == sender }?.epoch }
    /// The place of the sender whose epoch it is; nil: it is not followed.
    func sender(of epoch: Epoch) -> Int? { index(of: epoch).map { tracks[$0].sender } }
    /// Where the oldest track of a sender stands.
    func first(of sender: Int) -> Int? { tracks.firstIndex { $0.sender == sender } }

    func index(of epoch: Epoch) -> Int? {
        // Nearly always the newest.
        if let last = tracks.last, last.epoch == epoch { return tracks.count - 1 }
        return tracks.firstIndex { $0.epoch == epoch }
    }

    /// Of the epochs that a beat lists, those whose ends it can be believed about.
    ///
    /// ```text
    ///  known here      5   7   8
    ///  beat of 12      5   7      12       made by a copy from before 8: 7 may have lived on behind it
    /// ```
    /// A beat that does not know an epoch which was heard of speaks from an older copy of the sender's database, and so does one whose
    /// journal once held more of an epoch. What an epoch that was heard of in between has told stays true.
    func believed(_ beat: Beat, of newest: Epoch, from sender: Int) -> [Beat.EpochSummary] {
        let listed = Set(beat.epochs.map(\.epoch))
        let unknown = tracks.first { track in
            track.sender == sender && track.epoch < newest && !listed.contains(track.epoch)
                && beat.epochs.contains { $0.epoch < track.epoch }
        }
        let copied = unknown.flatMap { unknown in beat.epochs.last { $0.epoch < unknown.epoch }?.epoch }
        return beat.epochs.filter { summary in
            guard summary.epoch < newest, let index = index(of: summary.epoch) else { return true }
            if summary.epoch == copied, tracks[index].endedAt == nil { return false }
            return !tracks[index].agrees(with: summary.incarnation)
                || !tracks[index].hasForgotten(behind: summary.lastCommitted)
        }
    }

    /// The newest word of a sender's epochs before one that are followed, or when the first of them was heard; nil: there is none.
    func lastWord(before epoch: Epoch, from sender: Int) -> UnixMilliseconds? {
        let before = tracks.lazy.filter { $0.sender == sender && $0.epoch < epoch }
        return before.compactMap(\.lastWord).max() ?? before.map(\.startedAt).min()
    }

    /// Begins the track of an epoch that has none.
    /// - Returns: its index.
    mutating func insert(_ track: EpochTrack) -> Int {
        let index = tracks.firstIndex { $0.epoch > track.epoch } ?? tracks.count
        tracks.insert(track, at: index)
        return index
    }

    /// The oldest epoch loses its track, and its account becomes part of the sum.
    /// - Returns: the track as it was.
    mutating func foldOldest() -> EpochTrack {
        let oldest = tracks.removeFirst()
        foldedAccount = foldedAccount + oldest.account
        foldedCount += 1
        newlyFolded.insert(oldest.epoch)
        return oldest
    }

    // MARK: All tracks

    /// The double entry of all epochs together.
    var account: EpochAccount { tracks.reduce(foldedAccount) { $0 + $1.account } }

    /// Records that are announced or here, and not decided yet.
    var pending: UInt64 { tracks.reduce(into: 0) { $0.add(records: $1.pending) } }

    /// Units that wait for those before them, and holes.
    var waitingCount: Int { tracks.reduce(0) { $0 + $1.waitingCount } }
    var holeCount: Int { tracks.reduce(0) { $0 + $1.holeCount } }
    var filledWords: Int { tracks.reduce(0) { $0 + $1.filledWords } }
    /// The oldest track with a record that came without its block.
    var firstWithFilled: Int? { tracks.firstIndex { $0.filledWords > 0 } }

    var reports: [EpochReport] { tracks.map(EpochReport.init) }

    /// Since when the first hole is known that is not open yet.
    var nextHoleSince: MonotonicInstant? {
        var earliest: MonotonicInstant?
        for track in tracks {
            guard let since = track.nextHoleSince else { continue }
            earliest = earliest.map { min($0, since) } ?? since
        }
        return earliest
    }

    /// Whether the sender of a track has begun a newer epoch.
    func isSucceeded(_ index: Int) -> Bool { tracks[(index + 1)...].contains { $0.sender == tracks[index].sender } }

    /// Whether a newer epoch than that of a track, of any sender, has decided something already.
    func isOutlived(_ index: Int) -> Bool { tracks[(index + 1)...].contains { $0.frontier.block > 0 } }

    /// Nothing behind the frontier of a track was made before this, by the sender's clock: the track itself knows, or one of that sender
    /// before it.
    func sourceBehindFrontier(of index: Int) -> UnixMilliseconds? {
        let sender = tracks[index].sender
        return tracks[...index].reversed().lazy.filter { $0.sender == sender }.compactMap(\.sourceBehindFrontier).first
    }

    // MARK: Questions about a stamp

    /// The newest record that is decided, of the newest epoch.
    var frontier: Stamp? {
        tracks.last.map { Stamp(epoch: $0.epoch, sequence: SequenceNumber(rawValue: $0.frontier.sequence)) }
    }

    /// Whether everything up to this stamp is decided, in its epoch and in all before it. The answer counts only once a beat of the stamp's
    /// epoch has come, because that beat lists the epochs before.
    func hasDecided(upTo stamp: Stamp) -> Bool {
        for track in tracks where track.epoch < stamp.epoch && !track.isDecided { return false }
        guard stamp.sequence.rawValue > 0 else { return true }
        guard let index = index(of: stamp.epoch) else { return isFolded(stamp.epoch) }
        return tracks[index].frontier.sequence >= stamp.sequence.rawValue
    }

    /// Whether live never comes as far as this stamp: its epoch is over and ended before it, or no epoch is known by that name.
    func neverDecides(upTo stamp: Stamp) -> Bool {
        guard let newest, stamp.epoch < newest, stamp.sequence.rawValue > 0 else { return false }
        guard let index = index(of: stamp.epoch) else { return !isFolded(stamp.epoch) }
        return tracks[index].ends(before: stamp.sequence.rawValue)
    }

    /// Whether the record of a stamp lies in a gap and has not come.
    func isMissing(_ stamp: Stamp) -> Bool {
        index(of: stamp.epoch).map { tracks[$0].isMissing(stamp.sequence.rawValue) } ?? false
    }

    /// Goes over the holes between two stamps, with the gap of each; 0 for one without a gap.
    /// - Parameter body: returns false when it needs no more.
    func forEachGap(after: Stamp, before: Stamp, _ body: (UInt64) -> Bool) {
        for track in tracks where after.epoch <= track.epoch && track.epoch <= before.epoch {
            let from = track.epoch == after.epoch ? after.sequence.rawValue : 0
            let end = track.epoch == before.epoch ? before.sequence.rawValue : .max
            track.forEachGap(after: from, before: end, body)
        }
    }

    private func isFolded(_ epoch: Epoch) -> Bool { oldest.map { epoch < $0 } ?? false }

    // MARK: Storage

    /// Moves what changed since the last call into `changes`.
    mutating func takeChanges(into changes: inout TrackerChanges) {
        for index in tracks.indices {
            let row = tracks[index].row
            if stored[row.epoch] != row {
                stored[row.epoch] = row
                changes.tracks[row.epoch] = row
            }
            tracks[index].takeHoleChanges(into: &changes)
        }
        for epoch in newlyFolded { stored[epoch] = nil }
        changes.foldedEpochs = newlyFolded
        newlyFolded = []
    }

    /// Adds everything to the changes of an empty database.
    func addAll(to changes: inout TrackerChanges) {
        for track in tracks {
            changes.tracks[track.epoch] = track.row
            track.addHoles(to: &changes)
        }
    }
}
