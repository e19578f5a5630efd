internal import JSON

/// What is wrong with a configuration, in one line: file, place, key, reason and what is allowed.
///
/// `send.json5:4:19: link.rate: "800Mbps" is no rate; allowed: 1kbit/s…100Gbit/s, for example "800Mbit/s"`
public struct ConfigError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file as it was named.
    public let file: String
    /// Line and column, where the file could be read: `4:19`.
    public let place: String?
    /// The key's path, for example `link.paths[0].to`; empty for the file as a whole.
    public let path: String
    /// What is wrong.
    public let reason: String
    /// What would be right.
    public let allowed: String?

    public init(file: String, place: String? = nil, path: String = "", reason: String, allowed: String? = nil) {
        self.file = file
        self.place = place
        self.path = path
        self.reason = reason
        self.allowed = allowed
    }

    public var description: String {
        var line = file
        if let place { line += ":\(place)" }
        if !path.isEmpty { line += ": \(path)" }
        line += ": \(reason)"
        if let allowed { line += "; allowed: \(allowed)" }
        return JSONValue.printable(line)
    }
}
