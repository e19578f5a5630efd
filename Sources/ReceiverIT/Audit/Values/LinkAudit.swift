public import Account
public import DiodeProtocol
public import JSON
public import Time

/// Everything that the audit says about one link. All of it comes from one transaction.
public struct LinkAudit: Hashable, Sendable {
    public var link: String
    /// `SHA256:…`, as `keygen` printed it.
    public var fingerprint: String
    /// Sums that do not agree, beyond those that this report can add up by itself (versions against sequences, …).
    public var disagreements: [String] = []
    /// What `--verify` found; nil if it was not asked for.
    public var verification: Verification?
    /// The link is silent or late, or nothing current is known of it.
    public var isStale = false
    /// Why the link is not online, in the receiver's words, with what to do; empty while it is.
    public var reason = ""
    /// When the receiver last wrote how the link is; nil: never.
    public var writtenUntil: UnixMilliseconds?
    /// It writes that each second, and did not lately: whether it runs only the daemon itself can say.
    public var isUnwritten = false
    /// From where on this receiver accounts for the link.
    public var beginsAt: Stamp?
    /// The newest signed word of the sender, by the receiver's clock.
    public var heardUntil: UnixMilliseconds?
    /// The ledger's head, as it is noted elsewhere.
    public var head: String?
    public var totals = LinkTotals()
    public var epochs: [EpochTotals] = []
    public var gaps: [AuditGap] = []
    public var losses: [AuditLoss] = []
    /// Which topics' records are missing, and between which stamps.
    public package(set) var jumps: [VersionJump] = []
    /// What of the gaps' records each topic has, as far as jumps tell; together they are no more than the gaps miss.
    public package(set) var absentByTopic: [[UInt8]: AbsentRecords] = [:]
    public var unobserved: [UnobservedInterval] = []
    public var actions: [AuditAction] = []
    /// Free objects: versions and binary hashes; configuration and policy; key fingerprints.
    public var software: JSONValue = [:]
    public var config: JSONValue = [:]
    public var keys: JSONValue = [:]
    /// In which version the sender speaks, and whether it seals its blocks; nil before a beat was heard.
    public var form: WireForm?
    /// What each path has brought since the receiver's start, as it was last written.
    public var paths: [PathReport] = []
    /// Its senders, by the place of their cards.
    public var senders: [SenderReport] = []
    public var clock = Clock()
    public var replica = ReplicaState()
    public var rejected = Rejected()
    public var sender = SenderWord()
    /// Other content under a number that had been accepted, each as a sentence; without those that are acknowledged. They
    /// stand among the actions too.
    public var equivocations: [String] = []
    /// The database was changed outside of the receiver, or an older one was put back, each as a sentence; without those that are
    /// acknowledged. They stand among the actions too.
    public var alterations: [String] = []
    /// No gap is open, and one complete snapshot round has passed since the last one closed: digests must agree now.
    public var isSettled = false
    /// The account of the period, if the report was narrowed to one.
    public var statement: PeriodStatement?

    public init(link: String, fingerprint: String) {
        self.link = link
        self.fingerprint = fingerprint
    }

    /// Says which topics' records are missing, for each gap and for all of them together. Call it once gaps and losses are in.
    public mutating func attribute(_ jumps: [VersionJump]) {
        self.jumps = jumps
        let attribution = self.attribution
        let topics = attribution.topics
        for index in gaps.indices { gaps[index].topics = topics[gaps[index].id] ?? [] }
        absentByTopic = attribution.sums()
    }

    /// What the jumps say of the gaps that are listed.
    var attribution: GapAttribution { GapAttribution(gaps.map(\.gap), jumps, losses: losses.map(\.loss)) }

    /// What following the ledger's chain said.
    public enum Verification: Hashable, Sendable {
        /// Every entry follows from those before it; how many they are, and what they were compared with.
        case intact(entries: UInt64, detail: String)
        /// What diverges first, and where.
        case broken(String)
    }

    /// The sender's clock against ours.
    public struct Clock: Hashable, Sendable {
        public var offsetMinMilliseconds: Int64 = 0
        public var offsetMaxMilliseconds: Int64 = 0
        /// Jumps of either clock.
        public var steps: UInt64 = 0
        /// As the newest beat showed it; nil before one came.
        public var difference: ClockDifference?
        public init() {}
    }

    /// The receiver's copy of the namespace, and whether it is proven.
    public struct ReplicaState: Hashable, Sendable {
        public var topics: UInt64 = 0
        /// The sender's checkpoint against ours; nil until one could be compared.
        public var digestMatches: Bool?
        /// The IT broker's retained set, read back, against the replica; nil until that was possible.
        public var itMatches: Bool?
        /// Values that the IT broker does not retain because it has refused them; nil until it was read back.
        public var itRefused: UInt64?
        public var asOfSequence: SequenceNumber?
        public var asOf: UnixMilliseconds?
        public init() {}
    }

    /// What the link's listening sockets refused.
    public struct Rejected: Hashable, Sendable {
        public var badSignature: UInt64 = 0
        public var replayed: UInt64 = 0
        public var malformed: UInt64 = 0
        public var unknownLink: UInt64 = 0
        public var overBudget: UInt64 = 0
        public init() {}
    }

    /// What the sender's beat says of itself.
    public struct SenderWord: Hashable, Sendable {
        public var filtered: UInt64 = 0
        public var shed: UInt64 = 0
        public var echoShed: UInt64 = 0
        public var otBrokerDropped: UInt64 = 0
        /// nil until a beat has come.
        public var isDurable: Bool?
        public init() {}
    }
}

extension LinkBalance {
    /// The account of a report that was not narrowed.
    public init(of link: LinkAudit, at: UnixMilliseconds) {
        self.init(at: at, totals: link.totals, of: link.epochs)
    }
}
