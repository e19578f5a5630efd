internal import Glibc
public import JSON

/// A configuration file that was read but not yet understood.
public struct ConfigFile: Sendable {
    /// The most bytes of a configuration file.
    public static let maximumBytes = 1 << 20

    /// The file as it was named.
    public let path: String
    let document: JSON5Document

    /// Reads the file.
    /// - Throws: one line if it is missing, unreadable, no regular file, too large or no JSON5.
    public init(path: String) throws(ConfigError) {
        try self.init(path: path, bytes: Self.read(path))
    }

    /// Takes the text from memory; relative paths in it are relative to the folder of `path`.
    public init(path: String, bytes: [UInt8]) throws(ConfigError) {
        self.path = path
        do throws(JSON5Error) { document = try JSON5Reader.read(bytes) } catch {
            throw ConfigError(file: path, place: error.position.description, reason: error.reason)
        }
    }

    /// Understands the file: `body` takes the keys that it knows; those that nobody took are errors.
    /// - Returns: what the body made of them, and the effective configuration: every key with the value that holds.
    public func read<Result>(
        _ body: (inout ConfigSection) throws(ConfigError) -> Result
    ) throws(ConfigError) -> (value: Result, effective: JSONValue) {
        var section = try ConfigSection(value: document.value, path: "", source: self)
        let result = try body(&section)
        return (result, try section.finish())
    }

    func error(_ path: String, _ reason: String, allowed: String? = nil) -> ConfigError {
        ConfigError(
            file: self.path, place: document.position(of: path)?.description, path: path, reason: reason,
            allowed: allowed)
    }

    private static func read(_ path: String) throws(ConfigError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw ConfigError(file: path, reason: String(cString: strerror(errno))) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw ConfigError(file: path, reason: "not a regular file")
        }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= maximumBytes {
            let count = Glibc.read(file, &chunk, chunk.count)
            guard count >= 0 else { throw ConfigError(file: path, reason: String(cString: strerror(errno))) }
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        guard bytes.count <= maximumBytes else {
            throw ConfigError(file: path, reason: "larger than allowed", allowed: "at most 1MiB")
        }
        return bytes
    }
}
