public import Account
public import DiodeProtocol
public import Outbox
public import ReceiverITCore
public import Time

/// A receiver as of one instant, for the control socket and the status page.
public struct ReceiverStatus: Sendable {
    public internal(set) var at: UnixMilliseconds
    public internal(set) var links: [LinkSnapshot] = []
    public internal(set) var listeners: [ListenerSnapshot] = []
}

/// One link as of one instant.
public struct LinkSnapshot: Sendable {
    public let name: String
    /// Of the key in use, as people compare it, and how many rotations lead to it from the card that was paired.
    public package(set) var fingerprint: String
    public package(set) var rotations = 0
    /// Each of its senders, by the place of its card.
    public internal(set) var senders: [SenderReport] = []
    /// What each path has brought since the start.
    public internal(set) var paths: [PathReport] = []
    /// What the link is judged by, and how: state, reason, and what to do.
    public private(set) var facts: LinkFacts
    public private(set) var verdict: LinkVerdict
    /// When its state began.
    public private(set) var since: UnixMilliseconds
    /// When a beat was last accepted.
    public internal(set) var heardUntil: UnixMilliseconds?
    public internal(set) var beginsAt: Stamp?
    /// The newest decided record.
    public internal(set) var decided: Stamp?
    public internal(set) var account = EpochAccount()
    /// Announced − decided.
    public internal(set) var pending: UInt64 = 0
    public internal(set) var epochs: [EpochReport] = []
    /// Gaps that are open or lost: how many, and the newest of them.
    public internal(set) var gapCount = 0
    public internal(set) var gaps: [Gap] = []
    /// What was counted since the start, with what the listening sockets rejected before this link was known.
    public internal(set) var counters = ReceiverCounters()
    public internal(set) var occupancy: Occupancy?
    public internal(set) var beat: Beat?
    /// How it came.
    public internal(set) var form: WireForm?
    public internal(set) var clockOffsetMilliseconds: ClosedRange<Int64>?
    /// The sender's clock against ours now; nil before a beat came.
    public internal(set) var clockDifference: ClockDifference?
    public internal(set) var replica = ReplicaReport()
    public internal(set) var outbox = OutboxTotals()
    public internal(set) var outboxLoad: OutboxLoad?
    /// Why what waits for the IT broker cannot be read from disk at the moment, and since when.
    public internal(set) var outboxFault: Condition?
    /// Whether what is accepted would survive a restart.
    public internal(set) var durability: Durability?
    /// The ledger's newest head that was synced and signed.
    public internal(set) var head: String?

    /// The most gaps that a snapshot lists.
    public static let gapLimit = 100

    /// - Parameter facts: as of now; their state began now.
    init(name: String, fingerprint: String, facts: LinkFacts = LinkFacts(), since: UnixMilliseconds) {
        self.name = name
        self.fingerprint = fingerprint
        self.facts = facts
        self.since = since
        verdict = facts.verdict
    }

    public var state: LinkState { verdict.state }

    /// Judges anew.
    /// - Returns: whether it is worth a line.
    mutating func judge(by facts: LinkFacts, at time: UnixMilliseconds) -> Bool {
        let before = verdict
        self.facts = facts
        verdict = facts.verdict
        if verdict.state != before.state { since = time }
        return verdict.isNews(after: before)
    }
}

/// One listening socket as of one instant.
public struct ListenerSnapshot: Sendable, Equatable {
    public let address: String
    public let datagrams: UInt64
    /// Datagrams that the socket had no room for.
    public let socketDrops: UInt64
    /// Frames that the network interface below could not take.
    public let interfaceErrors: UInt64
    /// Not a frame of any link, and frames of links that do not listen here.
    public let malformed, unknownLink: UInt64
    /// Bytes of receive buffer that were asked for, and that the kernel gave.
    public let wantedBufferBytes, receiveBufferBytes: Int
    /// Why it is closed at the moment.
    public let fault: String?
}
