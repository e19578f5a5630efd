internal import Configuration
internal import Crypto
internal import Datagrams
internal import DiodeProtocol
internal import EventLog
internal import FEC
internal import JSON
internal import KeyFiles
internal import SenderOTCore
internal import SenderOTEmission
internal import SenderOTJournal
internal import Sparkplug
internal import Storage
internal import Threading
internal import Time

/// The configuration in the terms of the stages.
extension SenderService {
    /// Resolves where the frames go.
    static func paths(_ configuration: SenderConfiguration) throws(SenderServiceError) -> [LinkPath] {
        var paths: [LinkPath] = []
        for path in configuration.link.paths {
            do throws(DatagramError) {
                let source: SocketAddress?
                if let host = path.source { source = try SocketAddress(host: host, port: 0) } else { source = nil }
                paths.append(
                    LinkPath(
                        to: try SocketAddress(host: path.to.host, port: path.to.port), from: source,
                        interface: path.interface))
            } catch { throw .path(error) }
        }
        return paths
    }

    /// What seals the blocks; nil where they go as they are.
    static func sealer(_ configuration: SenderConfiguration) throws(SenderServiceError) -> BlockSealer? {
        guard let path = configuration.link.seal?.resolved else { return nil }
        do throws(SealFileError) { return try SealFile.sealer(path) } catch { throw .seal(error) }
    }

    /// The echo schedule, as far as it was played.
    static func echoes(
        _ configuration: SenderConfiguration, _ restored: JournalRestoration, _ time: UnixMilliseconds
    ) throws(SenderServiceError) -> EchoSchedule {
        do throws(StorageError) {
            let database = try Database(
                path: configuration.state.resolved, schema: SenderDatabase.schema, access: .readOnly)
            return try EchoRestoration.schedule(
                offsets: configuration.echo, noted: restored.echoes, next: restored.epoch.firstPosition,
                database: database, now: MonotonicClock.now(), time: time)
        } catch { throw .epoch(.storage(error)) }
    }

    static func journal(_ configuration: SenderConfiguration) -> Journal.Settings {
        var settings = Journal.Settings()
        settings.limits.keep = configuration.journal.keep
        settings.limits.bytes = configuration.journal.limit.bytes
        settings.limits.minimumFree = configuration.journal.minFree.bytes
        settings.onDiskFull = configuration.onDiskFull == .hold ? .hold : .forward(after: .seconds(2))
        return settings
    }

    static func settings(_ configuration: SenderConfiguration, isIPv6: Bool) -> SenderCore.Settings {
        let geometry = BlockGeometry(
            framing: EthernetFraming(mtuBytes: configuration.link.mtu, ipv6: isIPv6),
            repair: RepairRatio(share: configuration.fec.repair.share, minimum: configuration.fec.minRepair))
        var settings = SenderCore.Settings(policy: configuration.policy, geometry: geometry)
        settings.edgeNodes.namespaces = configuration.sparkplug.namespaces
        settings.edgeNodes.limits.nodes = configuration.sparkplug.nodes
        settings.edgeNodes.limits.bytes = Int(clamping: configuration.sparkplug.values.bytes)
        settings.edgeNodes.brokerLost = configuration.sparkplug.brokerLost
        settings.edgeNodes.silence = configuration.sparkplug.silence
        let limits = configuration.limits
        settings.slots = NamespaceSlots.Limits(topics: limits.topics, bytes: Int(clamping: limits.values.bytes))
        settings.maximumRecordBytes = Int(clamping: limits.record.bytes)
        settings.flush = configuration.fec.flush
        settings.beat = configuration.beat
        settings.snapshotPeriod = configuration.snapshotPeriod
        settings.tombstoneKeep = configuration.journal.keep
        return settings
    }

    /// Every frame goes over all paths, so the slowest sets the pace.
    static func emission(
        _ configuration: SenderConfiguration, _ framing: EthernetFraming, _ statements: [[UInt8]]
    ) -> FrameEmitter.Settings {
        let rates = configuration.link.paths.map { $0.rate ?? configuration.link.rate }
        let rate = rates.min() ?? configuration.link.rate
        var settings = FrameEmitter.Settings(
            bitsPerSecond: rate.bitsPerSecond, framing: framing, repairSpread: configuration.fec.repairSpread)
        settings.statements = statements
        return settings
    }

    /// What is told of earlier keys.
    static func statements(
        _ configuration: SenderConfiguration, leadingTo key: Ed25519PublicKey, _ log: EventLog
    ) throws(SenderServiceError) -> [[UInt8]] {
        let path = configuration.link.key.resolved
        do throws(RotationFileError) {
            let all = try RotationFile.read(besideKey: path)
            let told = RotationFile.leading(to: key, all)
            if RotationFile.isUnfinished(key, all, besideKey: path) {
                log.warning(
                    "rotation.unfinished", "a rotation was begun and not finished: run diode-send rotate again",
                    ["key": .text(LinkCard.fingerprint(of: key))])
            }
            return told.map(\.datagram)
        } catch { throw .rotations(error) }
    }

    /// The rules as the ledger tells them, cut where it takes no more.
    static func exportText(_ effective: JSONValue) -> String {
        Subscriber.shortened(effective["export"]?.line ?? "[]", to: Action.maximumDetailBytes)
    }

    /// The effective configuration less what is read again while running.
    static func withoutExport(_ effective: JSONValue) -> [JSONValue.Member] {
        (effective.members ?? []).filter { $0.name != "export" }
    }
}
