import Foundation
import Glibc
import Threading

/// The real pair: `diode-send` and `diode-recv` as two processes between two brokers, with whatever link lies between them.
///
/// It goes the way of an operator: keygen, pair, run. Both have a folder of their own, short periods instead of the defaults that
/// are made for days, and no status port.
public final class DiodePair: Sendable {
    public struct Settings: Sendable {
        public var link = "plant-a"
        /// Filters of what may leave the plant.
        public var export = ["acme/#", "spBv1.0/#"]
        /// Top-level keys of the configuration files and their values as JSON5 text; they replace the ones given here.
        public var sender: [String: String] = [:]
        public var receiver: [String: String] = [:]
        /// More keys of the receiver's link, as they stand in the file: `max_qos: 1`.
        public var receiverLink = ""
        /// More keys of the sender's link: `seal: "receiver.seal"`.
        public var senderLink = ""
        /// Ethernet bits of the link.
        public var rate = "200Mbit/s"
        /// How the link hurts; nil leaves the relay out, so that frames go straight to the receiver.
        public var faults: LinkFaults? = LinkFaults()
        /// How the second path hurts, where the link has two (A/B); nil: it has one.
        public var secondPath: LinkFaults?
        public var seed: UInt64 = 1
        /// How many of the newest frames the relay keeps.
        public var record = 0
        /// Runs both sides in these namespaces, where their brokers are too; there is no relay then.
        public var namespaces: LinkNamespaces?

        public init() {}
    }

    /// One of the two did not do what it was asked to.
    public struct NotReady: Error, CustomStringConvertible {
        public let description: String
    }

    public let settings: Settings
    public let folder: TemporaryDirectory
    public let relay: LossyRelay?
    /// Of the second path, if there is one.
    public let secondRelay: LossyRelay?
    /// What keygen printed.
    public let fingerprint: String
    /// The port that the receiver listens on.
    public let receiverPort: UInt16
    private let sending = Lock<Child?>(nil)
    private let receiving = Lock<Child?>(nil)

    public var senderConfiguration: String { folder.file("send.json5") }
    public var receiverConfiguration: String { folder.file("recv.json5") }
    public var sender: Child? { sending.withLock { $0 } }
    public var receiver: Child? { receiving.withLock { $0 } }

    /// Writes both configurations, makes the key and pairs; nothing runs yet.
    public init(ot: any MQTTServer, it: any MQTTServer, _ settings: Settings = Settings()) async throws {
        self.settings = settings
        folder = try TemporaryDirectory("pair")
        let address = settings.namespaces == nil ? "127.0.0.1" : LinkNamespaces.receiverAddress
        receiverPort = settings.namespaces?.port ?? freePort()
        if let faults = settings.faults, settings.namespaces == nil {
            relay = try LossyRelay(to: receiverPort, faults: faults, seed: settings.seed, record: settings.record)
        } else {
            relay = nil
        }
        var listen = ["\(address):\(receiverPort)"]
        var paths = ["\(address):\(relay?.port ?? receiverPort)"]
        if let faults = settings.secondPath {
            let port = freePort()
            let second = try LossyRelay(to: port, faults: faults, seed: settings.seed + 1)
            listen.append("\(address):\(port)")
            paths.append("\(address):\(second.port)")
            secondRelay = second
        } else {
            secondRelay = nil
        }
        let name = settings.link
        let filters = settings.export.map { "{ filter: \"\($0)\" }" }.joined(separator: ", ")
        let send = [
            "link": """
            { name: "\(name)", key: "\(name).key", paths: \(paths), rate: "\(settings.rate)", \(settings.senderLink) }
            """,
            "broker": "{ url: \"\(ot.url)\" }", "export": "[\(filters)]", "state": "\"send.db\"",
            "snapshot": "{ period: \"1s\" }", "beat": "\"200ms\"", "status": "null",
            "journal": "{ min_free: \"0\", limit: \"256MiB\" }",
        ].merging(settings.sender) { $1 }
        let receive = [
            "links": """
            [{ name: "\(name)", card: "paired.card", listen: \(listen), \(settings.receiverLink) }]
            """,
            "broker": "{ url: \"\(it.url)\" }", "state": "\"recv.db\"", "silence_timeout": "\"2s\"", "status": "null",
        ].merging(settings.receiver) { $1 }
        for (file, keys) in [("send.json5", send), ("recv.json5", receive)] {
            let lines = keys.sorted { $0.key < $1.key }.map { "  \($0.key): \($0.value)" }
            try folder.write(file, "{\n" + lines.joined(separator: ",\n") + "\n}\n")
        }
        fingerprint = try await runSuccessfully(
            [Executable.path("diode-send"), "keygen", "--link", name, "--out", folder.path]
        ).trimmingCharacters(in: .whitespacesAndNewlines)
        try await runSuccessfully([
            Executable.path("diode-recv"), "pair", "--config", folder.file("recv.json5"), "--fingerprint", fingerprint,
            folder.file("\(name).card"),
        ])
    }

    /// Starts the sender, or starts it again.
    public func startSender(_ options: [String] = [], environment: [String: String] = [:]) throws {
        let child = try Child(
            [Executable.path("diode-send"), "run", "--config", senderConfiguration] + options, environment: environment,
            namespace: settings.namespaces?.sender)
        sending.withLock { $0 = child }
    }

    /// Starts the receiver, or starts it again.
    /// - Parameter prefix: the words of a command that runs it, such as one that takes a privilege away.
    public func startReceiver(
        _ options: [String] = [], environment: [String: String] = [:], under prefix: [String] = []
    ) throws {
        let child = try Child(
            prefix + [Executable.path("diode-recv"), "run", "--config", receiverConfiguration] + options,
            environment: environment, namespace: settings.namespaces?.receiver)
        receiving.withLock { $0 = child }
    }

    /// Starts both and waits until both say that all is well.
    public func start() async throws {
        try startReceiver()
        try startSender()
        try await waitUntilWell()
    }

    /// Waits until `status` exits 0 on both sides.
    public func waitUntilWell(_ timeout: Duration = .seconds(20)) async throws {
        var last: [Finished] = []
        let well = try await eventually(timeout) {
            last = [try await status(.sender), try await status(.receiver)]
            return last.allSatisfy(\.succeeded)
        }
        guard well else {
            let words = last.map { "\($0.exit): \($0.output)\($0.errors)" }.joined(separator: "\n")
            throw NotReady(
                description: "\(words)\nsender: \(sender?.errors ?? "")\nreceiver: \(receiver?.errors ?? "")")
        }
    }

    public enum Side: Sendable { case sender, receiver }

    /// What `status --json` says on one side.
    public func status(_ side: Side) async throws -> Finished {
        let program = side == .sender ? "diode-send" : "diode-recv"
        let file = side == .sender ? senderConfiguration : receiverConfiguration
        return try await run([Executable.path(program), "status", "--config", file, "--json"])
    }

    /// Asks both to end, sender first, so that it can drain; both must exit 0.
    public func stop() async throws {
        for (name, child) in [("diode-send", sender), ("diode-recv", receiver)] {
            guard let child else { continue }
            let exit = try await child.terminate()
            guard exit == .code(0) else {
                throw NotReady(description: "\(name): \(exit): \(child.errors.suffix(2_000))")
            }
        }
    }
}
