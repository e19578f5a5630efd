public import Account
public import DiodeProtocol
public import Time

/// One epoch as the receiver sees it.
public struct EpochReport: Sendable, Equatable {
    public let epoch: Epoch
    /// The place of its sender's card.
    public let sender: Int
    /// The first sequence that this receiver accounts for, and the newest decided one (first − 1 if there is none).
    public let firstSequence, lastSequence: SequenceNumber
    public let account: EpochAccount
    /// When its first sign came, and when a newer epoch said that it was over.
    public let startedAt: UnixMilliseconds
    public let endedAt: UnixMilliseconds?

    init(_ track: EpochTrack) {
        epoch = track.epoch
        sender = track.sender
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
        sender = row.sender
        firstSequence = SequenceNumber(rawValue: row.firstSequence)
        lastSequence = SequenceNumber(rawValue: row.frontier.sequence)
        account = row.account
        startedAt = row.startedAt
        endedAt = row.endedAt
    }
}

extension SenderReport {
    /// The senders of a link as they are stored.
    package static func all(_ rows: [SenderRow]) -> [SenderReport] {
        let cards = (rows.map(\.place).max() ?? -1) + 1
        let lease = LeaseWatch(cards: max(cards, 1), grace: .zero, restoring: rows, now: .distantPast)
        return rows.map { row in
            let role: Role? = row.beat.map { beat in
                beat.standsBy ? .standsBy : row.place == lease.speaker ? .speaks : .older
            }
            return SenderReport(
                place: row.place, fingerprint: row.fingerprint, role: role,
                epoch: row.beat == nil ? nil : row.frontier.epoch, heardUntil: row.heardUntil)
        }
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
    public internal(set) var waitingFrames, waitingFrameBytes: Int
    public internal(set) var settledTransmissions: Int
    /// Partly received blocks, and the contents of which some parts are in.
    public internal(set) var assemblies, assemblyBytes, partContents: Int
    /// Decoded blocks that wait for those before them.
    public internal(set) var reorderBlocks: Int
    /// Runs of missing blocks.
    public internal(set) var holes: Int
    /// Signatures verified so far.
    public internal(set) var verifications: UInt64

    /// Adds what another sender's frames hold.
    mutating func add(_ other: Occupancy) {
        waitingFrames += other.waitingFrames
        waitingFrameBytes += other.waitingFrameBytes
        settledTransmissions += other.settledTransmissions
        assemblies += other.assemblies
        assemblyBytes += other.assemblyBytes
        partContents += other.partContents
        verifications += other.verifications
    }
}
