import Foundation
import Glibc
import Threading

/// A link that can be hurt: takes datagrams at one port of 127.0.0.1 and passes them on to another, in one direction only.
///
/// What it does to them a `FaultInjector` decides; this is its thread, its two sockets and its clock. The datagrams on their way
/// are limited to `queueLimit`; more are lost and counted as `overflow`.
public final class LossyRelay: Sendable {
    /// What happened at the relay's own edges, beside the injector's counts.
    public struct Edges: Sendable, Equatable {
        /// Passed on, forgeries and repetitions included; refused by the kernel when passed on.
        public var forwarded = 0
        public var refused = 0
        /// Lost because too many were on their way.
        public var overflow = 0
        /// Lost before the relay read them: its receive buffer was full.
        public var unread = 0
        /// Given by `inject`.
        public var injected = 0
    }

    static let queueLimit = 65_536

    private struct State: Sendable {
        var injector: FaultInjector
        var edges = Edges()
        var stopped = false
        var injections: [[UInt8]] = []
        /// The newest datagrams that came in, when `recordLimit` > 0.
        var recorded: [[UInt8]] = []
        var recordLimit = 0
        /// Since when time goes by more slowly on the link, and by how much.
        var slow: (since: ContinuousClock.Instant, share: Double)?

        var delay: Duration { slow.map { ($0.since.duration(to: .now)) * $0.share } ?? .zero }
    }

    /// Where the sender sends to.
    public let port: UInt16
    private let state: Lock<State>
    private let thread: WorkerThread

    /// Starts relaying.
    /// - Parameters:
    ///   - destination: the port of 127.0.0.1 that the receiver listens on.
    ///   - record: how many of the newest datagrams to keep for `recorded`.
    public init(to destination: UInt16, faults: LinkFaults = LinkFaults(), seed: UInt64 = 1, record: Int = 0) throws {
        port = freePort()
        var initial = State(injector: FaultInjector(faults: faults, seed: seed))
        initial.recordLimit = record
        state = Lock(initial)
        let sockets = try RelaySockets(from: port, to: destination)
        let state = state
        thread = try WorkerThread(name: "lossy-relay", owning: sockets) { sockets in
            LossyRelay.loop(sockets, state)
        }
    }

    deinit {
        state.withLock { $0.stopped = true }
        thread.join()
    }

    /// How the link hurts from now on.
    public var faults: LinkFaults {
        get { state.withLock { $0.injector.faults } }
        set { state.withLock { $0.injector.faults = newValue } }
    }

    /// From now on each datagram is later than the one before: what enters `t` after this call leaves `share × t` later. nil: not any more.
    public func slowDown(by share: Double?) { state.withLock { $0.slow = share.map { (.now, $0) } } }

    public var counts: FaultInjector.Counts { state.withLock { $0.injector.counts } }

    public var edges: Edges {
        var edges = state.withLock { $0.edges }
        edges.unread = receiveBufferDrops(port)
        return edges
    }

    /// The newest datagrams that the sender sent, oldest first.
    public var recorded: [[UInt8]] { state.withLock { $0.recorded } }

    /// Sends these bytes to the receiver, as somebody with access to the fibre could.
    public func inject(_ datagram: [UInt8]) { state.withLock { $0.injections.append(datagram) } }

    private static func loop(_ sockets: consuming RelaySockets, _ state: Lock<State>) {
        var waiting = DelayedDatagrams()
        while true {
            let (stopped, injections) = state.withLock { state in
                defer { state.injections = [] }
                return (state.stopped, state.injections)
            }
            if stopped { return }
            var edges = Edges()
            for datagram in injections {
                edges.injected += 1
                sockets.forward(datagram, counting: &edges)
            }
            // Short sleeps, so that a change of mind or an injection is never late by more than a few milliseconds.
            sockets.waitReadable(milliseconds: waiting.isEmpty ? 5 : 1)
            for _ in 0..<256 {
                guard let datagram = sockets.receive() else { break }
                let (arrivals, delay) = state.withLock { state in
                    if state.recordLimit > 0 {
                        if state.recorded.count >= state.recordLimit { state.recorded.removeFirst() }
                        state.recorded.append(datagram)
                    }
                    return (state.injector.pass(datagram), state.delay)
                }
                for arrival in arrivals {
                    let after = .nanoseconds(Int64(arrival.afterNanoseconds)) + delay
                    if after == .zero {
                        sockets.forward(arrival.bytes, counting: &edges)
                    } else if waiting.count >= queueLimit {
                        edges.overflow += 1
                    } else {
                        waiting.insert(arrival.bytes, due: .now + after)
                    }
                }
            }
            while let datagram = waiting.popDue(at: .now) { sockets.forward(datagram, counting: &edges) }
            let passed = edges
            state.withLock { $0.edges.add(passed) }
        }
    }
}

extension LossyRelay.Edges {
    fileprivate mutating func add(_ other: Self) {
        forwarded += other.forwarded
        refused += other.refused
        overflow += other.overflow
        injected += other.injected
    }
}

/// Datagrams that are held back, the next one due first.
private struct DelayedDatagrams {
    /// Sorted by due time, latest first.
    private var entries: [(due: ContinuousClock.Instant, bytes: [UInt8])] = []

    var isEmpty: Bool { entries.isEmpty }
    var count: Int { entries.count }

    mutating func insert(_ bytes: [UInt8], due: ContinuousClock.Instant) {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].due > due { low = middle + 1 } else { high = middle }
        }
        entries.insert((due, bytes), at: low)
    }

    mutating func popDue(at now: ContinuousClock.Instant) -> [UInt8]? {
        guard let last = entries.last, last.due <= now else { return nil }
        entries.removeLast()
        return last.bytes
    }
}

/// The relay's two ends: one socket that only reads, one that only writes.
private struct RelaySockets: ~Copyable {
    private let entrance: Int32
    private let exit: Int32
    private let destination: UInt16
    private var buffer = [UInt8](repeating: 0, count: 65_536)

    init(from port: UInt16, to destination: UInt16) throws {
        self.destination = destination
        entrance = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        exit = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        // As root beyond the system's limit, else as much as allowed: what is lost here shows as `unread`.
        var bytes: Int32 = 16 << 20
        let size = socklen_t(MemoryLayout<Int32>.size)
        setsockopt(entrance, SOL_SOCKET, SO_RCVBUF, &bytes, size)
        setsockopt(entrance, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, size)
        guard withLoopback(port, { bind(entrance, $0, $1) }) == 0 else {
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EADDRINUSE)
        }
    }

    deinit {
        close(entrance)
        close(exit)
    }

    func waitReadable(milliseconds: Int32) {
        var waiting = pollfd(fd: entrance, events: Int16(POLLIN), revents: 0)
        _ = poll(&waiting, 1, milliseconds)
    }

    mutating func receive() -> [UInt8]? {
        let count = recv(entrance, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        return count < 0 ? nil : Array(buffer[..<count])
    }

    func forward(_ datagram: [UInt8], counting edges: inout LossyRelay.Edges) {
        let sent = withLoopback(destination) { sendto(exit, datagram, datagram.count, 0, $0, $1) }
        if sent == datagram.count { edges.forwarded += 1 } else { edges.refused += 1 }
    }
}

/// Datagrams that the kernel dropped because the receive buffer of this UDP port was full (the last column of /proc/net/udp).
public func receiveBufferDrops(_ port: UInt16) -> Int {
    let table = (try? String(contentsOfFile: "/proc/net/udp", encoding: .utf8)) ?? ""
    let suffix = ":" + String(UInt32(port) + 0x10000, radix: 16, uppercase: true).suffix(4)
    return table.split(separator: "\n").dropFirst().reduce(0) { sum, line in
        let fields = line.split(separator: " ")
        guard fields.count > 12, fields[1].hasSuffix(suffix) else { return sum }
        return sum + (Int(fields[12]) ?? 0)
    }
}
