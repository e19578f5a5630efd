import Foundation

/// A folder that disappears with its owner, or with the test run.
public final class TemporaryDirectory: Sendable {
    public let path: String
    private let will: Int

    /// - Parameter inMemory: it lies in memory where the machine has a file system for that: nothing waits for a disk.
    public init(_ purpose: String = "test", inMemory: Bool = false) throws {
        let memory = "/dev/shm"
        let place =
            inMemory && FileManager.default.isWritableFile(atPath: memory)
            ? URL(filePath: memory) : FileManager.default.temporaryDirectory
        let name = "uns-diode-\(purpose)-\(String(UInt64.random(in: .min ... .max), radix: 36))"
        path = place.appending(path: name).path
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
