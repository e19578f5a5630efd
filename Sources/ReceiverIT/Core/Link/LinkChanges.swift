package import Account
package import DiodeProtocol
package import Time

/// One epoch as it is stored: all of its track but holes, which are stored one by one, and waiting units, which an echo
/// brings again.
package struct TrackRow: Sendable, Equatable {
    package var epoch: Epoch
    /// The place of its sender's card.
    package var sender: Int
    package var incarnation: Incarnation?
    package var firstSequence: UInt64
    package var frontier: EpochTrack.Mark
    package var account: EpochAccount
    package var announced: EpochTrack.Mark?
    package var source = SourceClock()
    package var shedRuns: [EpochTrack.ShedMark]
    package var isFinal: Bool
    package var startedAt: UnixMilliseconds
    package var endedAt: UnixMilliseconds?
    package var wasUndurable: Bool
    /// The newest sequence that the sender's journal held for good, by its beats.
    package var journalled: UInt64

    package init(
        epoch: Epoch, sender: Int = 0, incarnation: Incarnation? = nil, firstSequence: UInt64,
        frontier: EpochTrack.Mark,
        account: EpochAccount, announced: EpochTrack.Mark? = nil, source: SourceClock = SourceClock(),
        shedRuns: [EpochTrack.ShedMark], isFinal: Bool, startedAt: UnixMilliseconds, endedAt: UnixMilliseconds? = nil,
        wasUndurable: Bool, journalled: UInt64 = 0
    ) {
        self.epoch = epoch
        self.sender = sender
        self.incarnation = incarnation
        self.firstSequence = firstSequence
        self.frontier = frontier
        self.account = account
        self.announced = announced
        self.source = source
        self.shedRuns = shedRuns
        self.isFinal = isFinal
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.wasUndurable = wasUndurable
        self.journalled = journalled
    }
}

/// What a tracker knows beside epochs, holes and gaps.
package struct TrackerRow: Sendable, Equatable {
    package var nextGap: UInt64 = 1
    package var beginsAt: Stamp?
    package var foldedAccount = EpochAccount()
    package var foldedEpochs: UInt64 = 0
    package var forgottenRecords: UInt64 = 0
}

/// One row for each link.
package struct LinkRow: Sendable, Equatable {
    package var tracker = TrackerRow()
    package var snapshot = ChannelFrontier()
    package var rounds = RoundWatch()
    package var digest = DigestWatch()
    package var itMatches: Bool?
    package var itRefused: UInt64?

    package init(
        tracker: TrackerRow = TrackerRow(), snapshot: ChannelFrontier = ChannelFrontier(),
        rounds: RoundWatch = RoundWatch(), digest: DigestWatch = DigestWatch(),
        itMatches: Bool? = nil, itRefused: UInt64? = nil
    ) {
        self.tracker = tracker
        self.snapshot = snapshot
        self.rounds = rounds
        self.digest = digest
        self.itMatches = itMatches
        self.itRefused = itRefused
    }
}

/// What is known of the sender of one card: one row for each card of a link (ADR 0033).
package struct SenderRow: Sendable, Equatable {
    /// Of its card in `links[].cards`, from 0 on.
    package var place: Int
    /// Of the key in use.
    package var fingerprint: String
    /// The newest accepted beat.
    package var frontier = ChannelFrontier()
    package var beat: Beat?
    package var heardUntil: UnixMilliseconds?
    package var heardFloor = false
    /// From this clock of the sender on a beat of an older epoch shows a second sender under the same key.
    package var rivalsSince: UnixMilliseconds?

    package init(place: Int, fingerprint: String) {
        self.place = place
        self.fingerprint = fingerprint
    }
}

/// Where a hole is stored.
package struct HoleKey: Sendable, Hashable {
    package var epoch: Epoch
    package var firstBlock: UInt64

    package init(epoch: Epoch, firstBlock: UInt64) {
        self.epoch = epoch
        self.firstBlock = firstBlock
    }
}

/// Where 64 sequences are stored, of which some came without their block.
package struct FilledKey: Sendable, Hashable {
    package var epoch: Epoch
    package var word: UInt64

    package init(epoch: Epoch, word: UInt64) {
        self.epoch = epoch
        self.word = word
    }
}

/// A topic of the replica as it is stored.
package struct TopicRow: Sendable, Equatable {
    /// Its place.
    package var id: Int
    /// UTF-8; empty: the topic is gone.
    package var name: [UInt8] = []
    package var retained = ReplicaSlot()
    package var event = ReplicaSlot()
    /// Hash of the retained payload.
    package var value: UInt64 = 0
    package var version = TopicVersion(rawValue: 0)

    package init(
        id: Int, name: [UInt8] = [], retained: ReplicaSlot = ReplicaSlot(), event: ReplicaSlot = ReplicaSlot(),
        value: UInt64 = 0, version: TopicVersion = TopicVersion(rawValue: 0)
    ) {
        self.id = id
        self.name = name
        self.retained = retained
        self.event = event
        self.value = value
        self.version = version
    }
}

/// What a tracker changed: what is there now, for everything that is not as it was.
package struct TrackerChanges: Sendable {
    package var tracks: [Epoch: TrackRow] = [:]
    /// Epochs that were folded into the sum, with all their holes.
    package var foldedEpochs: Set<Epoch> = []
    /// nil: filled.
    package var holes: [HoleKey: Hole?] = [:]
    /// Sequences that came without their block, as words of 64; 0: none of them any more.
    package var filled: [FilledKey: UInt64] = [:]
    /// Open, lost, and those that just healed, which stay as history.
    package var gaps: [UInt64: Gap] = [:]

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
package struct LinkChanges: Sendable {
    /// All stamps, if these changes are the whole state: what is stored of the link goes.
    package var whole: Replica?
    package var link: LinkRow?
    /// Those that have changed.
    package var senders: [SenderRow] = []
    package var tracker = TrackerChanges()
    /// Which topics' records are missing; nil: none of that jump is any more.
    package var jumps: [VersionJump.Key: VersionJump?] = [:]
    /// In the order in which they were accepted.
    package var contents: [AcceptedContents.Entry] = []
    /// Topics that the rolling checkpoint of the replica has come to.
    package var topics: [TopicRow] = []
    package var checkpoint = Checkpoint()
    /// The newest beats, on their way to ``Anchors``; what they changed is in here or was stored before.
    package var anchors: [Anchors.Candidate] = []
    /// The keys that have spoken for a sender, by the place of its card, where another one is in use than before.
    package var keys: [Int: KeyChain] = [:]

    package init(
        whole: Replica? = nil, link: LinkRow? = nil, tracker: TrackerChanges = TrackerChanges(),
        jumps: [VersionJump.Key: VersionJump?] = [:], contents: [AcceptedContents.Entry] = [], topics: [TopicRow] = [],
        checkpoint: Checkpoint = Checkpoint(), anchors: [Anchors.Candidate] = []
    ) {
        self.whole = whole
        self.link = link
        self.tracker = tracker
        self.jumps = jumps
        self.contents = contents
        self.topics = topics
        self.checkpoint = checkpoint
        self.anchors = anchors
    }

    /// The rolling checkpoint of the replica's stamps.
    ///
    /// ```text
    ///  rounds      ──┬── deliveries … ──┬── deliveries … ──┬──▶
    ///  checkpoint    └ begins           └ some topics      └ ends: every topic that had changed by then is written
    /// ```
    /// Once it has ended, the units up to the round in which it began are no longer needed to work the stamps out again.
    /// If both happen in one round, that checkpoint fitted into one.
    package struct Checkpoint: Sendable, Equatable {
        /// Behind the deliveries of this round.
        package var begins = false
        package var ends = false
    }

    package var isEmpty: Bool {
        whole == nil && link == nil && tracker.isEmpty && jumps.isEmpty && contents.isEmpty && topics.isEmpty
            && checkpoint == Checkpoint() && keys.isEmpty && senders.isEmpty
    }

    /// Adds a later round's. What a checkpoint's beginning and end mean depends on what was delivered when, so it is read
    /// off each round before they are merged.
    package mutating func merge(_ newer: LinkChanges) {
        guard newer.whole == nil else {
            self = newer
            return
        }
        link = newer.link ?? link
        keys.merge(newer.keys) { $1 }
        for row in newer.senders {
            senders.removeAll { $0.place == row.place }
            senders.append(row)
        }
        tracker.merge(newer.tracker)
        jumps.merge(newer.jumps) { $1 }
        contents += newer.contents
        topics += newer.topics
    }
}

/// What was stored of a link, to go on from.
package struct StoredLink: Sendable {
    package var link = LinkRow()
    package var tracks: [TrackRow] = []
    package var holes: [HoleKey: Hole] = [:]
    package var filled: [FilledKey: UInt64] = [:]
    /// Open and lost ones.
    package var gaps: [Gap] = []
    package var jumps: [VersionJump] = []
    package var contents: [AcceptedContents.Entry] = []
    package var replica: Replica
    /// What was last heard of each sender.
    package var senders: [SenderRow] = []
    /// How the newest beat came.
    package var form: WireForm?
    package var clockOffsetMilliseconds: ClosedRange<Int64>?

    package init(
        link: LinkRow = LinkRow(), tracks: [TrackRow] = [], holes: [HoleKey: Hole] = [:],
        filled: [FilledKey: UInt64] = [:], gaps: [Gap] = [], jumps: [VersionJump] = [],
        contents: [AcceptedContents.Entry] = [], replica: Replica, senders: [SenderRow] = [],
        clockOffsetMilliseconds: ClosedRange<Int64>? = nil
    ) {
        self.link = link
        self.tracks = tracks
        self.holes = holes
        self.filled = filled
        self.gaps = gaps
        self.jumps = jumps
        self.contents = contents
        self.replica = replica
        self.senders = senders
        self.clockOffsetMilliseconds = clockOffsetMilliseconds
    }

    /// What is known of the sender of a card; nil: nothing.
    func sender(_ place: Int) -> SenderRow? { senders.first { $0.place == place } }
}
