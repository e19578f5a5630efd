import Foundation
import Glibc

/// A network namespace: a machine of its own as far as networks go. It exists as long as the process that holds it.
///
/// As root nothing else is needed. Other users get one inside a user namespace, where the system allows that.
public final class Namespace: Sendable {
    /// Namespaces are not allowed here.
    public struct NotAllowed: Error, CustomStringConvertible {
        public let description: String
    }

    private let holder: Child
    /// Of which user namespace this one's holder is root, when the test itself is not root.
    private let isUserNamespace: Bool

    /// Makes an empty namespace with a loopback interface that is up.
    /// - Parameter neighbour: a namespace whose interfaces shall be movable into this one.
    public init(beside neighbour: Namespace? = nil) async throws {
        isUserNamespace = getuid() != 0
        let users = isUserNamespace && neighbour == nil ? ["--user", "--map-root-user"] : []
        holder = try Child(
            ["unshare"] + users + ["--net", "sh", "-c", "echo made; exec sleep infinity"], namespace: neighbour)
        let holder = holder
        let made = await eventually(.seconds(5)) { holder.output == "made\n" || !holder.isRunning }
        guard made, holder.isRunning else {
            throw NotAllowed(description: "no network namespace: \(holder.errors)")
        }
        try await run("ip", "link", "set", "lo", "up")
    }

    /// The process that holds it: how `ip link set … netns` names it.
    public var processID: String { String(holder.processID) }

    /// What stands before a command's name to run it in here.
    var prefix: [String] {
        ["nsenter", "--net", "--target", processID] + (isUserNamespace ? ["--user", "--preserve-credentials"] : [])
    }

    /// Runs a command in here that must succeed, and returns what it printed.
    @discardableResult
    public func run(_ arguments: String...) async throws -> String {
        try await runSuccessfully(arguments, namespace: self)
    }

    /// Whether this machine lets us make one.
    public static func isAllowed() async -> Bool { (try? await Namespace()) != nil }
}
