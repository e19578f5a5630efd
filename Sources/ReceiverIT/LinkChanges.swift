import DiodeProtocol
import Time

/// One epoch as it is stored: all of its track but holes, which are stored one by one, and waiting units, which an echo
/// brings again.
struct TrackRow: Sendable, Equatable {
    var epoch: Epoch
    var incarnation: Incarnation?
    var firstSequence: UInt64
    var frontier: EpochTrack.Mark
    var account: EpochAccount
    var announced: EpochTrack.Mark?
    var source = SourceClock()
    var shedRuns: [EpochTrack.ShedMark]
    var isFinal: Bool
    var startedAt: UnixMilliseconds
    var endedAt: UnixMilliseconds?
    var wasUndurable: Bool
}

/// What a tracker knows beside epochs, holes and gaps.
struct TrackerRow: Sendable, Equatable {
    var nextGap: UInt64 = 1
    var heardFloor = false
    var beginsAt: Stamp?
    var foldedAccount = EpochAccount()
    var foldedEpochs: UInt64 = 0
    var forgottenRecords: UInt64 = 0
}

/// One row for each link.
struct LinkRow: Sendable, Equatable {
    var tracker = TrackerRow()
    var snapshot = ChannelFrontier()
    var beat = ChannelFrontier()
    var rounds = RoundWatch()
    var digest = DigestWatch()
    var itMatches: Bool?
}

/// Where a hole is stored.
struct HoleKey: Sendable, Hashable {
    var epoch: Epoch
    var firstBlock: UInt64
}

/// Where 64 sequences are stored, of which some came without their block.
struct FilledKey: Sendable, Hashable {
    var epoch: Epoch
    var word: UInt64
}

/// A topic of the replica as it is stored.
struct TopicRow: Sendable, Equatable {
    /// Its place.
    var id: Int
    /// UTF-8; empty: the topic is gone.
    var name: [UInt8] = []
    var retained = ReplicaSlot()
    var event = ReplicaSlot()
    /// Hash of the retained payload.
    var value: UInt64 = 0
    var version = TopicVersion(rawValue: 0)
}

/// What a tracker changed: what is there now, for everything that is not as it was.
struct TrackerChanges: Sendable {
    var tracks: [Epoch: TrackRow] = [:]
    /// Epochs that were folded into the sum, with all their holes.
    var foldedEpochs: Set<Epoch> = []
    /// nil: filled.
    var holes: [HoleKey: Hole?] = [:]
    /// Sequences that came without their block, as words of 64; 0: none of them any more.
    var filled: [FilledKey: UInt64] = [:]
    /// Open, lost, and those that just healed, which stay as history.
    var gaps: [UInt64: Gap] = [:]

    var isEmpty: Bool {
        tracks.isEmpty && foldedEpochs.isEmpty && holes.isEmpty && filled.isEmpty && gaps.isEmpty
    }

    mutating func merge(_ newer: TrackerChanges) {
        tracks.merge(newer.tracks) { $1 }
        holes.merge(newer.holes) { $1 }
        filled.merge(newer.filled) { $1 }
        gaps.merge(newer.gaps) { $1 }
        for epoch in newer.foldedEpochs {
            foldedEpochs.insert(epoch)
            tracks[epoch] = nil
        }
    }
}

/// What one or more rounds changed in what a link remembers, to be stored in one transaction with what was delivered.
///
/// Merging is cheap and loses nothing: the newest row of each kind stands for all before it.
struct LinkChanges: Sendable {
    /// All stamps, if these changes are the whole state: what is stored of the link goes.
    var whole: Replica?
    var link: LinkRow?
    var tracker = TrackerChanges()
    /// Topics by gap: all that each names now.
    var gapTopics: [UInt64: [[UInt8]: UInt64]] = [:]
    /// In the order in which they were accepted.
    var contents: [AcceptedContents.Entry] = []
    /// Topics that the rolling checkpoint of the replica has come to.
    var topics: [TopicRow] = []
    var checkpoint = Checkpoint()
    /// The newest beat, on its way to ``Anchors``; what it changed is in here or was stored before.
    var anchor: Anchors.Candidate?

    /// The rolling checkpoint of the replica's stamps.
    ///
    /// ```text
    ///  rounds      ──┬── deliveries … ──┬── deliveries … ──┬──▶
    ///  checkpoint    └ begins           └ some topics      └ ends: every topic that had changed by then is written
    /// ```
    /// Once it has ended, the units up to the round in which it began are no longer needed to work the stamps out again.
    /// If both happen in one round, that checkpoint fitted into one.
    struct Checkpoint: Sendable, Equatable {
        /// Behind the deliveries of this round.
        var begins = false
        var ends = false
    }

    var isEmpty: Bool {
        whole == nil && link == nil && tracker.isEmpty && gapTopics.isEmpty && contents.isEmpty && topics.isEmpty
            && checkpoint == Checkpoint()
    }

    /// Adds a later round's. What a checkpoint's beginning and end mean depends on what was delivered when, so it is read
    /// off each round before they are merged.
    mutating func merge(_ newer: LinkChanges) {
        guard newer.whole == nil else {
            self = newer
            return
        }
        link = newer.link ?? link
        tracker.merge(newer.tracker)
        gapTopics.merge(newer.gapTopics) { $1 }
        contents += newer.contents
        topics += newer.topics
    }
}

/// What was stored of a link, to go on from.
struct StoredLink: Sendable {
    var link = LinkRow()
    var tracks: [TrackRow] = []
    var holes: [HoleKey: Hole] = [:]
    var filled: [FilledKey: UInt64] = [:]
    /// Open and lost ones.
    var gaps: [Gap] = []
    var gapTopics: [UInt64: [[UInt8]: UInt64]] = [:]
    var contents: [AcceptedContents.Entry] = []
    var replica: Replica
    /// What was last heard of the sender.
    var beat: Beat?
    var heardUntil: UnixMilliseconds?
    var clockOffsetMilliseconds: ClosedRange<Int64>?
}
