public import MQTTProtocol
public import Threading

/// Why there is no connection. Each names what failed, so that its `description` can go to a log as it is.
public enum ConnectionError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The settings cannot work; thrown before anything is dialled.
    case settings(SettingsFault)
    /// The host's addresses could not be found.
    case resolve(host: String, reason: String)
    /// The last of the host's addresses that was tried refused or could not be reached.
    case dial(address: String, SystemError)
    /// The last of the host's addresses that was tried did not answer in time.
    case dialTimeout(address: String)
    case tls(TLSFault)
    /// The server closed without a word.
    case closedByServer
    case network(SystemError)
    /// The server did not take any of our bytes for so long.
    case writeStalled(Duration)
    case session(SessionError)
    /// The server did not answer a CONNECT of MQTT 5, and why not, as far as one can see.
    case unanswered(String)
    /// The password file could not be read.
    case password(String)
    /// The server answered MQTT 3.1.1, and is now asked for 5 once more. Nobody is told of it.
    case versionCompared

    /// Whether the server has sent a CONNACK that says no.
    var isAnswer: Bool { if case .session(.refused) = self { true } else { false } }

    /// A setting out of its range.
    public enum SettingsFault: String, Sendable, Hashable {
        case clientIdentifier = "the client identifier must be valid UTF-8 without U+0000, at most 65,535 bytes"
        case clientIdentifierMissing = "a session to be resumed needs a client identifier"
        case username = "the user name must be without U+0000, at most 65,535 bytes"
        case password = "a password must be at most 65,535 bytes, and MQTT 3.1.1 needs a user name with it"
        case will = "the will needs a topic without wildcards, at most 65,535 bytes of payload, valid will properties"
        case keepAlive = "keep alive must be 1…65,535 s"
        case receiveMaximum = "receive maximum must be 1…65,535"
        case keptPacketBytes = "the largest packet kept must be 256…268,435,460 bytes"
        case publishWindow = "publish window must be 1…65,535"
        case publishQueue = "publish queue must hold at least 1 message and 1,024 bytes"
        case timeouts = "timeouts and pauses must be above zero, the longest pause not below the shortest"
        case certificateWithoutKey = "a client certificate and its key belong together"
    }

    /// What failed of TLS.
    public enum TLSFault: Sendable, Hashable {
        /// A file could not be loaded: its path and OpenSSL's reason.
        case authorityFile(path: String, reason: String)
        case certificateFile(path: String, reason: String)
        /// The key could not be loaded, or is not that of the certificate.
        case keyFile(path: String, reason: String)
        /// The name or address that the certificate must bear cannot be one.
        case serverName(String)
        /// The server's certificate was not accepted: X.509's reason, for example *certificate has expired*.
        case untrusted(server: String, reason: String)
        /// Anything else between ClientHello and the last byte.
        case failed(reason: String)
    }

    public var description: String {
        switch self {
        case .settings(let fault): fault.rawValue
        case .resolve(let host, let reason): "cannot resolve \(host): \(reason)"
        case .dial(let address, let error): "cannot reach \(address): \(error.reason)"
        case .dialTimeout(let address): "cannot reach \(address): no answer in time"
        case .tls(let fault): fault.description
        case .closedByServer: "the server closed the connection"
        case .network(let error): "connection lost: \(error)"
        case .writeStalled(let time): "the server took nothing for \(time)"
        case .session(let error): error.description
        case .unanswered(let reason):
            "no answer to MQTT 5 (\(reason)); for a broker that knows 3.1.1 alone set broker.version to \"3.1.1\""
        case .password(let reason): reason
        case .versionCompared: "MQTT 5 is tried once more"
        }
    }
}

extension ConnectionError.TLSFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .authorityFile(let path, let reason): "cannot load authorities from \(path): \(reason)"
        case .certificateFile(let path, let reason): "cannot load the client certificate from \(path): \(reason)"
        case .keyFile(let path, let reason): "cannot load the client key from \(path): \(reason)"
        case .serverName(let name): "no certificate can bear the name \"\(name)\""
        case .untrusted(let server, let reason): "the certificate of \(server) is not accepted: \(reason)"
        case .failed(let reason): "TLS failed: \(reason)"
        }
    }
}
