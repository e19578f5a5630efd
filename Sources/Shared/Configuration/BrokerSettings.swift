internal import JSON

/// How a broker is reached, the same on both sides.
///
/// ```js
/// broker: { url: "mqtts://broker.plant.example:8883", ca: "ca.pem", cert: "diode.pem", key: "diode-tls.key",
///           username: "diode", password_file: "broker.password", client_id: "diode-plant-a", version: "auto" }
/// ```
public struct BrokerSettings: Hashable, Sendable {
    /// Which MQTT is spoken.
    public enum Version: String, CaseIterable, Sendable {
        /// 5, and 3.1.1 if the broker does not speak 5.
        case automatic = "auto"
        case v5 = "5"
        case v311 = "3.1.1"
    }

    public let url: BrokerURL
    /// Authorities that may have signed the broker's certificate (PEM); nil is the system's. `mqtts` only.
    public let ca: FilePath?
    /// The certificate that we show (PEM), and its key. Both or neither. `mqtts` only.
    public let cert, key: FilePath?
    public let username: String?
    /// A file whose first line is the password.
    public let passwordFile: FilePath?
    /// 1…256 bytes; nil lets the program choose one that is stable for its state.
    public let clientID: String?
    public let version: Version

    /// Reads the keys of `broker`.
    public init(_ section: inout ConfigSection) throws(ConfigError) {
        url = try section.required("url", .brokerURL)
        ca = try section.optional("ca", .path)
        cert = try section.optional("cert", .path)
        key = try section.optional("key", .path)
        username = try section.optional("username", .text(1...1_024))
        passwordFile = try section.optional("password_file", .path)
        clientID = try section.optional("client_id", .text(1...256))
        version = try section.value("version", .version, default: .automatic)
        guard url.isSecure || ca == nil && cert == nil && key == nil else {
            throw section.error(
                "url", "ca, cert and key need TLS, and \"\(url)\" has none", allowed: "an URL that begins with mqtts://"
            )
        }
        guard (cert == nil) == (key == nil) else {
            throw section.error(cert == nil ? "key" : "cert", "cert and key stand together or not at all")
        }
        guard passwordFile == nil || username != nil else {
            throw section.error("password_file", "a password needs a username (MQTT 3.1.1)")
        }
    }
}

/// Where a broker listens: `mqtt://host[:1883]` or `mqtts://host[:8883]`.
public struct BrokerURL: Hashable, Sendable, CustomStringConvertible {
    /// Whether TLS is spoken.
    public let isSecure: Bool
    public let endpoint: Endpoint
    public var host: String { endpoint.host }
    public var port: UInt16 { endpoint.port }

    /// - Returns: nil for any other form; user, path and query have keys of their own or no meaning.
    public init?(_ text: String) {
        let rest: Substring
        if text.hasPrefix("mqtt://") {
            (isSecure, rest) = (false, text.dropFirst(7))
        } else if text.hasPrefix("mqtts://") {
            (isSecure, rest) = (true, text.dropFirst(8))
        } else {
            return nil
        }
        let place = rest.hasSuffix("/") ? rest.dropLast() : rest
        guard let endpoint = Endpoint(String(place), standardPort: isSecure ? 8_883 : 1_883) else { return nil }
        self.endpoint = endpoint
    }

    public var description: String { "\(isSecure ? "mqtts" : "mqtt")://\(endpoint)" }
}

extension ConfigKind where Value == BrokerSettings.Version {
    /// As text; a bare 5 is what many write.
    static var version: ConfigKind {
        .init(
            allowed: oneOf.allowed,
            parse: { value, file throws(ConfigFault) in
                value == .integer(5) ? .v5 : try oneOf.parse(value, file)
            }, render: { .text($0.rawValue) })
    }
}

extension ConfigKind where Value == BrokerURL {
    /// The URL of a broker.
    static var brokerURL: ConfigKind {
        .init(
            allowed: "mqtt://host[:port] or mqtts://host[:port]",
            text: { text throws(ConfigFault) in
                guard let url = BrokerURL(text) else { throw ConfigFault("\"\(text)\" is no broker URL") }
                return url
            }, render: { $0.description })
    }
}
