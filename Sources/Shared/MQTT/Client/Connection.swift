public import MQTTProtocol
public import Threading
internal import Time

/// A connection to one MQTT server: reconnects by itself, and runs on a thread of its own.
///
/// All methods may be called from any thread, also from the observer. What the server sends and what becomes of our
/// requests reaches the observer, on the connection's thread.
public final class Connection: Sendable {
    /// Called on the connection's thread. The connection waits meanwhile: hand work over and return.
    public struct Observer: Sendable {
        /// Rare: the connection came or went.
        public var changed: @Sendable (ConnectionState) -> Void
        /// Once for each read from the server (up to 64 KiB, or one larger packet), and when publishes or subscriptions
        /// are settled without one.
        public var received: @Sendable (InboundBatch) -> Void

        public init(
            changed: @escaping @Sendable (ConnectionState) -> Void,
            received: @escaping @Sendable (InboundBatch) -> Void
        ) {
            self.changed = changed
            self.received = received
        }
    }

    private let settings: ConnectionSettings
    private let observer: Observer
    private let mailbox: Mailbox
    private let thread = Lock<WorkerThread?>(nil)

    /// Opens nothing yet; `start` does.
    /// - Throws: what makes these settings unusable: a limit out of range, a TLS file that cannot be read.
    public init(_ settings: ConnectionSettings, observer: Observer) throws(ConnectionError) {
        try settings.validate()
        if let tls = settings.tls { _ = try TLSContext(tls, host: settings.host) }
        self.settings = settings
        self.observer = observer
        do throws(SystemError) { mailbox = try Mailbox(settings) } catch { throw .network(error) }
    }

    /// Without a `stop` the thread ends soon, and nobody waits for it.
    deinit { mailbox.stop(Mailbox.Stop(deadline: .zero, withWill: false, endsSession: false)) }

    /// Starts the thread, which dials until `stop`. Once.
    public func start() throws(SystemError) {
        try thread.withLock { (thread) throws(SystemError) in
            precondition(thread == nil, "a connection is started once")
            let loop = ConnectionLoop(settings, mailbox: mailbox, observer: observer)
            thread = try WorkerThread(name: "mqtt", owning: loop) { loop in
                var loop = loop
                loop.run()
            }
        }
    }

    /// Queues one message. It is sent when the window has room, over reconnections if need be.
    /// - Parameters:
    ///   - topic: UTF-8 without wildcards and U+0000, 1…65,535 bytes.
    ///   - properties: encoded without length prefix (see `PropertyWriter`), end-to-end ones only; left out on 3.1.1.
    ///   - held: for QoS 2: its packet identifier, 1…`ConnectionSettings.heldIdentifiers`, which no other publish under way has, and whether an
    ///     earlier connection of the session has sent it (DUP). It is told as `received`, and waits for `release`.
    ///   - token: comes back in the settlement.
    public func publish(
        topic: RawSpan, payload: RawSpan, qos: QoS, retain: Bool = false, properties: RawSpan = RawSpan(),
        held: (identifier: UInt16, isSentBefore: Bool)? = nil, token: UInt64 = 0
    ) throws(PublishRefusal) {
        guard UTF8Rules.isTopicName(topic) else { throw .invalidTopic }
        do throws(CodecError) { try PropertyID.Set.endToEnd.validate(properties) } catch { throw .invalidProperties }
        let message = PublishView(
            topic: topic, properties: properties, payload: payload, qos: qos, retain: retain,
            duplicate: held?.isSentBefore ?? false, packetIdentifier: held?.identifier ?? 0)
        guard message.bodyBytes(version: .v5) <= PacketHeader.largestRemainingLength,
            PublishQueue.bytes(message) <= settings.publishQueueBytes
        else { throw .tooLarge }
        try mailbox.publish(message, token: token)
    }

    /// The same with a topic as text.
    public func publish(
        topic: String, payload: [UInt8], qos: QoS, retain: Bool = false, properties: [UInt8] = [], token: UInt64 = 0
    ) throws(PublishRefusal) {
        try publish(
            topic: topic.utf8.span.bytes, payload: payload.span.bytes, qos: qos, retain: retain,
            properties: properties.span.bytes, token: token)
    }

    /// Releases a publish that is held: the server may pass it on and forget its identifier. In the order in which they were received
    /// [MQTT-4.6.0]. Also for one that an earlier connection of the session had sent. Only while the connection stands.
    /// - Parameter token: comes back in the settlement.
    public func release(_ identifier: UInt16, token: UInt64) {
        mailbox.release(Mailbox.Release(identifier: identifier, token: token))
    }

    /// Acknowledges every delivery up to and including `last`. What a connection before this one delivered is remembered
    /// until the server sends it again, and then answered without another delivery.
    public func acknowledge(through last: DeliveryID) { mailbox.acknowledge(through: last) }

    /// Acknowledges these deliveries, in any order. MQTT wants acknowledgements in the order of the deliveries, so one
    /// that is left out holds back those after it.
    public func acknowledge(_ deliveries: [DeliveryID]) { mailbox.acknowledge(deliveries) }

    /// Subscribes, now or as soon as the connection stands. The result comes in a batch.
    /// - Parameters:
    ///   - filters: at least one, each valid; they travel in one packet.
    ///   - request: comes back in the result. The caller chooses it and notes it before the call, because the answer may be there
    ///     before the call returns.
    public func subscribe(
        _ filters: [Subscription], request: SubscriptionRequest = SubscriptionRequest(rawValue: 0)
    ) throws(PublishRefusal) {
        precondition(!filters.isEmpty, "a subscription has at least one filter")
        guard filters.allSatisfy({ (try? TopicFilter($0.filter)) != nil }) else { throw .invalidTopic }
        try mailbox.append(.subscribe(filters, request))
    }

    /// Unsubscribes, now or as soon as the connection stands. The result comes in a batch.
    /// - Parameters:
    ///   - filters: at least one, each as it was subscribed to; they travel in one packet.
    ///   - request: as for `subscribe`.
    public func unsubscribe(
        _ filters: [String], request: SubscriptionRequest = SubscriptionRequest(rawValue: 0)
    ) throws(PublishRefusal) {
        precondition(!filters.isEmpty, "there is at least one filter to unsubscribe from")
        guard filters.allSatisfy({ (try? TopicFilter($0)) != nil }) else { throw .invalidTopic }
        try mailbox.append(.unsubscribe(filters, request))
    }

    /// Refuses new publishes, sends and settles what is queued, says goodbye, and waits for the thread to end; at most
    /// `drain` (and a moment). What is unsettled by then is settled as `unknown` or `notSent`. Not from the observer.
    /// - Parameters:
    ///   - withWill: the server publishes the will all the same.
    ///   - endsSession: the server need not keep the session (MQTT 5).
    public func stop(drain: Duration = .zero, withWill: Bool = false, endsSession: Bool = false) {
        requestStop(drain: drain, withWill: withWill, endsSession: endsSession)
        thread.withLock { $0 }?.join()
    }

    /// The same without waiting; the observer hears of the end. Also from the observer.
    public func requestStop(drain: Duration = .zero, withWill: Bool = false, endsSession: Bool = false) {
        mailbox.stop(
            Mailbox.Stop(
                deadline: MonotonicClock.now().sinceStart + drain, withWill: withWill, endsSession: endsSession))
    }
}
