public import Configuration
internal import KeyFiles
internal import MQTT
public import MQTTProtocol
public import Threading

/// The password file cannot be used; one line that names it.
public enum BrokerAccessError: Error, Hashable, Sendable, CustomStringConvertible {
    case unreadable(path: String, SystemError)
    case empty(path: String)

    public var description: String {
        switch self {
        case .unreadable(let path, let error): "broker.password_file \(path): \(error.reason)"
        case .empty(let path): "broker.password_file \(path): its first line is empty"
        }
    }
}

extension ConnectionSettings {
    /// The configured broker as settings of the MQTT client: server, TLS, credentials, version and identifier. The rest
    /// is for whoever connects.
    /// - Throws: when the password file cannot be used.
    public init(_ broker: BrokerSettings) throws(BrokerAccessError) {
        let tls = TLSSettings(
            authorityFile: broker.ca?.resolved, certificateFile: broker.cert?.resolved, keyFile: broker.key?.resolved,
            serverName: broker.serverName)
        self.init(host: broker.url.host, port: broker.url.port, tls: broker.url.isSecure ? tls : nil)
        alternatives = broker.urls.dropFirst().map { Server(host: $0.host, port: $0.port) }
        version = VersionPolicy(broker.version)
        username = broker.username
        clientIdentifier = broker.clientID ?? ""
        // One client of one broker on its own network: a dial each few seconds hurts nobody, plant data that waits does.
        reconnectMaximum = .seconds(5)
        guard let file = broker.passwordFile?.resolved else { return }
        // Read now, so that a file that cannot be used is said at the start, and again at each dial.
        password = try Self.password(file)
        passwordSource = { () throws(PasswordFault) in
            do throws(BrokerAccessError) { return try Self.password(file) } catch {
                throw PasswordFault(error.description)
            }
        }
    }

    private static func password(_ path: String) throws(BrokerAccessError) -> [UInt8] {
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try WholeFile.read(path, maximumBytes: 65_535) } catch {
            throw .unreadable(path: path, error)
        }
        let line = bytes.prefix { $0 != 0x0A && $0 != 0x0D }
        guard !line.isEmpty else { throw .empty(path: path) }
        return Array(line)
    }
}

extension VersionPolicy {
    init(_ version: BrokerSettings.Version) {
        switch version {
        case .automatic: self = .automatic
        case .v5: self = .v5
        case .v311: self = .v3_1_1
        }
    }
}
