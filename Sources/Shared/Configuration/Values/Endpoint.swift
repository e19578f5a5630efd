/// A host and a port as people write them: `127.0.0.1:7400`, `[::1]:7400` or `diode.plant.example:7400`.
public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    /// An IPv4 or IPv6 address without brackets, possibly with a zone (`fe80::1%eth1`), or a host name.
    public let host: String
    /// 1…65,535.
    public let port: UInt16

    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Reads the text; looks nothing up.
    /// - Parameter standardPort: what holds where the text names no port; nil makes the port a must.
    /// - Returns: nil for any other form.
    public init?(_ text: String, standardPort: UInt16? = nil) {
        var host = text[...]
        var port = standardPort
        if let colon = text.lastIndex(of: ":"), !text[colon...].contains("]") {
            let digits = text[text.index(after: colon)...]
            guard digits.utf8.allSatisfy(isDigit), let number = UInt16(digits), number > 0 else { return nil }
            port = number
            host = text[..<colon]
        }
        guard let port else { return nil }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        let forbidden = Set("/@?#[]\\\"".utf8)
        guard (1...253).contains(host.utf8.count),
            host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !forbidden.contains($0) })
        else { return nil }
        self.init(host: String(host), port: port)
    }

    /// Whether only this machine can reach it, as far as its text tells.
    public var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

extension ConfigKind where Value == Endpoint {
    /// A host and a port.
    public static var endpoint: ConfigKind {
        .init(
            allowed: "host:port with a port of 1…65535, for example \"127.0.0.1:7400\" or \"[::1]:7400\"",
            text: { text throws(ConfigFault) in
                guard let endpoint = Endpoint(text) else { throw ConfigFault("\"\(text)\" is no address") }
                return endpoint
            }, render: { $0.description })
    }
}
