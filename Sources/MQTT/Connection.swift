public import Threading

/// A connection to one MQTT server: reconnects by itself, and runs on a thread of its own.
///
/// All methods may be called from any thread, also from the observer. What the server sends and what becomes of our
/// requests reaches the observer, on the connection's thread.
public final class Connection: Sendable {
    /// Called on the connection's thread. The connection waits meanwhile: hand work over and return.
    public struct Observer: Sendable {
        /// Rare: the connection came or went.
        public var changed: @Sendable (ConnectionState) -> Void
        /// Once for each read from the server (up to 64 KiB, or one larger packet).
        public var received: @Sendable (InboundBatch) -> Void

        public init(
            changed: @escaping @Sendable (ConnectionState) -> Void,
            received: @escaping @Sendable (InboundBatch) -> Void
        ) {
            self.changed = changed
            self.received = received
        }
    }

    /// Opens nothing yet; `start` does.
    /// - Throws: what makes these settings unusable: a limit out of range, a TLS file that cannot be read.
    public init(_ settings: ConnectionSettings, observer: Observer) throws(ConnectionError) {
    }

    /// Starts the thread, which dials until `stop`.
    public func start() throws(SystemError) {}

    /// Queues one message. It is sent when the window has room, over reconnections if need be.
    /// - Parameters:
    ///   - topic: UTF-8 without wildcards and U+0000, 1…65,535 bytes.
    ///   - properties: encoded without length prefix (see `PropertyWriter`), left out on MQTT 3.1.1.
    ///   - token: comes back in the settlement.
    public func publish(
        topic: RawSpan, payload: RawSpan, qos: QoS, retain: Bool = false, properties: RawSpan = RawSpan(),
        token: UInt64 = 0
    ) throws(PublishRefusal) {}

    /// The same with a topic as text.
    public func publish(
        topic: String, payload: [UInt8], qos: QoS, retain: Bool = false, properties: [UInt8] = [], token: UInt64 = 0
    ) throws(PublishRefusal) {}

    /// How full the way out is.
    public var publishLoad: PublishLoad { PublishLoad(queued: 0, queueRoom: 0, unsettled: 0, window: 0) }

    /// Acknowledges every delivery up to and including `last`. Older connections' deliveries are skipped.
    public func acknowledge(through last: DeliveryID) {}

    /// Acknowledges these deliveries, in any order. MQTT sends acknowledgements in the order of the deliveries, so one
    /// that is left out holds back those after it.
    public func acknowledge(_ deliveries: [DeliveryID]) {}

    /// Subscribes, now or as soon as the connection stands. The result comes in a batch.
    /// - Parameter filters: at least one; they travel in one packet.
    @discardableResult
    public func subscribe(_ filters: [Subscription]) throws(PublishRefusal) -> SubscriptionRequest {
        SubscriptionRequest(rawValue: 0)
    }

    @discardableResult
    public func unsubscribe(_ filters: [String]) throws(PublishRefusal) -> SubscriptionRequest {
        SubscriptionRequest(rawValue: 0)
    }

    /// Refuses new publishes, sends and settles what is queued, says goodbye, and waits for the thread to end; at most
    /// `drain` (and a moment). What is unsettled by then is settled as `unknown` or `notSent`. Not from the observer.
    /// - Parameter withWill: the server publishes the will all the same.
    public func stop(drain: Duration = .zero, withWill: Bool = false) {}
}

/// What a connection is doing.
public enum ConnectionState: Sendable {
    /// Dialling. `attempt` counts from 1 and starts again after a good connection.
    case connecting(attempt: Int)
    /// The server said yes. Comes before anything that the server sends.
    case connected(ServerGrant)
    /// Gone, or never came; dialling again after `retry`.
    case disconnected(ConnectionError, retry: Duration)
    /// Stopped: the last call of this observer.
    case stopped
}

/// How full the way out is, at one instant.
public struct PublishLoad: Sendable, Equatable {
    /// Publishes that wait for the window, and how many more `publish` would take.
    public var queued: Int
    public var queueRoom: Int
    /// Publishes of QoS 1 and 2 sent and not settled, and how many may be.
    public var unsettled: Int
    public var window: Int

    public init(queued: Int, queueRoom: Int, unsettled: Int, window: Int) {
        self.queued = queued
        self.queueRoom = queueRoom
        self.unsettled = unsettled
        self.window = window
    }
}

/// Why a publish or a subscription was not taken.
public enum PublishRefusal: Error, Sendable, Equatable {
    /// The queue is at one of its limits; a settlement makes room.
    case queueFull
    /// `stop` was called.
    case stopped
    /// Empty, longer than 65,535 bytes, not UTF-8, or with a wildcard or U+0000.
    case invalidTopic
    /// Not a well-formed list of PUBLISH properties.
    case invalidProperties
    /// More than an MQTT packet can hold, or than the queue could ever.
    case tooLarge
}
