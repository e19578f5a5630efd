internal import CLinux
internal import Glibc
public import JSON
internal import Threading
internal import Time

/// Answers commands on the daemon's control socket, on a thread of its own.
///
/// At most `maximumClients` at a time, each at most `patience` without a move. Only processes of this user and of root
/// are answered.
public final class ControlServer: Sendable {
    public static let maximumClients = 8
    /// How long a client may be silent, or not read its answer.
    public static let patience = Duration.seconds(10)

    /// The socket's path.
    public let path: String
    private let wakeup: Wakeup
    private let thread: WorkerThread

    /// Starts to answer at `<state>.sock`.
    /// - Parameters:
    ///   - state: the state file, whose `StateLock` the caller holds.
    ///   - reply: makes the answer to a request of somebody. It runs on the server's thread and should not wait.
    /// - Throws: when the socket or the thread cannot be made.
    public init(
        state: String, reply: @escaping @Sendable (JSONValue, ControlPeer) -> JSONValue
    ) throws(ControlError) {
        path = ControlSocket.path(ofState: state)
        let listener = try ControlSocket.listen(at: path)
        do throws(SystemError) {
            wakeup = try Wakeup()
            let loop = try ControlLoop(listener: listener, wakeup: wakeup, reply: reply)
            thread = try WorkerThread(name: "control", owning: loop) { loop in
                var loop = loop
                loop.run()
            }
        } catch {
            close(listener)
            throw .cannotServe(path: path, error)
        }
    }

    /// Stops answering, removes the socket and waits for the thread.
    public func stop() {
        wakeup.signal()
        thread.join()
        unlink(path)
    }
}

/// The server's state and its loop. It owns the listening socket once it runs.
private struct ControlLoop: ~Copyable {
    private static let stopTag: UInt64 = 0
    private static let listenerTag: UInt64 = 1

    private let listener: Int32
    private let wakeup: Wakeup
    private let reply: @Sendable (JSONValue, ControlPeer) -> JSONValue
    private var poller: Poller
    /// By descriptor, which is also the tag: 0 and 1 are standard streams and never clients.
    private var sessions: [UInt64: ControlSession] = [:]

    init(
        listener: Int32, wakeup: Wakeup, reply: @escaping @Sendable (JSONValue, ControlPeer) -> JSONValue
    ) throws(SystemError) {
        let poller = try Poller(maximumEvents: ControlServer.maximumClients + 2)
        try poller.add(wakeup.fileDescriptor, tag: Self.stopTag, interest: .reading)
        try poller.add(listener, tag: Self.listenerTag, interest: .reading)
        self.poller = poller
        self.listener = listener
        self.wakeup = wakeup
        self.reply = reply
    }

    mutating func run() {
        defer {
            for tag in sessions.keys { close(Int32(tag)) }
            close(listener)
        }
        while !wakeup.take() {
            var ready: [UInt64] = []
            // Neither can fail with descriptors that are open, and a poller that did would only be asked again.
            _ = try? poller.wait(timeout: sessions.isEmpty ? nil : .seconds(1)) { ready.append($0.tag) }
            let now = MonotonicClock.now()
            for tag in ready where tag != Self.stopTag {
                if tag == Self.listenerTag { accept(now) } else { advance(tag, now) }
            }
            for (tag, session) in sessions where session.lastMove.duration(to: now) > ControlServer.patience {
                drop(tag)
            }
        }
    }

    private mutating func accept(_ now: MonotonicInstant) {
        let client = cl_accept(listener)
        guard client >= 0 else {
            // Out of descriptors or memory: the client stays ready, so do not ask again at full speed.
            if errno != EAGAIN { usleep(50_000) }
            return
        }
        let tag = UInt64(client)
        guard sessions.count < ControlServer.maximumClients, let peer = ControlSocket.trustedPeer(client),
            tag > Self.listenerTag,
            (try? poller.add(client, tag: tag, interest: .reading)) != nil
        else {
            close(client)
            return
        }
        sessions[tag] = ControlSession(client, peer: peer, now: now)
    }

    private mutating func advance(_ tag: UInt64, _ now: MonotonicInstant) {
        guard var session = sessions[tag] else { return }
        let state = session.advance(now: now, reply)
        sessions[tag] = session
        switch state {
        case .reading: watch(tag, .reading)
        case .writing: watch(tag, .writing)
        case .closed: drop(tag)
        }
    }

    private mutating func watch(_ tag: UInt64, _ interest: Poller.Interest) {
        if (try? poller.change(Int32(tag), tag: tag, interest: interest)) == nil { drop(tag) }
    }

    private mutating func drop(_ tag: UInt64) {
        sessions[tag] = nil
        // Closing takes the descriptor out of the poller.
        close(Int32(tag))
    }
}
