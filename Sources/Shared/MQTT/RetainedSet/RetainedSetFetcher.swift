public import MQTTProtocol
public import Threading
internal import Time

/// Fetches every retained message below some filters, over a connection of its own (ADR 0003): runs a
/// `RetainedSliceWalk`.
///
/// A slice is: SUBSCRIBE, SUBACK, the messages, UNSUBSCRIBE, UNSUBACK. MQTT has no mark for the last retained message. A
/// broker like mosquitto sends them all before it reads our next packet, so that the UNSUBACK is the mark; others send
/// them later, and there silence is. Which of the two it is shows in the first slices: a barrier (UNSUBSCRIBE of a filter
/// that was never subscribed to) whose answer no message follows.
public final class RetainedSetFetcher: Sendable {
    /// Slices in which nothing came after the barrier, until silence is no longer waited for.
    private static let promptSlices = 3
    private static let barrier = ["$diode/barrier"]

    private struct State: Sendable {
        var walk: RetainedSliceWalk
        /// Behind the walk, while single topics are asked for.
        var absence: AbsenceWalk?
        var isConnected = false
        /// Counts connections, so that a slice knows whether it was on this one.
        var epoch = 0
        var lastError: ConnectionError?
        /// How many requests were made; the number of the last one.
        var requests: UInt64 = 0
        var results: [SubscriptionRequest: SubscriptionResult.Outcome] = [:]
        /// Counts messages and answers: as long as it grows, the fetch lives.
        var activity = 0
        /// Retained messages of the current slice.
        var messages = 0
        var isStopped = false
    }

    /// What the slices tell of the server's ways.
    private struct Promptness {
        /// Slices in a row in which nothing came after the barrier.
        var slices = 0
        /// The most messages of such a slice: a larger one is looked at anew.
        var messages = 0
    }

    private let limits: RetainedSetLimits
    private let doubts: @Sendable () -> RetainedDoubts
    private let state: Lock<State>
    private let wakeup: Wakeup
    private let connection: Connection
    private let link: Link
    private let finished: @Sendable (RetainedSetReport) -> Void
    private let thread = Lock<WorkerThread?>(nil)

    /// What the connection's observer holds of the fetcher.
    private final class Link: Sendable {
        let state: Lock<State>
        let wakeup: Wakeup
        let received: @Sendable (InboundMessage) -> Void
        let faulted: @Sendable (FaultTally) -> Void
        let observed: @Sendable (ConnectionState) -> Void
        let connection = Lock<Connection?>(nil)

        init(
            _ state: Lock<State>, _ wakeup: Wakeup, received: @escaping @Sendable (InboundMessage) -> Void,
            faulted: @escaping @Sendable (FaultTally) -> Void, observed: @escaping @Sendable (ConnectionState) -> Void
        ) {
            self.state = state
            self.wakeup = wakeup
            self.received = received
            self.faulted = faulted
            self.observed = observed
        }

        func changed(_ change: ConnectionState) {
            observed(change)
            state.withLock { state in
                switch change {
                case .connecting, .stopped: break
                case .connected:
                    state.isConnected = true
                    state.epoch += 1
                    state.activity += 1
                case .disconnected(let error, _):
                    state.isConnected = false
                    state.lastError = error
                }
            }
            wakeup.signal()
        }

        func received(_ batch: InboundBatch) {
            if !batch.faults.isEmpty { faulted(batch.faults) }
            var last: DeliveryID?
            for index in 0..<batch.messageCount {
                let message = batch.message(at: index)
                last = message.delivery ?? last
                // With Retain As Published off, RETAIN marks what was sent because of the subscription.
                guard message.retain else { continue }
                let isNew = state.withLock { state in
                    state.messages += 1
                    let isNameless = if case .malformed? = message.loss { true } else { false }
                    guard state.absence == nil else {
                        return !isNameless && state.absence?.receive(String(utf8: message.topic)) == true
                    }
                    if isNameless { return state.walk.receive(nameless: message.topic) }
                    return state.walk.receive(message.topic)
                }
                if isNew { received(message) }
            }
            if let last { connection.withLock { $0 }?.acknowledge(through: last) }
            state.withLock { state in
                state.activity += 1
                for index in batch.subscriptions.indices {
                    state.results[batch.subscriptions[index].request] = batch.subscriptions[index].outcome
                }
            }
            if batch.subscriptions.count > 0 { wakeup.signal() }
        }
    }

    /// - Parameters:
    ///   - settings: where to, and as whom. The client identifier must differ from that of any other connection; the
    ///     session is always a clean one, and Receive Maximum 65,535.
    ///   - filters: what to fetch; they should not overlap.
    ///   - received: each retained message once, in no particular order, also one whose content cannot be had; on the connection's
    ///     thread.
    ///   - faulted: how the server has broken MQTT where the fetch got past it; on the connection's thread.
    ///   - changed: what becomes of the connection; on its thread.
    ///   - doubts: called once, behind a walk that lacks nothing, on the fetcher's thread: what should have been shown and was not.
    ///   - finished: once, at the end; on the fetcher's thread.
    public init(
        _ settings: ConnectionSettings, filters: [TopicFilter], limits: RetainedSetLimits = RetainedSetLimits(),
        received: @escaping @Sendable (InboundMessage) -> Void,
        faulted: @escaping @Sendable (FaultTally) -> Void = { _ in },
        changed: @escaping @Sendable (ConnectionState) -> Void = { _ in },
        doubts: @escaping @Sendable () -> RetainedDoubts = { RetainedDoubts() },
        finished: @escaping @Sendable (RetainedSetReport) -> Void
    ) throws(ConnectionError) {
        self.limits = limits
        self.doubts = doubts
        self.finished = finished
        state = Lock(State(walk: RetainedSliceWalk(filters, limits: limits)))
        do throws(SystemError) { wakeup = try Wakeup() } catch { throw .network(error) }
        let link = Link(state, wakeup, received: received, faulted: faulted, observed: changed)
        self.link = link
        var own = settings
        own.cleanStart = true
        own.sessionExpiry = .zero
        own.receiveMaximum = 65_535
        own.will = nil
        connection = try Connection(
            own,
            observer: Connection.Observer(changed: { link.changed($0) }, received: { link.received($0) }))
        let connection = connection
        link.connection.withLock { $0 = connection }
    }

    /// Starts the fetch. Once.
    public func start() throws(SystemError) {
        try thread.withLock { (thread) throws(SystemError) in
            precondition(thread == nil, "a fetcher is started once")
            try connection.start()
            thread = try WorkerThread(name: "mqtt-retained") { [self] in run() }
        }
    }

    /// Ends the fetch, early if it is not over, and waits until it has ended. Not from its callbacks.
    public func stop() {
        state.withLock { $0.isStopped = true }
        wakeup.signal()
        thread.withLock { $0 }?.join()
    }

    // MARK: - The fetcher's thread

    private func run() {
        var promptness = Promptness()
        while let slice = state.withLock({ $0.walk.next() }) {
            do throws(Interruption) {
                let refused = try fetch(slice, &promptness)
                state.withLock { $0.walk.finishSlice(refused: refused) }
            } catch {
                switch error {
                case .connectionLost: state.withLock { $0.walk.repeatSlice() }
                case .tooLarge: state.withLock { $0.walk.slicePacketTooLarge() }
                case .over(let failure): state.withLock { $0.walk.fail(failure) }
                }
            }
        }
        var report = state.withLock { $0.walk.report }
        if report.isComplete { ask(doubts(), &promptness, &report) }
        connection.stop()
        link.connection.withLock { $0 = nil }
        finished(report)
    }

    /// Asks for single topics until it is known which of them are not retained.
    private func ask(_ doubts: RetainedDoubts, _ promptness: inout Promptness, _ report: inout RetainedSetReport) {
        guard !doubts.topics.isEmpty else { return }
        state.withLock { $0.absence = AbsenceWalk(doubts) }
        while let step = state.withLock({ $0.absence?.next() }), step != .over {
            do throws(Interruption) {
                switch step {
                case .over: break
                case .pause: try pause(AbsenceWalk.pause)
                case .ask(let topics):
                    let refused = try fetch(RetainedSliceWalk.Slice(filters: topics, qos: limits.qos), &promptness)
                    report.slices += 1
                    state.withLock { $0.absence?.finishSlice(refused: Set(refused)) }
                }
            } catch {
                switch error {
                case .connectionLost, .tooLarge: state.withLock { $0.absence?.repeatSlice() }
                case .over(let failure):
                    report.failure = failure
                    state.withLock { $0.absence?.abandon() }
                }
            }
        }
        (report.absent, report.undecided) = state.withLock { ($0.absence?.absent ?? [], $0.absence?.undecided ?? 0) }
    }

    /// Why a slice did not come to its end.
    private enum Interruption: Error {
        case connectionLost
        /// The server's packets are too small for its filters.
        case tooLarge
        case over(RetainedSetReport.Failure)
    }

    /// - Returns: the filters that the server did not grant.
    private func fetch(_ slice: RetainedSliceWalk.Slice, _ promptness: inout Promptness) throws(Interruption)
        -> [String]
    {
        try wait { $0.isConnected }
        let epoch = state.withLock { state in
            state.messages = 0
            return state.epoch
        }
        let filters = slice.filters.map {
            Subscription($0, qos: slice.qos, retainAsPublished: false, retainHandling: .send)
        }
        let granted = try answer(epoch) { (request) throws(PublishRefusal) in
            try connection.subscribe(filters, request: request)
        }
        let refused = zip(slice.filters, granted).filter { $1.isFailure }.map(\.0)
        if promptness.slices < Self.promptSlices || state.withLock({ $0.messages }) > promptness.messages {
            _ = try answer(epoch) { (request) throws(PublishRefusal) in
                try connection.unsubscribe(Self.barrier, request: request)
            }
            let before = state.withLock { $0.messages }
            try waitForSilence(epoch)
            let after = state.withLock { $0.messages }
            if after > before {
                promptness = Promptness()
            } else if before > 0 {
                promptness.slices += 1
                promptness.messages = max(promptness.messages, before)
            }
        }
        _ = try answer(epoch) { (request) throws(PublishRefusal) in
            try connection.unsubscribe(slice.filters, request: request)
        }
        return refused
    }

    /// Makes a request and waits for its answer.
    private func answer(
        _ epoch: Int, _ make: (SubscriptionRequest) throws(PublishRefusal) -> Void
    ) throws(Interruption) -> [ReasonCode] {
        let request = state.withLock { state in
            state.requests += 1
            return SubscriptionRequest(rawValue: state.requests)
        }
        do throws(PublishRefusal) { try make(request) } catch { throw .over(.stopped) }
        try wait { $0.results[request] != nil || $0.epoch != epoch || !$0.isConnected }
        switch state.withLock({ $0.results.removeValue(forKey: request) }) {
        case .answered(let reasons): return reasons
        case .tooLarge: throw .tooLarge
        case .connectionLost, nil: throw .connectionLost
        }
    }

    private func pause(_ duration: Duration) throws(Interruption) {
        let end = MonotonicClock.now().advanced(by: duration)
        while MonotonicClock.now() < end {
            if state.withLock({ $0.isStopped }) { throw .over(.stopped) }
            wakeup.wait(timeout: max(.zero, MonotonicClock.now().duration(to: end)))
        }
    }

    /// Waits until no message, nor a part of one, has come for `quiet`.
    private func waitForSilence(_ epoch: Int) throws(Interruption) {
        var activity = -1
        while true {
            let (now, isSame) = state.withLock { ($0.activity, $0.epoch == epoch && $0.isConnected) }
            guard isSame else { throw .connectionLost }
            guard now != activity else { return }
            activity = now
            try pause(limits.quiet)
        }
    }

    /// Waits until the condition holds.
    private func wait(_ holds: (State) -> Bool) throws(Interruption) {
        var activity = -1
        var since = MonotonicClock.now()
        while true {
            let (isDone, isStopped, count, error) = state.withLock {
                (holds($0), $0.isStopped, $0.activity, $0.lastError)
            }
            if isStopped { throw .over(.stopped) }
            if isDone { return }
            let now = MonotonicClock.now()
            if count != activity {
                activity = count
                since = now
            }
            guard now < since.advanced(by: limits.stall) else { throw .over(.stalled(error)) }
            // Messages do not wake this thread; a second is often enough to see that they come.
            wakeup.wait(timeout: .seconds(1))
        }
    }
}
