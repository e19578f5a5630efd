/// The IT side: all edge nodes of one link, as hosts on the IT broker see them.
///
/// ```text
/// record, state ──▶ ┌ per node: tables, order, bdSeq, seq ┐ ──▶ takeActions: connect, publish, disconnect, answer
/// command, host ──▶ │ unborn ▶ connecting ▶ born ▶ ending │
/// connected, lost ▶ └─────────────────────────────────────┘
/// ```
///
/// It does nothing itself: after each call the owner carries out `takeActions` in order, and calls `tick` at `nextDeadline`.
/// Its memory is bounded by its settings. Nothing from outside traps.
public struct EdgeNodeProxy: Sendable {
    public struct Settings: Sendable, Equatable {
        /// First levels of the topics that are Sparkplug's.
        public var namespaces = [SparkplugTopic.namespaceB]
        /// A node is born again at most once in this time on a host's request; requests in between share one birth.
        public var rebirthInterval: Duration = .seconds(1)
        public var limits = SparkplugLimits()
        /// The host whose STATE decides whether nodes are born; nil: they always are.
        public var primaryHost: [UInt8]?
        /// `bdSeq` of each node's first connection, 0…255.
        public var firstBdSeq: UInt8 = 0
        /// How many records may wait for the birth of one node, and of all together; beyond, the oldest is answered as
        /// folded.
        public var waitingPerNode = 256
        public var waiting = 1_024
        /// How long a record waits for a birth at most: three rounds of the sender's carousel.
        public var patience: Duration = .seconds(90)

        public init() {}
    }

    /// A message for the IT broker, never retained.
    public struct Message: Sendable, Equatable {
        public let topic: [UInt8]
        public let payload: [UInt8]
        /// 0; 1 for NDEATH.
        public let qos: UInt8
    }

    /// What to do, in the order of the list; those of one node never overtake each other.
    public enum Action: Sendable, Equatable {
        /// Open a connection with a clean session and this will (not retained), subscribe to `EdgeNodeID.commandFilters`, and to
        /// `hostTopics` if there are some; then call `connected`, or `lost` if it fails for good.
        case connect(EdgeNodeID, will: Message)
        /// Publish on the node's connection. With a token it is that record (`published`, once it is settled). If the connection is
        /// lost before, the record comes again as `record`.
        case publish(EdgeNodeID, Message, token: UInt64?)
        /// Say goodbye (a clean DISCONNECT, no will) when everything published before is out; then call `lost`.
        case disconnect(EdgeNodeID)
        /// The record needs no publish of its own: it counts as `folded`.
        case answer(token: UInt64)
    }

    public init(_ settings: Settings) {}

    /// Whether a topic is a birth, death or data of an edge node, and so belongs to `record`.
    public func isEdgeMessage(_ topic: RawSpan) -> Bool { false }

    /// Topics of the primary host's STATE, one for each namespace; empty without a primary host.
    public var hostTopics: [[UInt8]] { [] }

    /// A record of the plant, for whose topic `isEdgeMessage` holds. Each token is answered once, by `publish` or `answer`, unless
    /// `reset` comes first.
    public mutating func record(
        topic: RawSpan, payload: RawSpan, order: RecordOrder, sourceTime: UInt64, token: UInt64, now: Moment
    ) {
        actions.append(.answer(token: token))
    }

    /// A folded state of the sender, for the birth topic of a node or device. Answered at once, if it has a token (repetitions for a
    /// receiver that has just started have none).
    public mutating func state(
        topic: RawSpan, payload: RawSpan, order: RecordOrder, sourceTime: UInt64, token: UInt64?, now: Moment
    ) {
        if let token { actions.append(.answer(token: token)) }
    }

    /// The node's connection stands and its subscriptions are acknowledged.
    public mutating func connected(_ node: EdgeNodeID, now: Moment) {}

    /// The node's connection is over, by its fault or after `disconnect`. Its owner dials again only after the next `connect`, and
    /// keeps to a pause between failures of its own.
    public mutating func lost(_ node: EdgeNodeID, now: Moment) {}

    /// A message that came from the IT broker: NCMD, DCMD or STATE. Only a request for a rebirth is answered; all others are counted
    /// and ignored. Nothing goes towards the plant.
    public mutating func received(topic: RawSpan, payload: RawSpan, now: Moment) {}

    /// Nothing comes from the plant any more: every node dies.
    public mutating func linkSilent(now: Moment) {}

    /// The link speaks again: a node is born when its state comes, or its own birth.
    public mutating func linkSpeaks(now: Moment) {}

    /// The tokens in flight are void: every record that is not settled comes again.
    public mutating func reset() {}

    /// When `tick` is due.
    public var nextDeadline: Duration? { nil }

    /// Does what is due.
    public mutating func tick(now: Moment) {}

    private var actions: [Action] = []

    /// What to do since the last call.
    public mutating func takeActions() -> [Action] {
        defer { actions = [] }
        return actions
    }

    /// What is known, and what is wrong with it.
    public var report: ProxyReport { ProxyReport() }
}
