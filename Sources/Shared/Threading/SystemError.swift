internal import Glibc

/// A system call that failed: which one, and the kernel's reason.
///
/// `description` reads like `bind: Address already in use`.
public struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The name of the call, for example `"bind"`.
    public let call: String
    /// The `errno` it left.
    public let code: Int32

    public init(call: String, code: Int32) {
        self.call = call
        self.code = code
    }

    /// The error of a call that has just failed in this thread.
    public static func last(_ call: String) -> SystemError {
        SystemError(call: call, code: errno)
    }

    /// The kernel's reason in words, for example `Address already in use`.
    public var reason: String { String(cString: strerror(code)) }

    public var description: String { "\(call): \(reason)" }
}
