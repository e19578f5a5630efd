public import Account
internal import Deliveries
internal import DiodeProtocol
internal import MQTT
public import MQTTProtocol
internal import Outbox
internal import ReadBackCore
internal import ReadBackReader
public import Sparkplug
internal import Threading
public import Time

/// What a publisher is told once.
public struct PublisherSettings: Sendable {
    /// The link's name: in `diode-link`, in the topics of its status, in the client identifier.
    public var link: String
    /// Server, version, TLS, credentials. Session, will and windows are set by the publisher.
    public var connection: ConnectionSettings
    public var mapper: TopicMapper
    public var late = LatePolicy.topic
    /// What is published at a higher QoS is published at this one.
    public var maximumQoS = QoS.exactlyOnce
    /// Deliveries and bytes that are on their way to the IT broker at once: what is repeated when it is lost.
    public var windowRecords = 4_096
    public var windowBytes = 16 << 20
    /// Deliveries and bytes that are taken from the outbox at once, those included that wait for their edge node, and those behind them that the
    /// IT broker has: what is repeated when it is lost.
    public var reachRecords = 65_536
    public var reachBytes = 64 << 20
    /// How Sparkplug edge nodes are spoken for.
    public var edgeNodes = EdgeNodeProxy.Settings()
    /// How often the IT broker is read back beside each connection.
    public var readBackPeriod = Duration.seconds(3_600)

    public init(link: String, connection: ConnectionSettings, mapper: TopicMapper) {
        self.link = link
        self.connection = connection
        self.mapper = mapper
    }

    /// What the IT broker has refused.
    let refused = RefusedValues()

    /// When what it retains ends.
    let ending = EndingValues()

    /// The least time between two live values of a topic; nil: none.
    public var publishInterval: Duration? {
        // What waits fills the window.
        didSet { if publishInterval != nil { (windowRecords, windowBytes) = (65_536, 64 << 20) } }
    }

    /// What of the IT broker is read back.
    var readingScope: ReadingScope {
        let (mapper, refused, ending) = (mapper, refused, ending)
        return ReadingScope(
            link: link, connection: connection, period: readBackPeriod, filters: mapper.filters,
            isEverything: mapper.isEverything, plantTopic: { mapper.plantTopic(of: $0) },
            ends: { ending.wasRead($0.span.bytes, secondsLeft: $1, now: MonotonicClock.now()) },
            expectations: RetainedExpectations(
                admits: { mapper.admits($0) && !ending.isOver($0.span.bytes, now: MonotonicClock.now()) },
                refuses: { refused.refuses($0, value: $1) }))
    }

    /// How long the IT broker keeps the session of a publisher that went without a goodbye, for what is under way at QoS 2.
    static let sessionExpiry = Duration.seconds(86_400)

    /// What every connection of the publisher is told, its own session aside.
    var ofConnections: ConnectionSettings {
        var connection = connection
        if connection.clientIdentifier.isEmpty { connection.clientIdentifier = "diode-recv-\(link)" }
        connection.cleanStart = true
        connection.sessionExpiry = .zero
        connection.publishQueueMessages = windowRecords + 2 * LinkStatusPublisher.noticeLimit
        connection.publishQueueBytes = max(connection.publishQueueBytes, 2 * windowBytes)
        return connection
    }

    /// At which QoS a delivery is published.
    func qos(of delivery: borrowing Delivery) -> QoS {
        let qos = QoS(rawValue: delivery.qos.rawValue) ?? .atMostOnce
        return qos.rawValue > maximumQoS.rawValue ? maximumQoS : qos
    }
}

/// What a publisher says about itself.
public struct PublisherReport: Sendable, Equatable {
    public internal(set) var isConnected = false
    /// When that last changed.
    public internal(set) var since: UnixMilliseconds
    /// Why there is no connection, or what this one cannot do; empty while all is well.
    public internal(set) var reason = "not connected yet"
    /// The version spoken, once connected.
    public internal(set) var version: ProtocolVersion?
    /// Connections that were made, and lost.
    public internal(set) var connections: UInt64 = 0
    /// Records published late, by where they went.
    public internal(set) var lateToTopic: UInt64 = 0
    public internal(set) var lateMarked: UInt64 = 0
    /// What the IT broker cannot do, one sentence each. Values arrive all the same.
    public internal(set) var lacks: [String] = []
    /// The IT broker has said "later": records go as fast as it takes them.
    public internal(set) var isSlowed = false
    /// Properties of the plant that bore a name of ours and were renamed.
    public internal(set) var renamedProperties: UInt64 = 0
    /// The edge nodes that are spoken for.
    public internal(set) var edgeNodes = ProxyReport()
    /// Notices of gaps that found no room.
    public internal(set) var droppedNotices: UInt64 = 0

    init(since: UnixMilliseconds) { self.since = since }

    static let oldVersion =
        "the IT broker speaks only MQTT 3.1.1: properties are gone, those that say where a message came from included, and"
        + " what it retains can be read back only where it is told apart by topic"
}
