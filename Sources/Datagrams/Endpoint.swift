/// A host and a UDP port as a person writes them: `127.0.0.1:7400`, `[::1]:7400` or `diode.plant.example:7400`.
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
    /// - Throws: `invalidAddress` with the reason.
    public init(parsing text: String) throws(DatagramError) {
        guard let colon = text.lastIndex(of: ":") else {
            throw .invalidAddress(text: text, reason: "no port; allowed: host:port, for example 127.0.0.1:7400")
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw .invalidAddress(text: text, reason: "an IPv6 address stands in brackets, for example [::1]:7400")
        }
        guard !host.isEmpty, host.utf8.count <= 253, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .invalidAddress(text: text, reason: "the host is empty, too long or no printable ASCII")
        }
        let digits = text[text.index(after: colon)...]
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(digits), port > 0 else {
            throw .invalidAddress(text: text, reason: "port \"\(digits)\" is not a number; allowed: 1…65535")
        }
        self.init(host: String(host), port: port)
    }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
