/// The sender's side: folds what the plant's edge nodes say into the births that would be true now.
///
/// ```text
/// NBIRTH, DBIRTH ──▶ table of metrics ◀── NDATA, DDATA
///                        │    NDEATH, DDEATH: empty
///                        ▼
///        changedStates, takeState(of: birth topic)
/// ```
///
/// Its memory is bounded by `SparkplugLimits`. Nothing from outside traps.
public struct StateFold: Sendable {
    /// What a message of the plant was.
    public enum Outcome: Sendable, Equatable {
        /// Not of a Sparkplug edge node.
        case foreign
        /// Taken into the state of its node or device. Minor faults are counted in the report.
        case folded
        /// Nothing of it could be taken.
        case refused(SparkplugFault)
    }

    /// A message to publish in the plant.
    public struct Request: Sendable, Equatable {
        public let topic: [UInt8]
        public let payload: [UInt8]
    }

    /// - Parameters:
    ///   - namespaces: first levels of the topics that are Sparkplug's.
    ///   - firstRequest: how long a node must wait between two requests for a rebirth; doubled with each one that was
    ///     in vain, up to 10 minutes.
    public init(
        namespaces: [String] = [SparkplugTopic.namespaceB], limits: SparkplugLimits = SparkplugLimits(),
        firstRequest: Duration = .seconds(10)
    ) {}

    /// Takes one message of the plant, in the broker's order.
    public mutating func take(topic: RawSpan, payload: RawSpan, retain: Bool = false) -> Outcome { .foreign }

    /// Takes up a state that was stored before the sender's start. An empty payload says nothing.
    ///
    /// What the plant said meanwhile is unknown: the node is incomplete until its next birth.
    public mutating func restore(topic: RawSpan, payload: RawSpan) {}

    /// Birth topics whose state has changed since `takeState`, in the order of their first change.
    public var changedStates: [[UInt8]] { [] }

    /// Whether the state of a birth topic has changed since `takeState`.
    public func hasChanged(_ birthTopic: RawSpan) -> Bool { false }

    /// The folded birth that is true now; empty if node or device is dead. It counts as unchanged from now on.
    /// - Returns: nil if nothing is known of the topic.
    public mutating func takeState(of birthTopic: RawSpan) -> [UInt8]? { nil }

    /// Whether `rebirthRequests` may have something to say at all: cheap.
    public var hasIncomplete: Bool { false }

    /// The NCMD that ask the nodes whose state is incomplete for a birth, each node throttled. To be published with QoS 0,
    /// not retained.
    public mutating func rebirthRequests(now: Moment) -> [Request] { [] }

    /// What is known, and what is wrong with it.
    public var report: SparkplugReport { SparkplugReport() }
}
