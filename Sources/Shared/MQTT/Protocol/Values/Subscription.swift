/// One topic filter and its options (MQTT 5 §3.8.3.1). Of the options MQTT 3.1.1 knows only the QoS.
public struct Subscription: Sendable, Hashable {
    /// When the server sends retained messages for a new subscription.
    public enum RetainHandling: UInt8, Sendable {
        case send = 0
        case sendIfNew = 1
        case doNotSend = 2
    }

    public var filter: String
    public var qos: QoS
    /// True: forwarded messages keep the RETAIN flag they were published with.
    public var retainAsPublished: Bool
    public var retainHandling: RetainHandling
    /// True: what this client publishes does not come back to it.
    public var noLocal: Bool

    public init(
        _ filter: String, qos: QoS = .atLeastOnce, retainAsPublished: Bool = true,
        retainHandling: RetainHandling = .send, noLocal: Bool = false
    ) {
        self.filter = filter
        self.qos = qos
        self.retainAsPublished = retainAsPublished
        self.retainHandling = retainHandling
        self.noLocal = noLocal
    }
}

/// Names one call of `subscribe` or `unsubscribe`; whoever calls chooses it.
public struct SubscriptionRequest: Sendable, Hashable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// What became of one `subscribe` or `unsubscribe`.
public struct SubscriptionResult: Sendable, Equatable {
    public enum Outcome: Sendable, Equatable {
        /// One reason code for each filter, in the order of the request: the granted QoS or a failure.
        case answered([ReasonCode])
        /// The request is larger than the server's Maximum Packet Size; nothing was sent.
        case tooLarge(limitBytes: Int)
        /// The connection ended before the answer; whether the server acted is unknown.
        case connectionLost
    }

    public let request: SubscriptionRequest
    public let outcome: Outcome

    public init(request: SubscriptionRequest, outcome: Outcome) {
        self.request = request
        self.outcome = outcome
    }
}
