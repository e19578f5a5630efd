internal import Configuration
internal import DatagramListening
internal import Datagrams
internal import Synchronization
internal import Threading
internal import Time

/// Drains one listening address on a thread of its own, which does nothing else: the kernel's receive buffer is the only place
/// where a burst can be lost, so somebody must always be reading it.
///
/// ```text
///  socket ══recvmmsg══▶ batch ──▶ filled ring ──▶ core thread
///                         ▲                           │
///                         └───────── empty ring ◀─────┘
/// ```
///
/// A fixed number of batches goes round. When the core thread holds all of them, datagrams wait in the kernel's buffer, and
/// what that cannot hold is counted as `socketDrops`. This file holds no call that could send.
final class FrameListener: Sendable {
    /// What the listening socket has seen, and those before it that were closed.
    struct Report: Sendable, Equatable {
        var datagrams: UInt64 = 0
        /// Datagrams that the socket had no room for.
        var socketDrops: UInt64 = 0
        /// Frames that the interface below could not take.
        var interfaceErrors: UInt64 = 0
        /// Datagrams longer than any frame.
        var truncated: UInt64 = 0
        /// Why it is closed at the moment.
        var fault: String?
    }

    /// Where it listens.
    struct Place: Sendable, CustomStringConvertible {
        let address: SocketAddress
        /// The one interface that it takes datagrams from; nil: every one.
        let interface: String?

        /// Resolves the address.
        init(_ listening: ListeningAddress) throws(DatagramError) {
            let endpoint = listening.address
            address = try SocketAddress(host: endpoint.host, port: endpoint.port, passive: true)
            interface = listening.interface
        }

        /// What tells two of them apart.
        var description: String { interface.map { "\(address) on \($0)" } ?? address.description }
        var settings: DatagramListener.Settings { DatagramListener.Settings(interface: interface) }
    }

    /// Batches that go round: at most 8 × 64 messages are between kernel and core.
    static let batchCount = 8

    /// How often the interface is looked at: its counters, and whether it is still the one that the socket is bound to.
    private static let interfacePeriod = Duration.milliseconds(500)

    let place: Place
    /// Bytes of receive buffer that were asked for, and that the kernel gave.
    let wantedBufferBytes: Int
    let receiveBufferBytes: Int
    /// Signalled when batches are filled; for the core thread's `Poller`.
    let wakeup: Wakeup
    private let shared = Lock(Report())
    private let stopping: StopFlag
    private let worker: WorkerThread

    /// What the listener's thread owns.
    private struct Ends: ~Copyable {
        var socket: DatagramListener?
        var filled: SPSCRing<DatagramBatch>.Producer
        var empty: SPSCRing<DatagramBatch>.Consumer
    }

    /// What the core thread owns of a listener.
    struct Source: ~Copyable {
        var filled: SPSCRing<DatagramBatch>.Consumer
        var empty: SPSCRing<DatagramBatch>.Producer

        /// The next filled batch. Give it back when its datagrams are read.
        mutating func next() -> DatagramBatch? { filled.pop() }

        mutating func giveBack(_ batch: DatagramBatch) {
            let taken = empty.push(batch)
            precondition(taken, "the ring has room for every batch that goes round")
            empty.wake()
        }
    }

    /// Opens the socket and starts the thread.
    /// - Parameter make: gets the listener, and the end that the core thread reads.
    static func start<Result>(
        on place: Place,
        _ make: (FrameListener, consuming Source) -> Result
    ) throws(DatagramError) -> Result {
        let socket = try DatagramListener(on: place.address, settings: place.settings)
        do throws(SystemError) {
            let filled = try SPSCRing<DatagramBatch>(capacity: batchCount)
            let empty = try SPSCRing<DatagramBatch>(capacity: batchCount)
            var source = Source(filled: filled.consumer(), empty: empty.producer())
            for _ in 0..<batchCount { source.giveBack(DatagramBatch()) }
            let bufferBytes = socket.receiveBufferBytes
            let ends = Ends(socket: consume socket, filled: filled.producer(), empty: empty.consumer())
            let listener = try FrameListener(
                place: place, bufferBytes: bufferBytes, wakeup: filled.wakeup, ends: ends)
            return make(listener, source)
        } catch {
            throw .cannotListen(address: place.description, error)
        }
    }

    private init(
        place: Place, bufferBytes: Int, wakeup: Wakeup, ends: consuming sending Ends
    ) throws(SystemError) {
        self.place = place
        self.wakeup = wakeup
        wantedBufferBytes = place.settings.receiveBufferBytes
        receiveBufferBytes = bufferBytes
        let stopping = StopFlag()
        let shared = shared
        self.stopping = stopping
        worker = try WorkerThread(name: "listen", owning: ends) { ends in
            var ends = ends
            Self.drain(&ends, place, shared, stopping)
        }
    }

    var report: Report { shared.withLock { $0 } }

    /// Ends the thread and closes the socket. What was filled stays to be read.
    func stop() {
        stopping.raise()
        worker.join()
    }

    private static func drain(
        _ ends: inout Ends, _ place: Place, _ shared: Lock<Report>, _ stopping: StopFlag
    ) {
        var spare: DatagramBatch?
        var report = Report()
        // What the sockets counted that were closed.
        var closed = Report()
        var isDeaf = false
        let interface = InterfaceErrors(below: place.address, interface: place.interface)
        var nextLook = MonotonicInstant.distantPast
        while !stopping.isRaised {
            if MonotonicClock.now() >= nextLook {
                nextLook = MonotonicClock.now().advanced(by: Self.interfacePeriod)
                report.interfaceErrors = interface.count
                isDeaf = ends.socket?.isDeaf ?? false
                shared.withLock { $0 = report }
            }
            guard let batch = spare ?? ends.empty.pop() else {
                ends.empty.wait(timeout: .milliseconds(100))
                continue
            }
            spare = batch
            do throws(SystemError) {
                guard let count = try ends.socket?.receive(into: batch, timeout: .milliseconds(100)) else {
                    closed = report
                    reopen(&ends, place, &report, shared)
                    continue
                }
                if count > 0 {
                    report.datagrams += UInt64(count)
                    report.socketDrops = closed.socketDrops + (ends.socket?.socketDrops ?? 0)
                    report.truncated = closed.truncated + (ends.socket?.truncated ?? 0)
                    shared.withLock { $0 = report }
                    spare = nil
                    _ = ends.filled.push(batch)
                    ends.filled.wake()
                } else if isDeaf {
                    // Only now: what came before the interface went away is not thrown away with the socket.
                    isDeaf = false
                    ends.socket = nil
                }
            } catch {
                ends.socket = nil
                report.fault = error.description
                shared.withLock { $0 = report }
            }
        }
        ends.filled.finish()
    }

    /// The socket broke, or is deaf because its interface went away: another one, as soon as that works.
    private static func reopen(
        _ ends: inout Ends, _ place: Place, _ report: inout Report, _ shared: Lock<Report>
    ) {
        do throws(DatagramError) {
            ends.socket = try DatagramListener(on: place.address, settings: place.settings)
            report.fault = nil
        } catch {
            report.fault = error.description
            ends.empty.wait(timeout: .milliseconds(100))
        }
        shared.withLock { $0 = report }
    }
}

/// A wish to stop that another thread reads.
final class StopFlag: Sendable {
    private let flag = Atomic<Bool>(false)

    var isRaised: Bool { flag.load(ordering: .acquiring) }
    func raise() { flag.store(true, ordering: .releasing) }
}
