public import Threading

/// Fetches every retained message below some filters, over a connection of its own (DESIGN D11).
public final class RetainedSetFetcher: Sendable {
    /// - Parameters:
    ///   - settings: where to; identity, session and receive limits are the fetcher's own (the identifier must differ
    ///     from that of any other connection).
    ///   - filters: what to fetch; they should not overlap.
    ///   - received: each retained message once, in no particular order; on the connection's thread.
    ///   - finished: once, at the end; on the connection's thread.
    public init(
        _ settings: ConnectionSettings, filters: [TopicFilter], limits: RetainedSetLimits = RetainedSetLimits(),
        received: @escaping @Sendable (InboundMessage) -> Void,
        finished: @escaping @Sendable (RetainedSetReport) -> Void
    ) throws(ConnectionError) {}

    public func start() throws(SystemError) {}

    /// Ends the fetch early and waits for the thread. Also to be called after the end.
    public func stop() {}
}

/// Bounds of a fetch.
public struct RetainedSetLimits: Sendable {
    /// A slice that delivers fewer messages than this cannot have lost any: below what any broker queues for a
    /// subscriber (mosquitto's default is 1,000).
    public var provenBelow = 900
    /// Distinct topics; each costs 8 bytes of memory and the name of its level while its slice is open.
    public var maximumTopics = 4_000_000
    /// How long a broker that sends retained messages after SUBACK must be silent until a slice is over.
    public var quiet = Duration.milliseconds(250)
    /// The whole fetch ends as incomplete when so much time passes without any message or answer.
    public var stall = Duration.seconds(30)
    /// Asked of the server; retained messages arrive with the lower of this and the QoS they were published with.
    public var qos = QoS.exactlyOnce

    public init() {}
}

/// What a fetch found.
public struct RetainedSetReport: Sendable {
    /// Distinct retained topics.
    public var topics = 0
    /// Slices asked for, repetitions included.
    public var slices = 0
    /// Filters whose slice may have lost messages and could not be divided further; at most 100 of them.
    public var unproven: [String] = []
    /// Filters that the server did not grant, with its reason; at most 100 of them.
    public var refused: [String] = []
    /// Why the fetch ended before its end; nil if it did not.
    public var failure: ConnectionError?

    /// Everything that is retained was delivered, as far as a client can prove.
    public var isComplete: Bool { failure == nil && unproven.isEmpty && refused.isEmpty }
}
