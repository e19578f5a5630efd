public import Crypto
public import Time

/// The heartbeat: what the sender states about itself, signed like everything (WIRE §6.3). Absent fields are nil: the sender
/// does not know them yet.
public struct Beat: Hashable, Sendable {
    /// One sender lifetime that the journal still reaches.
    public struct EpochSummary: Hashable, Sendable {
        public var epoch: Epoch
        public var incarnation: Incarnation
        public var firstSequence: SequenceNumber
        public var lastCommitted: SequenceNumber
        public var lastBlock: BlockNumber

        public init(
            epoch: Epoch, incarnation: Incarnation, firstSequence: SequenceNumber, lastCommitted: SequenceNumber,
            lastBlock: BlockNumber
        ) {
            self.epoch = epoch
            self.incarnation = incarnation
            self.firstSequence = firstSequence
            self.lastCommitted = lastCommitted
            self.lastBlock = lastBlock
        }
    }

    /// The sender's counters since it started.
    public enum Counter: UInt8, Hashable, CaseIterable, Comparable, Sendable {
        case filtered = 1, shed, echoShed, brokerDropped, emitErrors, received, journalBacklog
        public static func < (a: Counter, b: Counter) -> Bool { a.rawValue < b.rawValue }
    }

    public struct BrokerState: Hashable, Sendable {
        public var isOnline: Bool
        public var since: UnixMilliseconds
        public var reason: String
        public init(isOnline: Bool, since: UnixMilliseconds, reason: String) {
            self.isOnline = isOnline
            self.since = since
            self.reason = reason
        }
    }

    public struct Pair: Hashable, Sendable {
        public var first: UInt64
        public var second: UInt64
        public init(_ first: UInt64, _ second: UInt64) {
            self.first = first
            self.second = second
        }
    }

    public static let maximumEpochs = 64
    public static let maximumAlarms = 16
    public static let maximumTextBytes = 256
    public static let maximumSoftwareBytes = 64

    public var clock: UnixMilliseconds
    /// The newest sequence and blocks of the header's epoch; 0 where there is none yet.
    public var lastSequence: UInt64
    public var lastLiveBlock: UInt64
    public var lastSnapshotBlock: UInt64
    /// 1…2³²−1.
    public var periodMilliseconds: UInt64
    public var software: String?
    public var configuration: Digest32?
    public var isDurable: Bool?
    public var floor: Stamp?
    /// Topics held, and how many may be.
    public var topics: Pair?
    /// Below 2³².
    public var snapshotRoundMilliseconds: UInt64?
    public var epochs: [EpochSummary] = []
    /// Epochs that `epochs` no longer lists, and their records.
    public var older: Pair?
    public var counters: [Counter: UInt64] = [:]
    public var broker: BrokerState?
    public var alarms: [String] = []
    /// Time since the sender's machine was started, suspension included: no clock that can be set. Below 2⁶³.
    public var uptimeMilliseconds: UInt64?
    /// The journal holds every record up to this one of the header's epoch, whatever happens to the power: no later beat may say that the
    /// epoch ended before it.
    public var journalled: SequenceNumber?
    /// Another sender of the link speaks: the header's epoch brings no records and no slices (W-52).
    public var standsBy = false

    public init(
        clock: UnixMilliseconds, lastSequence: UInt64, lastLiveBlock: UInt64, lastSnapshotBlock: UInt64,
        periodMilliseconds: UInt64
    ) {
        self.clock = clock
        self.lastSequence = lastSequence
        self.lastLiveBlock = lastLiveBlock
        self.lastSnapshotBlock = lastSnapshotBlock
        self.periodMilliseconds = periodMilliseconds
    }

    enum Tag: UInt8 {
        case clock = 1, newest, period, software, configuration, durable, floor, topics, round, epochs, older, counters
        case broker, alarms
        /// Skipped by receivers that do not know it (W-29).
        case uptime = 0x81
        // Receivers of before skip these.
        case journalled = 0x82
        case standsBy = 0x83
    }
}
