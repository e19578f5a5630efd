internal import Commands
internal import Configuration
internal import Crypto
internal import DatagramEmission
internal import Datagrams
internal import DiodeProtocol
internal import JSON
internal import KeyFiles
internal import MQTT
internal import SenderOT
internal import SenderOTCore
internal import Storage
internal import Threading

/// `diode-send check`: one line a check, then the effective configuration.
enum SenderCheck {
    static func run(_ invocation: Invocation) throws -> ExitCode {
        let path = invocation.required("--config")
        let configuration = try SenderConfiguration(path: path)
        var report = CheckReport()
        let isWhole = !invocation.has("--topic") && !invocation.has("--against-running")
        if let topic = invocation.value("--topic") {
            guard !invocation.has("--against-running") else {
                throw UsageError("--against-running and --topic are two questions")
            }
            try PolicyCheck.judge(topic, payload: invocation.value("--payload"), by: configuration, &report)
        } else if invocation.has("--against-running") {
            try RunningCheck.compare(configuration, &report)
        } else if invocation.has("--payload") {
            throw UsageError("--payload needs --topic")
        } else {
            report.pass("config", path)
            checkAll(configuration, &report)
        }
        for line in report.lines { Terminal.line(line) }
        if isWhole { Terminal.line("\n" + configuration.effective.page) }
        return report.isGood ? .success : .failure
    }

    private static func checkAll(_ configuration: SenderConfiguration, _ report: inout CheckReport) {
        checkKey(configuration.link, &report)
        if let seal = configuration.link.seal {
            do throws(SealFileError) {
                _ = try SealFile.sealer(seal.resolved)
                report.pass("seal", "\(seal)  \(try SealFile.read(seal.resolved).fingerprint)")
            } catch {
                report.fail("seal", error.description)
            }
        } else {
            report.note("seal", "none: whoever captures the link reads every value; see link.seal")
        }
        for path in configuration.link.paths { check(path, of: configuration.link, &report) }
        if configuration.export.isEmpty { report.note("export", "nothing is exported: the list is empty") }
        if let grant = report.checkBroker(configuration.broker, asksForSession: true) {
            for shortfall in BrokerTerms.shortfalls(grant) { report.note("broker", shortfall) }
        }
        _ = report.checkState(configuration.state)
        report.checkDisk(configuration.state, least: configuration.journal.minFree)
        checkReach(configuration, &report)
        report.checkStatusPage(configuration.status)
    }

    /// How far back a receiver that was away gets what it missed.
    private static func checkReach(_ configuration: SenderConfiguration, _ report: inout CheckReport) {
        do throws(StorageError) {
            guard let reach = try JournalReach.measure(configuration) else {
                return report.note("journal", "there is none yet: how far back it will reach is known once it has run")
            }
            report.note("journal", reach.journalText)
            report.note("echo", reach.echoText)
            for alarm in reach.alarms { report.fail("reach", alarm) }
        } catch { report.note("journal", "cannot be read: \(error)") }
    }

    private static func checkKey(_ link: SenderConfiguration.Link, _ report: inout CheckReport) {
        do throws(KeyFileError) {
            let signer = try KeyFile.readEd25519(link.key.resolved)
            report.pass("key", "\(link.key)  \(LinkCard.fingerprint(of: signer.publicKey))")
            checkRotations(besideKey: link.key.resolved, of: signer.publicKey, &report)
            let beside = CardBesideKey(of: link.key.resolved, link: link.name, publicKey: signer.publicKey)
            if let mismatch = beside?.nameMismatch(link: link.name) { report.fail("card", mismatch) }
        } catch { report.fail("key", error.description) }
    }

    /// What the sender tells of earlier keys, and whether a rotation was begun and not finished.
    private static func checkRotations(
        besideKey key: String, of publicKey: Ed25519PublicKey, _ report: inout CheckReport
    ) {
        do throws(RotationFileError) {
            let all = try RotationFile.read(besideKey: key)
            let told = RotationFile.leading(to: publicKey, all)
            if !told.isEmpty { report.pass("rotations", "\(told.count) earlier keys are told of") }
            guard RotationFile.isUnfinished(publicKey, all, besideKey: key) else { return }
            report.fail("rotations", "a rotation was begun and not finished: run diode-send rotate again")
        } catch { report.fail("rotations", error.description) }
    }

    /// Whether frames could leave: the address resolves, and a socket can be opened and bound to the interface.
    private static func check(
        _ path: SenderConfiguration.Path, of link: SenderConfiguration.Link, _ report: inout CheckReport
    ) {
        do throws(DatagramError) {
            let destination = try SocketAddress(host: path.to.host, port: path.to.port)
            var source: SocketAddress?
            if let host = path.source { source = try SocketAddress(host: host, port: 0) }
            var emitter = DatagramEmitter(to: destination, from: source, interface: path.interface)
            try emitter.open()
            report.pass(
                "path", "\(path.to) can be sent to at \(path.rate ?? link.rate); nobody can tell whether it arrives")
        } catch { report.fail("path", error.description) }
        if let wanted = path.neighbour { check(neighbour: wanted, of: path, &report) }
        guard let interface = path.interface else { return }
        let file = "/sys/class/net/\(interface)/mtu"
        guard let bytes = try? WholeFile.read(file, maximumBytes: 64),
            let mtu = Int(String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self))
        else { return report.note("mtu", "\(interface): cannot be read from \(file)") }
        let text = "\(interface) takes \(mtu) bytes, link.mtu is \(link.mtu)"
        mtu >= link.mtu ? report.pass("mtu", text) : report.fail("mtu", text)
    }

    /// Whether the kernel has the permanent entry, without which nothing leaves while all looks well.
    private static func check(
        neighbour wanted: String, of path: SenderConfiguration.Path, _ report: inout CheckReport
    ) {
        let entry = NeighbourTable.entry(of: path.to.host)
        if let entry, entry.isPermanent, entry.address == wanted {
            return report.pass("neighbour", "\(path.to.host) is \(wanted) for good")
        }
        let found = entry.map { "\($0.address)\($0.isPermanent ? "" : ", not permanent")" } ?? "nothing"
        report.fail(
            "neighbour",
            "\(path.to.host): the kernel knows \(found) instead of \(wanted): ip neigh replace \(path.to.host)"
                + " lladdr \(wanted) nud permanent dev \(path.interface ?? "DEVICE")")
    }
}
