public import Account
internal import Configuration
internal import Control
internal import Crypto
internal import DatagramListening
internal import Datagrams
public import DiodeProtocol
public import EventLog
internal import KeyFiles
internal import Ledger
public import Outbox
public import ReadBack
internal import ReceiverITCore
public import ReceiverITStore
internal import Storage
internal import Threading
internal import Time

/// The receiver as a daemon runs it: listeners, the core thread, and an outbox for each link.
///
/// ```text
///  listen thread (one per address) ─▶ rings ─▶ core thread: all links ─▶ store thread: database ─▶ DeliveryQueue ─▶ (Republish)
/// ```
///
/// What it needs is read and checked by `init`; `start` opens sockets and threads; `stop` reads what was received; `close` ends.
public final class ReceiverService: Sendable {
    /// Called on the core thread: hand over and return.
    public struct Observer: Sendable {
        /// About four times a second, for each link.
        public var status: @Sendable (LinkSnapshot) -> Void
        /// An episode of a link's gaps opened, or is over.
        public var episode: @Sendable (String, GapEpisode) -> Void
        /// How the broker is that a link is published to, as far as the link's other parts have said; nil where nothing is published.
        public var itBroker: @Sendable (LinkSnapshot) -> Condition?

        public init(
            status: @escaping @Sendable (LinkSnapshot) -> Void,
            episode: @escaping @Sendable (String, GapEpisode) -> Void,
            itBroker: @escaping @Sendable (LinkSnapshot) -> Condition? = { _ in nil }
        ) {
            self.status = status
            self.episode = episode
            self.itBroker = itBroker
        }
    }

    private struct Link: Sendable {
        let name: String
        let cards: [LinkCard]
        let revocations: [Revocation]
        /// Whose the file of each card is.
        let cardAccounts: [String?]
        let listen: [FrameListener.Place]
        let queue: DeliveryQueue
        let readBack: ReadBackMailbox
    }

    private struct Running: Sendable {
        let listeners: [FrameListener]
        let core: WorkerThread
    }

    /// What deliveries of all links together may take in memory; the rest of an outbox is on disk alone.
    public static let outboxMemoryLimit = 512 << 20

    private let links: [Link]
    private let settings: ReceiverCore.Settings
    private let log: EventLog
    private let identity: ReceiverIdentity
    private let ledgerBytes: Int
    private let opening: StoreOpening
    private let store: ReceiverStore
    /// What was stored, until the cores are made of it.
    private let restored: Lock<RestoredLinks?>
    private let wakeup: Wakeup
    private let stopping = StopFlag()
    private let shared = Lock(ReceiverStatus(at: UnixMilliseconds(rawValue: 0)))
    private let running = Lock<Running?>(nil)

    /// Reads the cards, resolves the addresses, opens the database and reads what an earlier process left. The caller holds
    /// the state's lock.
    /// - Parameter software: name and version, for the ledger.
    /// - Throws: what keeps the receiver from starting, in one line.
    public init(
        _ configuration: ReceiverConfiguration, software: String = "uns-diode", log: EventLog
    ) throws(ReceiverServiceError) {
        self.log = log
        var settings = ReceiverCore.Settings()
        settings.reorderWindow = configuration.reorderTimeout
        settings.silenceTimeout = configuration.silenceTimeout
        settings.freshness = configuration.freshness
        settings.limit(by: configuration.limits)
        do throws(KeyFileError) { settings.seals = try configuration.readSealKeys() } catch { throw .sealKey(error) }
        ledgerBytes = Int(clamping: configuration.ledgerLimit.bytes)
        self.settings = settings
        let path = configuration.state.resolved
        opening = StoreOpening(path: path, reserve: DiskReserve(beside: path), log: log)
        do throws(KeyFileError) {
            let key = try AuditKey.open(beside: path)
            identity = ReceiverIdentity(
                software: software, configuration: configuration.effective,
                auditKey: AuditKey.text(of: key.publicKey))
        } catch { throw .auditKey(error) }
        let cards = try Self.readCards(configuration)
        let time = UnixClock.now()
        let restored: RestoredLinks
        do throws(StorageError) {
            restored = try opening.restore(
                cards.map { StoreOpening.Link(cards: $0.cards, revoked: Set($0.revocations.map(\.fingerprint))) },
                limits: Replica.Limits(settings), time: time)
        } catch { throw .state(error) }
        let limit = Int(clamping: configuration.outboxLimit.bytes) / cards.count
        let limits = DeliveryQueue.Limits(
            bytes: max(65_536, limit),
            memoryBytes: max(65_536, min(limit, Self.outboxMemoryLimit / cards.count, 64 << 20)))
        do throws(SystemError) {
            store = try ReceiverStore(links: cards.count, time: time)
            wakeup = try Wakeup()
            var links: [Link] = []
            for (entry, loaded) in zip(cards, restored.links) {
                let queue = try DeliveryQueue(
                    link: loaded.id, limits: limits,
                    database: OutboxDatabase(path: path, schema: StoreSchema.schema))
                links.append(
                    Link(
                        name: entry.link.name, cards: entry.cards, revocations: entry.revocations,
                        cardAccounts: entry.link.cards.map {
                            WholeFile.owner($0.resolved).map { ControlPeer(uid: $0).description }
                        },
                        listen: entry.places, queue: queue,
                        readBack: try ReadBackMailbox(wakeup: queue.mqtt.wakeup)))
            }
            self.links = links
        } catch { throw .system(error) }
        self.restored = Lock(restored)
        do throws(StorageError) {
            let opened = try opening.open(time: time)
            for link in links {
                for gone in try link.queue.restore(from: opened.database) {
                    log.warning(
                        "outbox.forgotten", "an output of before is no longer configured: its account ends",
                        [
                            "link": .text(link.name), "output": .text(gone.output.rawValue),
                            "waiting": .number(gone.waiting),
                        ])
                }
            }
        } catch { throw .state(error) }
    }

    private static func readCards(
        _ configuration: ReceiverConfiguration
    ) throws(ReceiverServiceError) -> [(
        link: ReceiverConfiguration.Link, cards: [LinkCard], revocations: [Revocation], places: [FrameListener.Place]
    )] {
        var cards:
            [(
                link: ReceiverConfiguration.Link, cards: [LinkCard], revocations: [Revocation],
                places: [FrameListener.Place]
            )] = []
        for link in configuration.links {
            let found = try link.readCards()
            let keys = found.map(\.key)
            if let other = cards.first(where: { $0.cards.contains { keys.contains($0.key) } }) {
                throw .sameKey(link: link.name, other: other.link.name)
            }
            var places: [FrameListener.Place] = []
            for listening in link.listen {
                do throws(DatagramError) { places.append(try FrameListener.Place(listening)) } catch {
                    throw .listen(link: link.name, error)
                }
            }
            cards.append((link, found, try link.readRevocations(), places))
        }
        return cards
    }

    /// Names and cards of the links, in the order of the configuration.
    public var cards: [(link: String, card: LinkCard)] {
        links.flatMap { link in link.cards.map { (link.name, $0) } }
    }

    /// The outbox of a link; nil if there is no such link.
    public func outbox(of link: String) -> DeliveryQueue? { links.first { $0.name == link }?.queue }

    /// Where its publisher and its core speak of what the IT broker retains; nil if there is no such link.
    public func readBack(of link: String) -> ReadBackMailbox? { links.first { $0.name == link }?.readBack }

    /// The newest status; empty before `start`.
    public var status: ReceiverStatus { shared.withLock { $0 } }

    /// The public half of the audit key, in base64.
    public var auditKey: String { identity.auditKey }

    /// Whether what is accepted would survive a restart.
    public var durability: Durability { store.durability }

    /// Notes that somebody accepts a loss, in one transaction of the store thread; waits at most 4 s.
    /// - Returns: what was acknowledged, for people.
    public func acknowledge(_ acknowledgement: Acknowledgement) throws(OperatorError) -> String {
        let words = try store.run(.acknowledge(acknowledgement))
        log.notice(
            "ack", words,
            [
                "by": .text(acknowledgement.by), "account": .text(acknowledgement.account),
                "reason": .text(acknowledgement.reason),
            ])
        return words
    }

    /// Removes a link that is not received any more, in one transaction of the store thread; waits at most 4 s.
    /// - Returns: what was removed, for people.
    public func remove(_ removal: LinkRemoval) throws(OperatorError) -> String {
        guard !links.contains(where: { $0.name == removal.link }) else { throw .linkInUse(removal.link) }
        let words = try store.run(.remove(removal))
        log.notice("forget", words, ["account": .text(removal.account)])
        return words
    }

    /// Compares a head that the IT broker retains with the ledger; waits at most 4 s.
    /// - Returns: whether the ledger has it, or says now that it has not.
    public func compare(retainedHead text: String) -> Bool {
        guard let head = NotedHead(parsing: text), head.signature != nil else { return true }
        do throws(OperatorError) {
            let words = try store.run(.compare(head))
            if !words.isEmpty { log.error("account.altered", words) }
            return true
        } catch {
            log.warning("ledger.uncompared", "the head that the IT broker retains was not compared: \(error)")
            return false
        }
    }

    /// Opens the sockets and starts the threads. Once.
    /// - Throws: an address in use, a key that libcrypto refuses, a database that does not open. Nothing runs then.
    public func start(_ observer: Observer) throws(ReceiverServiceError) {
        guard let restored = restored.withLock({ $0.take() }) else { preconditionFailure("a receiver starts once") }
        var scale = try makeScale()
        let workers = try makeWorkers(observer, restored, price: measure(&scale))
        // Whoever asks before the first round is told that nothing was heard yet.
        shared.withLock { $0 = ReceiverStatus(at: UnixClock.now(), links: workers.map(\.snapshot)) }
        let (listeners, ports) = try openPorts(workers)
        do throws(ReceiverServiceError) {
            try startStore(restored)
        } catch {
            for listener in listeners { listener.stop() }
            throw error
        }
        for listener in listeners { announce(listener) }
        let loop = ReceiverLoop(
            ports: ports, links: workers,
            shares: VerificationShares(links: workers.count, scale: scale, now: MonotonicClock.now()), wakeup: wakeup,
            stopping: stopping, shared: shared, log: log)
        do throws(SystemError) {
            let core = try WorkerThread(name: "core", owning: loop) { loop in
                var loop = loop
                loop.run()
            }
            running.withLock { $0 = Running(listeners: listeners, core: core) }
        } catch {
            for listener in listeners { listener.stop() }
            store.close()
            throw .system(error)
        }
    }

    /// Closes the sockets, reads what was received and hands it to the store. The outboxes go on, so that the publishers can
    /// drain; `close` ends them.
    public func stop() {
        guard let running = running.withLock({ $0.take() }) else { return }
        for listener in running.listeners { listener.stop() }
        stopping.raise()
        wakeup.signal()
        running.core.join()
    }

    /// Stops, stores and syncs everything, settlements of the publishers included. What the IT broker has not acknowledged stays
    /// on disk for the next process.
    public func close() {
        stop()
        store.close()
    }

    private func startStore(_ restored: RestoredLinks) throws(ReceiverServiceError) {
        let time = UnixClock.now()
        let known = zip(links, restored.links).map { link, loaded in
            StoreLink(
                id: loaded.id, name: link.name, fingerprint: loaded.keys[0].inUse.fingerprint, queue: link.queue,
                checkpoint: loaded.checkpoint)
        }
        let pairings = zip(links, restored.links).map { link, loaded in
            ReceiverIdentity.Pairing(
                link: link.name,
                cards: loaded.keys.enumerated().map { place, keys in
                    ReceiverIdentity.Card(
                        fingerprint: keys.inUse.fingerprint, known: loaded.knownFingerprints[place],
                        account: link.cardAccounts[place])
                }, revocations: link.revocations)
        }
        let signer: Ed25519Signer
        do throws(KeyFileError) { signer = try AuditKey.open(beside: opening.path) } catch { throw .auditKey(error) }
        let file: StoreFile
        let entries: [LedgerEntry]
        do throws(StorageError) {
            let opened = try opening.open(time: time)
            entries = try identity.entries(pairings, at: time, in: opened.database)
            file = try StoreFile(opened.takeDatabase())
        } catch { throw .state(error) }
        do throws(SystemError) {
            try store.start(
                StoreLoop.Beginning(
                    opening: opening, links: known, readBacks: links.map(\.readBack), entries: entries,
                    ledgerBytes: ledgerBytes,
                    setAside: restored.setAside),
                file, signer: signer)
        } catch { throw .system(error) }
    }

    private func makeScale() throws(ReceiverServiceError) -> VerificationScale {
        do throws(CryptoError) { return try VerificationScale() } catch { throw .key(link: links[0].name, error) }
    }

    /// Measures what half a core can verify here.
    private func measure(_ scale: inout VerificationScale) -> Price {
        let price = Price(cost: scale.measureAtStart())
        log.info(
            "verifications", "signatures of unknown transmissions that may be verified in a second",
            ["half_a_core": .number(Int(price.perSecond)), "limit": .number(settings.verificationsPerSecond)])
        return price
    }

    private func makeWorkers(
        _ observer: Observer, _ restored: RestoredLinks, price: Price
    ) throws(ReceiverServiceError) -> [LinkWorker] {
        var workers: [LinkWorker] = []
        var settings = settings
        settings.price = price
        for (index, link) in links.enumerated() {
            let loaded = restored.links[index]
            settings.paths = link.listen.map(\.description)
            do throws(CryptoError) {
                let core = try ReceiverCore(
                    keys: loaded.keys, settings: settings, restoring: loaded.stored, seed: try randomUInt64(),
                    now: MonotonicClock.now(),
                    time: UnixClock.now())
                workers.append(
                    LinkWorker(
                        name: link.name, core: core, queue: link.queue, readBack: link.readBack,
                        store: store, index: index, countedBefore: loaded.counters, log: log, observer: observer))
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
            for place in link.listen where !listeners.contains(where: { $0.place.description == place.description }) {
                let carried = zip(links, workers).compactMap { link, worker in
                    link.listen.firstIndex { $0.description == place.description }.map { (link: worker, path: $0) }
                }
                do throws(DatagramError) {
                    let port = try FrameListener.start(on: place) { listener, source in
                        ListeningPort(listener: listener, source: source, carried: carried)
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
            ["address": .text(listener.place.description), "buffer": .number(listener.receiveBufferBytes)])
        guard listener.receiveBufferBytes < listener.wantedBufferBytes else { return }
        log.warning(
            "listen.buffer",
            "the kernel gave a smaller receive buffer than wanted: bursts will be lost; raise net.core.rmem_max",
            [
                "address": .text(listener.place.description), "wanted": .number(listener.wantedBufferBytes),
                "obtained": .number(listener.receiveBufferBytes),
            ])
    }
}
