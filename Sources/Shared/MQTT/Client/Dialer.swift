internal import Glibc
internal import MQTTProtocol
internal import Threading
internal import Time

/// Opens the way to a server: takes one after the other, looks up its host, tries each address in turn, shakes hands over TLS.
struct Dialer {
    let settings: ConnectionSettings
    let sleeper: Sleeper

    /// A stream, and to which of the servers.
    struct Way: ~Copyable {
        let stream: ByteStream
        let server: Int
    }

    /// - Parameter first: which of the servers to begin with; beyond the last one it counts on from the first.
    /// - Throws: why the last address failed.
    /// - Returns: nil when the connection was stopped meanwhile.
    func dial(_ first: Int) throws(ConnectionError) -> Way? {
        let servers = settings.servers
        var failure = ConnectionError.resolve(host: settings.host, reason: "no address")
        for offset in servers.indices {
            let index = (first + offset) % servers.count
            do throws(ConnectionError) {
                guard let stream = try dial(servers[index]) else { return nil }
                return Way(stream: stream, server: index)
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private func dial(_ server: ConnectionSettings.Server) throws(ConnectionError) -> ByteStream? {
        guard let addresses = try resolve(server) else { return nil }
        var failure = ConnectionError.resolve(host: server.host, reason: "no address")
        for address in addresses {
            do throws(ConnectionError) {
                return try connect(to: address, of: server)
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private func resolve(_ server: ConnectionSettings.Server) throws(ConnectionError) -> [SocketAddress]? {
        if let literal = AddressResolver.literal(server.host, port: server.port) { return literal }
        let resolver: AddressResolver
        do throws(SystemError) {
            resolver = try AddressResolver(host: server.host, port: server.port)
        } catch { throw .network(error) }
        let deadline = sleeper.now() + settings.connectTimeout
        while true {
            if let answer = resolver.answer { return try answer.get() }
            switch sleeper.sleep(until: deadline, on: resolver.finished.fileDescriptor, writing: false) {
            case .stopped: return nil
            case .ready: continue
            case .late: throw .resolve(host: server.host, reason: "no answer in time")
            }
        }
    }

    private func connect(
        to address: SocketAddress, of server: ConnectionSettings.Server
    ) throws(ConnectionError) -> ByteStream? {
        let deadline = sleeper.now() + settings.connectTimeout
        let socket = try TCPSocket(connectingTo: address)
        switch sleeper.sleep(until: deadline, on: socket.descriptor, writing: true) {
        case .stopped: return nil
        case .late: throw .dialTimeout(address: address.text)
        case .ready: break
        }
        if let fault = socket.connectionFault { throw .dial(address: address.text, fault) }
        guard let tls = settings.tls else { return .tcp(socket) }
        let context = try TLSContext(tls, host: server.host)
        let stream = try TLSStream(context, over: socket)
        while true {
            switch try stream.shakeHands() {
            case .bytes: return .tls(stream)
            case .closed: throw .tls(.failed(reason: "the server closed the connection during the handshake"))
            case .blocked(let writing):
                switch sleeper.sleep(until: deadline, on: stream.descriptor, writing: writing) {
                case .stopped: return nil
                case .late: throw .tls(.failed(reason: "no answer in time"))
                case .ready: continue
                }
            }
        }
    }
}

extension ConnectionSettings {
    /// The password of now; nil for the one of the settings.
    func readPassword() throws(ConnectionError) -> [UInt8]? {
        guard let passwordSource else { return nil }
        do throws(PasswordFault) { return try passwordSource() } catch { throw .password(error.reason) }
    }
}

/// Lets the connection's thread sleep until a descriptor is ready, the time is over, or the connection is stopped.
struct Sleeper {
    enum End { case ready, late, stopped }

    let mailbox: Mailbox

    func now() -> Duration { MonotonicClock.now().sinceStart }

    /// For what comes before and between connections: only a stop whose drain time is over interrupts it.
    /// - Parameter descriptor: negative to wait for time alone.
    func sleep(until deadline: Duration, on descriptor: Int32, writing: Bool) -> End {
        while true {
            let stop = mailbox.stopRequested
            let now = now()
            if let stop, now >= stop.deadline { return .stopped }
            guard now < deadline else { return .late }
            guard mailbox.fallAsleep(wantsMail: false, wantsPublishes: false, knowsStop: stop != nil) else { continue }
            let end = min(deadline, stop?.deadline ?? deadline)
            let isReady = poll(descriptor, writing ? Int16(POLLOUT) : Int16(POLLIN), timeout: end - now)
            mailbox.wakeUp()
            if isReady { return .ready }
        }
    }

    /// Waits for the mailbox's wake-up, which it takes, and a descriptor.
    /// - Returns: whether the descriptor is ready, or broken.
    func poll(_ descriptor: Int32, _ events: Int16, timeout: Duration) -> Bool {
        var entries = (
            pollfd(fd: mailbox.wakeupDescriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: descriptor, events: events, revents: 0)
        )
        let (seconds, attoseconds) = max(timeout, .zero).components
        let milliseconds = min(seconds, 86_400) * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        // Two entries lie side by side in the tuple.
        let count = withUnsafeMutableBytes(of: &entries) { buffer in
            Glibc.poll(buffer.assumingMemoryBound(to: pollfd.self).baseAddress, 2, Int32(milliseconds))
        }
        if count > 0, entries.0.revents != 0 { mailbox.takeWakeup() }
        return count > 0 && entries.1.revents != 0
    }
}
