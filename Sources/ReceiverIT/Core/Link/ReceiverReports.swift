public import Account
public import DiodeProtocol
public import Time

/// One epoch as the receiver sees it.
public struct EpochReport: Sendable, Equatable {
    public let epoch: Epoch
    /// The first sequence that this receiver accounts for, and the newest decided one (first − 1 if there is none).
    public let firstSequence, lastSequence: SequenceNumber
    public let account: EpochAccount
    /// When its first sign came, and when a newer epoch said that it was over.
    public let startedAt: UnixMilliseconds
    public let endedAt: UnixMilliseconds?

    init(_ track: EpochTrack) {
        epoch = track.epoch
        firstSequence = SequenceNumber(rawValue: track.firstSequence)
        lastSequence = SequenceNumber(rawValue: track.frontier.sequence)
        account = track.account
        startedAt = track.startedAt
        endedAt = track.endedAt
    }
}

extension EpochReport {
    package init(_ row: TrackRow) {
        epoch = row.epoch
        firstSequence = SequenceNumber(rawValue: row.firstSequence)
        lastSequence = SequenceNumber(rawValue: row.frontier.sequence)
        account = row.account
        startedAt = row.startedAt
        endedAt = row.endedAt
    }
}

/// How the replica compares with the sender's state and with the IT broker.
public struct ReplicaReport: Sendable, Equatable {
    /// Topics that are tracked.
    public internal(set) var topics: UInt64 = 0
    /// Whether it equals the sender's state; nil while that cannot be said.
    public internal(set) var digestMatches: Bool?
    /// Whether the IT broker retains what it holds, as it was last read back; nil while nobody knows.
    public internal(set) var itMatches: Bool?
    /// Values that the IT broker does not retain because it has refused them; nil while nobody knows.
    public internal(set) var itRefused: UInt64?
    /// The newest record that this covers, and when it was found.
    public internal(set) var asOf: Stamp?
    public internal(set) var asOfTime: UnixMilliseconds?
    /// A complete snapshot round was applied since the last gap closed, and none is open.
    public internal(set) var isSettled = false

    public init() {}

    public var agreement: Agreement {
        Agreement(digestMatches: digestMatches, itMatches: itMatches, itRefused: itRefused)
    }

    package init(_ row: LinkRow, topics: UInt64) {
        self.topics = topics
        digestMatches = row.digest.matches
        itMatches = row.itMatches
        itRefused = row.itRefused
        asOf = row.digest.comparedAt
        asOfTime = row.digest.comparedTime
        isSettled = row.rounds.isSettled
    }
}

/// What the bounded tables of a receiver hold.
public struct Occupancy: Sendable, Equatable {
    /// Frames that wait for a verification.
    public let waitingFrames, waitingFrameBytes: Int
    public let settledTransmissions: Int
    /// Partly received blocks, and the contents of which some parts are in.
    public let assemblies, assemblyBytes, partContents: Int
    /// Decoded blocks that wait for those before them.
    public let reorderBlocks: Int
    /// Runs of missing blocks.
    public let holes: Int
    /// Signatures verified so far.
    public let verifications: UInt64
}
