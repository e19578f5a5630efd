internal import JSON

/// How a broker is reached, the same on both sides.
///
/// ```js
/// broker: { url: "mqtts://broker.plant.example:8883", ca: "ca.pem", cert: "diode.pem", key: "diode-tls.key",
///           server_name: "broker.plant.example", username: "diode", password_file: "broker.password", client_id: "diode-plant-a", version: "auto" }
/// ```
public struct BrokerSettings: Hashable, Sendable {
    /// Which MQTT is spoken.
    public enum Version: String, CaseIterable, Sendable {
        /// 5, and 3.1.1 if the broker does not speak 5.
        case automatic = "auto"
        case v5 = "5"
        case v311 = "3.1.1"
    }

    /// Where it is: 1…8 addresses, tried in turn.
    public let urls: [BrokerURL]
    /// The first of them.
    public var url: BrokerURL { urls[0] }
    /// Authorities that may have signed the broker's certificate (PEM); nil is the system's. `mqtts` only.
    public let ca: FilePath?
    /// The certificate that we show (PEM), and its key. Both or neither. `mqtts` only.
    public let cert, key: FilePath?
    /// The name or address that the broker's certificate bears; nil: the host of the URL. `mqtts` only.
    public let serverName: String?
    public let username: String?
    /// A file whose first line is the password.
    public let passwordFile: FilePath?
    /// 1…256 bytes; nil lets the program choose one that is stable for its state.
    public let clientID: String?
    public let version: Version

    /// Reads the keys of `broker`.
    public init(_ section: inout ConfigSection) throws(ConfigError) {
        urls = try section.required("url", .brokerURLs)
        ca = try section.optional("ca", .path)
        cert = try section.optional("cert", .path)
        key = try section.optional("key", .path)
        serverName = try section.optional("server_name", .text(1...253))
        username = try section.optional("username", .text(1...1_024))
        passwordFile = try section.optional("password_file", .path)
        clientID = try section.optional("client_id", .text(1...256))
        version = try section.value("version", .version, default: .automatic)
        guard urls.allSatisfy({ $0.isSecure == urls[0].isSecure }) else {
            throw section.error(
                "url", "some addresses have TLS and others do not",
                allowed: "mqtts:// before each of them, or before none")
        }
        guard urls[0].isSecure || ca == nil && cert == nil && key == nil && serverName == nil else {
            throw section.error(
                "url", "ca, cert, key and server_name need TLS, and \"\(urls[0])\" has none",
                allowed: "an URL that begins with mqtts://")
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

extension ConfigKind where Value == [BrokerURL] {
    /// The URL of a broker, or a list of up to eight.
    static var brokerURLs: ConfigKind {
        .init(
            allowed: "mqtt://host[:port] or mqtts://host[:port], or a list [ … ] of 1…8 of them",
            parse: { value, _ throws(ConfigFault) in
                var elements = [value]
                if case .array(let given) = value { elements = given }
                guard (1...8).contains(elements.count) else {
                    throw ConfigFault("\(elements.count) addresses stand in this list")
                }
                var urls: [BrokerURL] = []
                for element in elements {
                    guard case .text(let text) = element else { throw ConfigFault("a \(element.kind) stands here") }
                    guard let url = BrokerURL(text) else { throw ConfigFault("\"\(text)\" is no broker URL") }
                    urls.append(url)
                }
                return urls
            },
            render: { urls in
                urls.count == 1 ? .text(urls[0].description) : .array(urls.map { .text($0.description) })
            })
    }
}
