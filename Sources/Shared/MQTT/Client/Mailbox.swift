internal import MQTTProtocol
internal import Threading

/// What the users of a connection want of its thread: publishes, releases, acknowledgements, subscriptions, the end.
///
/// Bounds: the publish queue by the settings; releases by the identifiers that there are; acknowledgements by the deliveries there are (65,535,
/// and each named once);
/// `subscriptionLimit` subscriptions. The thread is woken only while it says that it sleeps.
final class Mailbox: Sendable {
    static let subscriptionLimit = 1_024

    enum Request: Sendable {
        case subscribe([Subscription], SubscriptionRequest)
        case unsubscribe([String], SubscriptionRequest)
    }

    struct Stop: Sendable {
        let deadline: Duration
        let withWill: Bool
        let endsSession: Bool
    }

    /// A PUBREL that may go.
    struct Release: Sendable {
        let identifier: UInt16
        let token: UInt64
    }

    struct Contents: Sendable {
        fileprivate var publishes = PublishQueue()
        var acknowledgedThrough: DeliveryID?
        var acknowledged: [DeliveryID] = []
        var requests: [Request] = []
        var releases: [Release] = []
        var stop: Stop?

        fileprivate var isAccepting = true
        fileprivate var isAsleep = false
        /// While asleep: whether publishes are worth waking up for.
        fileprivate var wantsPublishes = true
        /// Publishes here and in the thread's own queue.
        fileprivate var queuedMessages = 0
        fileprivate var queuedBytes = 0
        fileprivate var requestCount = 0
    }

    private let settings: ConnectionSettings
    private let contents: Lock<Contents>
    private let wakeup: Wakeup

    init(_ settings: ConnectionSettings) throws(SystemError) {
        self.settings = settings
        contents = Lock(Contents())
        wakeup = try Wakeup()
    }

    // MARK: - Any thread

    /// - Parameter message: valid, without packet identifier.
    func publish(_ message: PublishView, token: UInt64) throws(PublishRefusal) {
        let size = PublishQueue.bytes(message)
        let wake = try contents.withLock { (contents) throws(PublishRefusal) in
            guard contents.isAccepting else { throw .stopped }
            guard contents.queuedMessages < settings.publishQueueMessages,
                contents.queuedBytes + size <= settings.publishQueueBytes
            else { throw .queueFull }
            contents.publishes.append(message, token: token)
            contents.queuedMessages += 1
            contents.queuedBytes += size
            return contents.wantsPublishes && contents.awaken()
        }
        if wake { wakeup.signal() }
    }

    func acknowledge(through last: DeliveryID) {
        put { $0.acknowledgedThrough = max($0.acknowledgedThrough ?? last, last) }
    }

    func acknowledge(_ deliveries: [DeliveryID]) {
        put { $0.acknowledged.append(contentsOf: deliveries) }
    }

    func release(_ release: Release) {
        put { if $0.isAccepting { $0.releases.append(release) } }
    }

    func append(_ request: Request) throws(PublishRefusal) {
        let wake = try contents.withLock { (contents) throws(PublishRefusal) in
            guard contents.isAccepting else { throw .stopped }
            guard contents.requestCount < Self.subscriptionLimit else { throw .queueFull }
            contents.requestCount += 1
            contents.requests.append(request)
            return contents.awaken()
        }
        if wake { wakeup.signal() }
    }

    func stop(_ stop: Stop) {
        put {
            $0.isAccepting = false
            if $0.stop == nil { $0.stop = stop }
        }
    }

    /// Publishes that wait for the window.
    var queuedPublishes: Int { contents.withLock { $0.queuedMessages } }

    private func put(_ change: (inout Contents) -> Void) {
        let wake = contents.withLock { contents in
            change(&contents)
            return contents.awaken()
        }
        if wake { wakeup.signal() }
    }

    // MARK: - The connection's thread

    var wakeupDescriptor: Int32 { wakeup.fileDescriptor }

    /// What the thread has done since it looked last.
    struct Progress: Sendable {
        var messagesTaken = 0
        var bytesTaken = 0
        var requestsAnswered = 0
    }

    /// Takes what there is, apart from publishes if `publishes` is not empty; then those stay for later.
    func take(publishes: inout PublishQueue, progress: Progress) -> Mail {
        contents.withLock { contents in
            contents.queuedMessages -= progress.messagesTaken
            contents.queuedBytes -= progress.bytesTaken
            contents.requestCount -= progress.requestsAnswered
            if publishes.isEmpty { swap(&publishes, &contents.publishes) }
            let mail = Mail(
                acknowledgedThrough: contents.acknowledgedThrough, acknowledged: contents.acknowledged,
                requests: contents.requests, releases: contents.releases, stop: contents.stop)
            contents.acknowledgedThrough = nil
            if !contents.acknowledged.isEmpty { contents.acknowledged = [] }
            if !contents.requests.isEmpty { contents.requests = [] }
            if !contents.releases.isEmpty { contents.releases = [] }
            return mail
        }
    }

    struct Mail: Sendable {
        var acknowledgedThrough: DeliveryID?
        var acknowledged: [DeliveryID]
        var requests: [Request]
        var releases: [Release]
        var stop: Stop?
    }

    /// Before the thread sleeps.
    /// - Parameters:
    ///   - wantsMail: false while nothing but a stop can be dealt with.
    ///   - wantsPublishes: false while the window has no room for them.
    ///   - knowsStop: whether it has taken note of the stop already.
    /// - Returns: false if there is something to deal with first.
    func fallAsleep(wantsMail: Bool, wantsPublishes: Bool, knowsStop: Bool) -> Bool {
        contents.withLock { contents in
            if contents.stop != nil, !knowsStop { return false }
            if wantsMail {
                let hasMail =
                    contents.acknowledgedThrough != nil || !contents.acknowledged.isEmpty
                    || !contents.requests.isEmpty || !contents.releases.isEmpty
                    || (wantsPublishes && !contents.publishes.isEmpty)
                if hasMail { return false }
            }
            contents.isAsleep = true
            contents.wantsPublishes = wantsPublishes
            return true
        }
    }

    /// After the thread slept.
    func wakeUp() { contents.withLock { $0.isAsleep = false } }

    /// The descriptor of the wake-up was readable.
    func takeWakeup() { wakeup.take() }

    /// The stop that was asked for.
    var stopRequested: Stop? { contents.withLock { $0.stop } }
}

extension Mailbox.Contents {
    /// - Returns: whether the thread has to be woken, which then is no longer asleep.
    fileprivate mutating func awaken() -> Bool {
        guard isAsleep else { return false }
        isAsleep = false
        return true
    }
}
