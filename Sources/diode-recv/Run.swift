internal import Commands
internal import Configuration
internal import Control
internal import Crypto
internal import DiodeProtocol
internal import EventLog
internal import Glibc
internal import MQTT
internal import MQTTProtocol
internal import Outbox
internal import ReceiverIT
internal import ReceiverITStatus
internal import ReceiverITStore
internal import Republish
internal import Sparkplug
internal import Threading

/// `diode-recv run`: the daemon.
///
/// ```text
///  lock the state ─▶ read cards, database ─▶ publishers (one per link) ─▶ sockets ─▶ … SIGTERM ─▶ close sockets
///                                                          ─▶ drain outboxes ─▶ store, sync ─▶ exit 0
/// ```
struct Run {
    /// How long the IT broker may take to acknowledge what it can before a stop; the rest stays on disk for the next start.
    static let drain = Duration.seconds(10)
    /// The same while it is not connected: there is nothing to wait for, unless no disk holds the outbox.
    static let drainOffline = Duration.milliseconds(500)

    let configuration: ReceiverConfiguration
    let log: EventLog

    /// Runs until SIGTERM or SIGINT. Call it before any thread starts.
    func untilStopped() -> ExitCode {
        do {
            // Each edge node has a connection of its own.
            DescriptorLimit.raise()
            let signals = try Signals()
            let lock = try StateLock(state: configuration.state.resolved)
            defer { withExtendedLifetime(lock) {} }
            for caution in BrokerCaution.all(configuration.broker) { log.warning("broker.access", caution.description) }
            let service = try ReceiverService(configuration, software: ProgramVersion.software, log: log)
            let publishers = try makePublishers(service)
            try service.start(observer(publishers, auditKey: service.auditKey))
            for publisher in publishers.values { try publisher.start() }
            let control = try ControlServer(state: configuration.state.resolved) { request, peer in
                if let acknowledgement = Acknowledgement(request, account: peer.description) {
                    return Ack.answer(to: acknowledgement, service)
                }
                if let removal = LinkRemoval(request, account: peer.description) {
                    return Forget.answer(to: removal, service)
                }
                return DaemonStatus(
                    service.status, auditKey: service.auditKey, publishers: publishers.mapValues(\.report)
                ).answer(to: request)
            }
            log.notice("started", "receiving", ["links": .number(configuration.links.count)])
            waitForStop(signals)
            log.notice("stopping", "draining the outbox")
            control.stop()
            service.stop()
            stop(publishers, isDurable: service.durability.isDurable)
            service.close()
            log.notice("stopped", "done")
            log.finish()
            return .success
        } catch {
            log.error("start.failed", "\(error)")
            log.finish()
            return .failure
        }
    }

    private func waitForStop(_ signals: borrowing Signals) {
        while true {
            switch signals.next() {
            case .terminate, .interrupt: return
            case .hangUp: log.info("reload", "nothing here is reread while running")
            case nil: continue
            }
        }
    }

    // MARK: Publishers

    private func makePublishers(_ service: ReceiverService) throws -> [String: Publisher] {
        var publishers: [String: Publisher] = [:]
        for link in configuration.links {
            guard let queue = service.outbox(of: link.name), let readBack = service.readBack(of: link.name) else {
                continue
            }
            var settings = PublisherSettings(
                link: link.name, connection: try ConnectionSettings(configuration.broker),
                mapper: TopicMapper(
                    prefix: link.topicPrefix, own: try link.own.map { try TopicFilter($0.description) },
                    map: TopicMap(
                        link.map.map { TopicMap.Entry(from: $0.from.description, to: $0.to.description) },
                        except: configuration.sparkplug.namespaces), namespaces: configuration.sparkplug.namespaces))
            settings.maximumQoS = QoS(rawValue: UInt8(link.maximumQoS)) ?? .exactlyOnce
            settings.publishInterval = link.publishRate?.interval
            settings.edgeNodes = EdgeNodeProxy.Settings(configuration.sparkplug)
            settings.late = configuration.late
            if let client = configuration.broker.clientID {
                settings.connection.clientIdentifier =
                    configuration.links.count == 1 ? client : "\(client)-\(link.name)"
            }
            publishers[link.name] = try Publisher(
                settings, output: queue.mqtt, readBack: readBack, log: log,
                compare: { service.compare(retainedHead: $0) })
        }
        return publishers
    }

    /// Publishers end side by side, so that a stop takes as long as the slowest and not as long as all.
    private func stop(_ publishers: [String: Publisher], isDurable: Bool) {
        var threads: [WorkerThread] = []
        for publisher in publishers.values {
            let drain = isDurable && !publisher.report.isConnected ? Self.drainOffline : Self.drain
            do throws(SystemError) {
                threads.append(try WorkerThread(name: "drain") { publisher.stop(drain: drain) })
            } catch { publisher.stop(drain: .zero) }
        }
        for thread in threads { thread.join() }
    }

    // MARK: What the IT side is told

    private func observer(_ publishers: [String: Publisher], auditKey: String) -> ReceiverService.Observer {
        ReceiverService.Observer(
            status: { snapshot in
                publishers[snapshot.name]?.post(LinkStatus(snapshot, auditKey: auditKey), LinkHearing(snapshot))
            },
            episode: { link, episode in publishers[link]?.post(episode) },
            itBroker: { snapshot in publishers[snapshot.name]?.report.condition(for: snapshot) })
    }
}

extension EdgeNodeProxy.Settings {
    fileprivate init(_ configuration: ReceiverConfiguration.Sparkplug) {
        self.init()
        namespaces = configuration.namespaces
        rebirthInterval = configuration.rebirthInterval
        primaryHost = configuration.primaryHost.map { Array($0.utf8) }
        limits.nodes = configuration.nodes
        limits.bytes = Int(clamping: configuration.values.bytes)
    }
}
