import Foundation
public import Glibc
import Threading

/// A real mosquitto on 127.0.0.1, with a port and a folder of its own.
///
/// It may be killed, paused and started again on the same port. By default it has mosquitto's default settings (a queue of
/// 1,000 messages among them), MQTT 3.1.1 and 5, and no persistence.
public final class Broker: Sendable {
    public struct Settings: Sendable {
        /// Lines for the configuration file, behind the listener's.
        public var lines: [String] = []
        /// Lines of its access list; empty lets everybody do everything.
        public var access: [String] = []
        /// Keeps sessions and retained messages over an orderly restart, and over a `kill9` as of the last `save`.
        public var persistent = false
        /// Speaks TLS with these.
        public var certificates: Certificates?
        /// With `certificates`: asks clients for one of theirs.
        public var requiresClientCertificate = false
        /// Names and passwords of those who may connect; empty lets everybody in.
        public var users: [String: String] = [:]
        /// A port to use instead of a free one.
        public var port: UInt16?
        /// The network namespace to run in.
        public var namespace: Namespace?

        public init() {}
    }

    /// The broker did not begin to accept connections.
    public struct NotReady: Error, CustomStringConvertible {
        public let description: String
    }

    public let port: UInt16
    public let settings: Settings
    public let folder: TemporaryDirectory
    private let child = Lock<Child?>(nil)

    /// `mqtt://127.0.0.1:port`, or `mqtts://`.
    public var url: String { "\(settings.certificates == nil ? "mqtt" : "mqtts")://127.0.0.1:\(port)" }
    /// What it logs is its standard error.
    public var log: String { child.withLock { $0?.errors } ?? "" }
    public var processID: pid_t? { child.withLock { $0?.processID } }

    /// Starts a broker and waits until it accepts connections.
    public static func start(_ settings: Settings = Settings()) async throws -> Broker {
        let broker = try Broker(settings)
        try await broker.writePasswords()
        try await broker.restart()
        return broker
    }

    /// The same, with lines for its configuration.
    public static func start(lines: [String], persistent: Bool = false) async throws -> Broker {
        var settings = Settings()
        settings.lines = lines
        settings.persistent = persistent
        return try await start(settings)
    }

    private init(_ settings: Settings) throws {
        self.settings = settings
        port = settings.port ?? freePort()
        folder = try TemporaryDirectory("broker")
        // As root mosquitto would become another user, who may not read this folder; for others the line says nothing.
        var lines = ["listener \(port) 127.0.0.1", "allow_anonymous \(settings.users.isEmpty)", "user root"]
        if !settings.users.isEmpty { lines.append("password_file \(folder.file("passwords"))") }
        if !settings.access.isEmpty {
            lines.append("acl_file \(try folder.write("access", settings.access.joined(separator: "\n") + "\n"))")
        }
        if settings.persistent { lines += ["persistence true", "persistence_location \(folder.path)/"] }
        if let certificates = settings.certificates {
            lines += [
                "cafile \(certificates.authority)", "certfile \(certificates.serverCertificate)",
                "keyfile \(certificates.serverKey)", "require_certificate \(settings.requiresClientCertificate)",
            ]
        }
        try folder.write("mosquitto.conf", (lines + settings.lines).joined(separator: "\n") + "\n")
    }

    private func writePasswords() async throws {
        for (index, user) in settings.users.sorted(by: { $0.key < $1.key }).enumerated() {
            let create = index == 0 ? ["-c"] : []
            try await runSuccessfully(
                ["mosquitto_passwd", "-b"] + create + [folder.file("passwords"), user.key, user.value])
        }
    }

    /// Starts it again on the same port with the same settings, after `stop` or `kill9`.
    public func restart() async throws {
        let next = try Child(["mosquitto", "-c", folder.file("mosquitto.conf")], namespace: settings.namespace)
        child.withLock { $0 = next }
        let ready = await eventually(.seconds(10)) {
            next.errors.contains(" running") || !next.isRunning
        }
        guard ready, next.isRunning else { throw NotReady(description: "mosquitto: \(next.errors.suffix(2_000))") }
    }

    /// Ends it in order: it saves what it persists.
    public func stop() async throws { try await child.withLock { $0 }?.terminate() }

    /// Ends it as a power cut would.
    public func kill9() async throws { try await child.withLock { $0 }?.kill9() }

    /// Stops reading and answering, without closing any connection; `resume` ends it.
    public func pause() { child.withLock { $0 }?.send(SIGSTOP) }
    public func resume() { child.withLock { $0 }?.send(SIGCONT) }

    /// Writes its database now (SIGUSR1); a `kill9` loses what came later.
    public func save() { child.withLock { $0 }?.send(SIGUSR1) }
}
