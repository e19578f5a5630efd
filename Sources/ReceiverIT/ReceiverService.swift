import Configuration
import Crypto
import Datagrams
public import DiodeProtocol
public import EventLog
public import Outbox
import Threading

/// The receiver as a daemon runs it: listeners, the core thread, and an outbox for each link.
///
/// ```text
///  listen thread (one per address) ─▶ rings ─▶ core thread: all links ─▶ DeliveryQueue per link ─▶ (Republish)
/// ```
///
/// What it needs is read and checked by `init`; `start` opens sockets and threads; `stop` reads what was received and ends.
public final class ReceiverService: Sendable {
    /// Called on the core thread: hand over and return.
    public struct Observer: Sendable {
        /// About four times a second, for each link.
        public var status: @Sendable (LinkSnapshot) -> Void
        /// A gap of a link opened or closed.
        public var gap: @Sendable (String, Gap) -> Void

        public init(
            status: @escaping @Sendable (LinkSnapshot) -> Void, gap: @escaping @Sendable (String, Gap) -> Void
        ) {
            self.status = status
            self.gap = gap
        }
    }

    private struct Link: Sendable {
        let name: String
        let card: LinkCard
        let listen: [SocketAddress]
        let queue: DeliveryQueue
    }

    private struct Running: Sendable {
        let listeners: [FrameListener]
        let core: WorkerThread
    }

    /// What deliveries may take in memory, all links together: the outbox is not on disk yet, so a larger `outbox.limit`
    /// is cut to this.
    public static let outboxMemoryLimit = 512 << 20

    private let links: [Link]
    private let settings: ReceiverCore.Settings
    private let log: EventLog
    private let wakeup: Wakeup
    private let stopping = StopFlag()
    private let shared = Lock(ReceiverStatus(at: UnixMilliseconds(rawValue: 0)))
    private let running = Lock<Running?>(nil)

    /// Reads the cards and resolves the addresses.
    /// - Throws: what keeps the receiver from starting, in one line.
    public init(_ configuration: ReceiverConfiguration, log: EventLog) throws(ReceiverServiceError) {
        self.log = log
        var settings = ReceiverCore.Settings()
        settings.reorderWindow = configuration.reorderTimeout
        settings.silenceTimeout = configuration.silenceTimeout
        self.settings = settings
        let limit = min(Int(clamping: configuration.outboxLimit.bytes), Self.outboxMemoryLimit)
        var links: [Link] = []
        for link in configuration.links {
            let card = try CardFile.read(link.card.resolved, link: link.name)
            if let other = links.first(where: { $0.card.key == card.key }) {
                throw .sameKey(link: link.name, other: other.name)
            }
            var addresses: [SocketAddress] = []
            for endpoint in link.listen {
                do throws(DatagramError) {
                    addresses.append(try SocketAddress(host: endpoint.host, port: endpoint.port, passive: true))
                } catch { throw .listen(link: link.name, error) }
            }
            do throws(SystemError) {
                let share = max(65_536, limit / configuration.links.count)
                let queue = try DeliveryQueue(limits: .init(bytes: share, memoryBytes: share))
                links.append(Link(name: link.name, card: card, listen: addresses, queue: queue))
            } catch { throw .system(error) }
        }
        self.links = links
        do throws(SystemError) { wakeup = try Wakeup() } catch { throw .system(error) }
    }

    /// Names and cards of the links, in the order of the configuration.
    public var cards: [(link: String, card: LinkCard)] { links.map { ($0.name, $0.card) } }

    /// The outbox of a link; nil if there is no such link.
    public func outbox(of link: String) -> DeliveryQueue? { links.first { $0.name == link }?.queue }

    /// The newest status; empty until the first was made.
    public var status: ReceiverStatus { shared.withLock { $0 } }

    /// Opens the sockets and starts the threads. Once.
    /// - Throws: an address in use, a key that libcrypto refuses. Nothing runs then.
    public func start(_ observer: Observer) throws(ReceiverServiceError) {
        let workers = try makeWorkers(observer)
        let (listeners, ports) = try openPorts(workers)
        for listener in listeners { announce(listener) }
        let loop = ReceiverLoop(
            ports: ports, links: workers, wakeup: wakeup, stopping: stopping, shared: shared, log: log)
        do throws(SystemError) {
            let core = try WorkerThread(name: "core", owning: loop) { loop in
                var loop = loop
                loop.run()
            }
            running.withLock { $0 = Running(listeners: listeners, core: core) }
        } catch {
            for listener in listeners { listener.stop() }
            throw .system(error)
        }
    }

    /// Closes the sockets, reads what was received, commits it and ends the threads. The outboxes stay as they are.
    public func stop() {
        guard let running = running.withLock({ $0.take() }) else { return }
        for listener in running.listeners { listener.stop() }
        stopping.raise()
        wakeup.signal()
        running.core.join()
    }

    private func makeWorkers(_ observer: Observer) throws(ReceiverServiceError) -> [LinkWorker] {
        var workers: [LinkWorker] = []
        for link in links {
            do throws(CryptoError) {
                let core = try ReceiverCore(
                    card: link.card, settings: settings, seed: try randomUInt64(),
                    now: MonotonicInstant(nanoseconds: MonotonicClock.now()),
                    time: UnixMilliseconds(rawValue: UnixClock.now()))
                workers.append(
                    LinkWorker(
                        name: link.name, card: link.card, core: core, queue: link.queue, log: log, observer: observer))
            } catch { throw .key(link: link.name, error) }
        }
        return workers
    }

    /// One listener for each address, whichever links listen there.
    private func openPorts(
        _ workers: [LinkWorker]
    ) throws(ReceiverServiceError) -> (listeners: [FrameListener], ports: [ListeningPort]) {
        var listeners: [FrameListener] = []
        var ports: [ListeningPort] = []
        for link in links {
            for address in link.listen
            where !listeners.contains(where: { $0.address.description == address.description }) {
                let carried = zip(links, workers).filter { entry in
                    entry.0.listen.contains { $0.description == address.description }
                }
                do throws(DatagramError) {
                    let port = try FrameListener.start(on: address, settings: .init()) { listener, source in
                        ListeningPort(listener: listener, source: source, links: carried.map(\.1))
                    }
                    listeners.append(port.listener)
                    ports.append(port)
                } catch {
                    for listener in listeners { listener.stop() }
                    throw .listen(link: link.name, error)
                }
            }
        }
        return (listeners, ports)
    }

    private func announce(_ listener: FrameListener) {
        log.notice(
            "listening", "waiting for frames",
            ["address": .text(listener.address.description), "buffer": .number(listener.receiveBufferBytes)])
        guard listener.receiveBufferBytes < listener.wantedBufferBytes else { return }
        log.warning(
            "listen.buffer",
            "the kernel gave a smaller receive buffer than wanted: bursts will be lost; raise net.core.rmem_max",
            [
                "address": .text(listener.address.description), "wanted": .number(listener.wantedBufferBytes),
                "obtained": .number(listener.receiveBufferBytes),
            ])
    }
}
