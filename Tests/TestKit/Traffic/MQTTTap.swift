import Foundation
import Glibc
import Synchronization
import Threading
import Time

/// Stands on the wire between a broker and its client and keeps an account of numbered messages.
///
/// ```text
/// OT broker ══ .fromServer ══▶ tap ══▶ diode-send        what was handed to the sender, what it acknowledged
/// diode-recv ══ .fromClient ══▶ tap ══▶ IT broker        what the receiver published, what the broker acknowledged
/// ```
///
/// Only what a connection said counts, so a broker that is killed and forgets cannot make a message unseen. Bytes pass whole
/// packet by packet, unchanged, with at most 256 KiB on their way: a side that stops reading is felt by the other.
public final class MQTTTap: Sendable {
    public enum Direction: Sendable { case fromServer, fromClient }

    /// Where the client connects to.
    public let port: UInt16
    private let account = Lock(TapAccount())
    private let flying = Atomic<Int>(0)
    private let refusing = Atomic<Bool>(false)
    private let stopping = Atomic<Bool>(false)
    private static let origin = MonotonicClock.now()
    private let thread = Lock<WorkerThread?>(nil)

    /// Starts to pass connections on.
    /// - Parameters:
    ///   - server: the broker's port of 127.0.0.1.
    ///   - direction: which way the messages go that count.
    public init(to server: UInt16, _ direction: Direction) throws {
        port = freePort()
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var on: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        guard withLoopback(port, { bind(listener, $0, $1) }) == 0, listen(listener, 64) == 0 else {
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EADDRINUSE)
        }
        // The thread holds the tap until `stop`.
        let started = try WorkerThread(name: "mqtt-tap") { [self] in
            run(listener, server, fromServer: direction == .fromServer)
        }
        thread.withLock { $0 = started }
    }

    /// Ends all connections and the thread; without it the tap lives as long as the process.
    public func stop() {
        stopping.store(true, ordering: .releasing)
        thread.withLock { $0 }?.join()
    }

    /// Since the first tap of this process began: the time of all accounts.
    public static var milliseconds: UInt32 {
        // The origin first: whoever asks first makes it.
        let origin = origin
        return UInt32(clamping: origin.duration(to: MonotonicClock.now()).milliseconds)
    }
    /// Messages that were handed over on a connection that stands, and are not acknowledged.
    public var inFlight: Int { flying.load(ordering: .acquiring) }

    /// While true the broker refuses: connections are closed, and new ones as soon as they are accepted.
    public var isRefusing: Bool {
        get { refusing.load(ordering: .acquiring) }
        set { refusing.store(newValue, ordering: .releasing) }
    }

    /// Reads the account while it stands still. It can be large: take out what is needed.
    public func read<Result: Sendable>(_ body: @Sendable (TapAccount) -> Result) -> Result {
        account.withLock { body($0) }
    }

    private func run(_ listener: Int32, _ server: UInt16, fromServer: Bool) {
        var connections: [Int32: TapSlot] = [:]
        var events: [TapConnection.Event] = []
        while !stopping.load(ordering: .acquiring) {
            var waiting = [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
            for slot in connections.values { waiting += slot.connection.interests }
            _ = poll(&waiting, nfds_t(waiting.count), 50)
            if waiting[0].revents != 0, let slot = Self.accept(listener, server, fromServer) {
                connections[slot.connection.client] = slot
            }
            let ready = Set(waiting.dropFirst().filter { $0.revents != 0 }.map(\.fd))
            for (key, slot) in connections {
                guard !isRefusing else {
                    connections[key] = nil
                    ended(slot)
                    continue
                }
                guard ready.contains(slot.connection.client) || ready.contains(slot.connection.server) else {
                    continue
                }
                events.removeAll(keepingCapacity: true)
                let isOpen = slot.connection.pump(&events)
                note(events)
                guard !isOpen else { continue }
                connections[key] = nil
                ended(slot)
            }
            flying.store(connections.values.reduce(0) { $0 + $1.connection.unacknowledged }, ordering: .releasing)
        }
        close(listener)
    }

    private func note(_ events: [TapConnection.Event]) {
        guard !events.isEmpty else { return }
        let now = Self.milliseconds
        account.withLock { account in
            for event in events {
                switch event {
                case .handedOver(let number, let stamp, let sideways):
                    account.handOver(number, stamp, sideways: sideways, at: now)
                case .acknowledged(let number, let stamp): account.acknowledge(number, stamp, at: now)
                case .refused: account.refuse()
                }
            }
        }
    }

    private func ended(_ slot: TapSlot) {
        slot.connection.finish()
        let (unacknowledged, now) = (slot.connection.unacknowledged, Self.milliseconds)
        account.withLock { $0.end(unacknowledged: unacknowledged, at: now) }
    }

    private static func accept(_ listener: Int32, _ server: UInt16, _ fromServer: Bool) -> TapSlot? {
        let client = Glibc.accept(listener, nil, nil)
        guard client >= 0 else { return nil }
        let onward = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        _ = fcntl(client, F_SETFD, FD_CLOEXEC)
        guard withLoopback(server, { connect(onward, $0, $1) }) == 0 else {
            close(onward)
            close(client)
            return nil
        }
        return TapSlot(TapConnection(client: client, server: onward, fromServer: fromServer))
    }
}

/// A place for a connection in a dictionary, which holds no move-only values. The tap's thread alone has it.
private final class TapSlot {
    var connection: TapConnection

    init(_ connection: consuming TapConnection) { self.connection = connection }
}
