internal import Glibc
internal import MQTTProtocol
internal import Threading
internal import Time

/// What the connection's thread does.
///
/// ```text
///  dial ─▶ serve: ┌▶ take mail ─▶ tick ─▶ write ─▶ tell ─▶ sleep ─▶ read ─▶ tell ┐ ─▶ settle what is lost ─▶ pause ┐
///   ▲             └────────────────────────────────────────────────────────────┘                               │
///   └───────────────────────────────────────────────────────────────────────────────────────────────────────────┘
/// ```
struct ConnectionLoop: ~Copyable {
    /// Publishes are encoded only while less than this waits to be written.
    static let outputLowWater = 256 << 10

    /// When a read of less than `gatherBelow` bytes follows another read within `busyWithin`, the next read waits `gatherTime`,
    /// so that it finds more packets. A stream of small reads then costs a tenth of the system calls and leaves the processor
    /// to the broker. A lone packet never waits.
    static let gatherBelow = 16 << 10
    static let busyWithin = Duration.microseconds(300)
    static let gatherTime = Duration.microseconds(100)
    /// So many publishes under way keep the server busy for longer than `gatherTime`. With fewer, the loop does not wait while
    /// other publishes wait for the window.
    static let gatherUnderWay = 64

    /// How long a stop waits, beyond its drain time, for the server to take the last bytes and to close.
    static let goodbyeTime = Duration.milliseconds(500)

    private let settings: ConnectionSettings
    private let mailbox: Mailbox
    private let observer: Connection.Observer
    private let sleeper: Sleeper

    private var session: Session
    private var events = SessionEvents()
    private var input = ReceiveBuffer()
    private var publishes = PublishQueue()
    private var requests: [Mailbox.Request] = []
    private var progress = Mailbox.Progress()
    private var backoff: Backoff
    private var versions: VersionChoice
    /// The one that was dialled last: host and port.
    private var serverName = ""
    /// A server had no session of ours, over a connection that nobody was told of: the next one finds what that one began.
    private var isSessionNew = false
    /// Which of the servers is dialled first.
    private var firstServer = 0
    /// The last publishes were not encoded only because `outputLowWater` was reached.
    private var isOutputFull = false
    /// When something was read last, and whether the next read is to wait for more.
    private var lastReadAt = Duration.zero
    private var isGathering = false
    /// Since when the server has taken nothing of what waits to be written.
    private var blockedSince: Duration?

    /// How serving a connection ended.
    private enum Ending {
        case failed(ConnectionError)
        case stopped
    }

    init(_ settings: ConnectionSettings, mailbox: Mailbox, observer: Connection.Observer) {
        self.settings = settings
        self.mailbox = mailbox
        self.observer = observer
        sleeper = Sleeper(mailbox: mailbox)
        session = Session(settings)
        versions = VersionChoice(settings.version)
        backoff = Backoff(minimum: settings.reconnectMinimum, maximum: settings.reconnectMaximum)
    }

    mutating func run() {
        blockSignals()
        while !isStopOver {
            observer.changed(.connecting(attempt: backoff.failures + 1))
            let version = versions.next(now: sleeper.now())
            var started: Duration?
            var server: Int?
            let failure: ConnectionError
            do throws(ConnectionError) {
                let password = try settings.readPassword()
                guard let way = try Dialer(settings: settings, sleeper: sleeper).dial(firstServer) else { break }
                server = way.server
                let name = settings.servers[way.server]
                serverName = "\(name.host):\(name.port)"
                let ending = serve(way.stream, version: version, password: password)
                started = session.grantedAt
                closeSession()
                guard case .failed(let error) = ending else { break }
                failure = error
            } catch {
                failure = error
            }
            // A server that does not let us in gives way to the next one.
            firstServer = started == nil ? server.map { $0 + 1 } ?? 0 : 0
            if failure == .versionCompared { continue }
            let isAnswered = started != nil || failure.isAnswer
            let isNext = versions.ended(
                failure, isAnswered: isAnswered, isDialled: server != nil, now: sleeper.now())
            if isNext { continue }
            let told =
                failure.isSilence && started == nil && server != nil && version == .v5
                ? ConnectionError.unanswered(failure.description) : failure
            let lifetime = started.map { sleeper.now() - $0 }
            let pause = backoff.pause(afterLifetime: lifetime, random: .random(in: 0 ... .max))
            observer.changed(.disconnected(told, retry: pause))
            if mailbox.stopRequested != nil, isDrained { break }
            if case .stopped = sleeper.sleep(until: sleeper.now() + pause, on: -1, writing: false) { break }
        }
        finish()
    }

    /// A daemon reads signals on one thread; and OpenSSL's writes must not raise SIGPIPE here.
    private func blockSignals() {
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, nil)
    }

    private var isStopOver: Bool {
        guard let stop = mailbox.stopRequested else { return false }
        return sleeper.now() >= stop.deadline
    }

    private var hasQueuedPublishes: Bool { mailbox.queuedPublishes > progress.messagesTaken }

    // MARK: - One connection

    private mutating func serve(
        _ stream: consuming ByteStream, version: ProtocolVersion, password: [UInt8]?
    ) -> Ending {
        let stream = stream
        input.removeAll()
        blockedSince = nil
        session.open(version: version, password: password, now: sleeper.now())
        do throws(ConnectionError) {
            while true {
                let stop = takeMail()
                try tick()
                try write(to: stream)
                tell()
                if let stop, isDrained || sleeper.now() >= stop.deadline {
                    sayGoodbye(stop, over: stream)
                    return .stopped
                }
                let isReadable = sleep(stream, stop: stop)
                if isReadable || stream.hasBuffered { try read(from: stream) }
            }
        } catch {
            // The packet in which the session names the fault may still reach the server.
            if case .session = error { _ = try? stream.write(session.output.span) }
            if error == .versionCompared { _ = try? stream.write(session.output.span) }
            return .failed(error)
        }
    }

    /// Moves what the users want into the session.
    private mutating func takeMail() -> Mailbox.Stop? {
        let mail = mailbox.take(publishes: &publishes, progress: progress)
        progress.messagesTaken = 0
        progress.bytesTaken = 0
        progress.requestsAnswered = 0
        if !mail.acknowledged.isEmpty { for delivery in mail.acknowledged { session.acknowledge(delivery) } }
        if let last = mail.acknowledgedThrough { session.acknowledge(through: last) }
        if !mail.requests.isEmpty { requests.append(contentsOf: mail.requests) }
        let now = sleeper.now()
        for release in mail.releases { session.release(release.identifier, token: release.token, now: now) }
        sendRequests(now)
        sendPublishes(now)
        return mail.stop
    }

    private mutating func sendRequests(_ now: Duration) {
        guard !requests.isEmpty else { return }
        var sent = 0
        loop: for request in requests {
            switch request {
            case .subscribe(let filters, let request):
                guard session.subscribe(filters, request: request, now: now, events: &events) else { break loop }
            case .unsubscribe(let filters, let request):
                guard session.unsubscribe(filters, request: request, now: now, events: &events) else { break loop }
            }
            sent += 1
        }
        requests.removeFirst(sent)
        progress.requestsAnswered += sent
    }

    private mutating func sendPublishes(_ now: Duration) {
        isOutputFull = false
        while !publishes.isEmpty {
            guard session.output.pending < Self.outputLowWater else {
                isOutputFull = true
                return
            }
            guard let bytes = Self.sendFirst(of: publishes, to: &session, now, &events) else { return }
            dropFirstPublish(bytes)
        }
    }

    /// - Returns: what the publish takes in its queue; nil if the session has no room for it.
    private static func sendFirst(
        of queue: borrowing PublishQueue, to session: inout Session, _ now: Duration, _ events: inout SessionEvents
    ) -> Int? {
        let queued = queue.first()
        let isTaken = session.publish(queued.message, token: queued.token, now: now, events: &events)
        return isTaken ? queued.queueBytes : nil
    }

    private mutating func dropFirstPublish(_ bytes: Int) {
        publishes.removeFirst(queueBytes: bytes)
        progress.messagesTaken += 1
        progress.bytesTaken += bytes
    }

    private var isDrained: Bool {
        publishes.isEmpty && !hasQueuedPublishes && requests.isEmpty && session.isSettled
    }

    private mutating func tick() throws(ConnectionError) {
        do throws(SessionError) { try session.tick(now: sleeper.now()) } catch { throw .session(error) }
    }

    private mutating func write(to stream: borrowing ByteStream) throws(ConnectionError) {
        while session.output.pending > 0 {
            let now = sleeper.now()
            switch try stream.write(session.output.span) {
            case .bytes(let count):
                session.wrote(count, now: now)
                blockedSince = nil
            case .blocked:
                let since = blockedSince ?? now
                blockedSince = since
                guard now < since + settings.responseTimeout else { throw .writeStalled(settings.responseTimeout) }
                return
            case .closed: throw .closedByServer
            }
        }
        blockedSince = nil
    }

    /// - Returns: whether the stream is readable.
    private mutating func sleep(_ stream: borrowing ByteStream, stop: Mailbox.Stop?) -> Bool {
        guard !stream.hasBuffered else { return true }
        gather()
        let canSend = session.isConnected && publishes.isEmpty
        let hasMore = isOutputFull && session.output.pending < Self.outputLowWater
        guard !hasMore, mailbox.fallAsleep(wantsMail: true, wantsPublishes: canSend, knowsStop: stop != nil) else {
            return sleeper.poll(stream.descriptor, Int16(POLLIN), timeout: .zero)
        }
        let stall = blockedSince.map { $0 + settings.responseTimeout }
        let deadline = earlier(earlier(session.deadline, stall), stop?.deadline)
        let timeout = deadline.map { $0 - sleeper.now() } ?? .seconds(3_600)
        let events = Int16(POLLIN) | (session.output.pending > 0 ? Int16(POLLOUT) : 0)
        let isReady = sleeper.poll(stream.descriptor, events, timeout: timeout)
        mailbox.wakeUp()
        return isReady
    }

    /// Sleeps for `gatherTime` if the next read is to wait, unless something of ours is still to be written.
    private mutating func gather() {
        guard isGathering else { return }
        isGathering = false
        let isWaitedFor = !publishes.isEmpty && session.outbound.onWire < Self.gatherUnderWay
        guard !isWaitedFor, session.output.pending == 0 else { return }
        var time = timespec(tv_sec: 0, tv_nsec: Int(Self.gatherTime.nanoseconds))
        nanosleep(&time, nil)
    }

    private mutating func read(from stream: borrowing ByteStream) throws(ConnectionError) {
        input.makeRoom(packetBytes: session.bytesWanted(input.readable))
        let bytes: Int
        switch try input.fill(from: stream) {
        case .blocked: return
        case .closed: throw .closedByServer
        case .bytes(let count): bytes = count
        }
        let now = sleeper.now()
        isGathering = bytes < Self.gatherBelow && now - lastReadAt < Self.busyWithin
        lastReadAt = now
        while true {
            var failure: SessionError?
            var taken = 0
            do throws(SessionError) {
                taken = try Self.receive(input, session: &session, now, &events)
            } catch {
                failure = error
            }
            if let grant = events.grant {
                isSessionNew = isSessionNew || !grant.sessionPresent
                events.grant?.sessionPresent = !isSessionNew
                events.grant?.server = serverName
            }
            if let grant = events.grant, versions.granted(grant.version) {
                events.clear()
                session.disconnect(withWill: false)
                throw .versionCompared
            }
            tell()
            input.take(taken)
            if let failure { throw .session(failure) }
            if taken == 0 { return }
        }
    }

    private static func receive(
        _ input: borrowing ReceiveBuffer, session: inout Session, _ now: Duration, _ events: inout SessionEvents
    ) throws(SessionError) -> Int {
        try session.receive(input.readable, now: now, events: &events)
    }

    /// Tells the observer what happened in the session. Messages among the events are views into `input`.
    private mutating func tell() {
        guard !events.isEmpty else { return }
        if let grant = events.grant {
            isSessionNew = false
            observer.changed(.connected(grant))
        }
        if !events.hasOnlyGrant { Self.tell(observer, events, input, session.version) }
        events.clear()
    }

    private static func tell(
        _ observer: Connection.Observer, _ events: borrowing SessionEvents, _ input: borrowing ReceiveBuffer,
        _ version: ProtocolVersion
    ) {
        observer.received(events.batch(bytes: input.readable, version: version))
    }

    /// Sends what is left, says goodbye, and waits for the server to close: closing with unread bytes would reset the
    /// connection, and the server might never read what was sent last.
    private mutating func sayGoodbye(_ stop: Mailbox.Stop, over stream: borrowing ByteStream) {
        session.disconnect(withWill: stop.withWill, endsSession: stop.endsSession)
        let deadline = sleeper.now() + Self.goodbyeTime
        do throws(ConnectionError) {
            while session.output.pending > 0 {
                try write(to: stream)
                guard session.output.pending > 0 else { break }
                guard sleeper.now() < deadline else { return }
                _ = sleeper.poll(stream.descriptor, Int16(POLLOUT), timeout: .milliseconds(10))
            }
            stream.finishWriting()
            while sleeper.now() < deadline {
                input.removeAll()
                input.makeRoom(packetBytes: nil)
                switch try input.fill(from: stream) {
                case .closed: return
                case .bytes: continue
                case .blocked:
                    _ = sleeper.poll(stream.descriptor, Int16(POLLIN), timeout: deadline - sleeper.now())
                }
            }
        } catch {
            // The server has closed first, or broke off: there is nobody left to say goodbye to.
        }
    }

    private mutating func closeSession() {
        input.removeAll()
        session.close(events: &events)
        tell()
    }

    // MARK: - The end

    /// Settles everything that was accepted and is not settled.
    private mutating func finish() {
        session.abandon(events: &events)
        takeRest()
        tell()
        observer.changed(.stopped)
    }

    private mutating func takeRest() {
        // The thread's own queue, then the mailbox's.
        for _ in 0..<2 {
            while !publishes.isEmpty {
                let (token, bytes) = publishes.firstToken
                events.settlements.append(Settlement(token: token, outcome: .notSent))
                dropFirstPublish(bytes)
            }
            requests.append(contentsOf: mailbox.take(publishes: &publishes, progress: progress).requests)
            progress.messagesTaken = 0
            progress.bytesTaken = 0
        }
        for request in requests {
            let number: SubscriptionRequest
            switch request {
            case .subscribe(_, let request), .unsubscribe(_, let request): number = request
            }
            events.subscriptions.append(SubscriptionResult(request: number, outcome: .connectionLost))
        }
    }
}
