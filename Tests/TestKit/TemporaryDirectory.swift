import Foundation

/// A folder that disappears with its owner, or with the test run.
public final class TemporaryDirectory: Sendable {
    public let path: String
    private let will: Int

    public init(_ purpose: String = "test") throws {
        let name = "uns-diode-\(purpose)-\(String(UInt64.random(in: .min ... .max), radix: 36))"
        path = FileManager.default.temporaryDirectory.appending(path: name).path
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        will = LastWill.shared.add("rm -rf '\(path)'")
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
        LastWill.shared.drop(will)
    }

    /// The path of a file in it.
    public func file(_ name: String) -> String { path + "/" + name }

    /// Writes a text file in it, and returns the path.
    @discardableResult
    public func write(_ name: String, _ text: String, permissions: Int = 0o644) throws -> String {
        try text.write(toFile: file(name), atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: file(name))
        return file(name)
    }
}
