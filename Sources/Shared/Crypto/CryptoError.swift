internal import COpenSSL

/// What libcrypto refused, in its own words.
///
/// These are failures of the machine or of its libcrypto (out of memory, an algorithm that policy forbids), never the
/// answer to bytes from outside: a wrong signature is `false`, a wrong key file is a `KeyFileError`.
public struct CryptoError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The function of libcrypto that failed.
    public let operation: String
    /// Its reason.
    public let reason: String

    public var description: String { "\(operation): \(reason)" }

    /// A public key that shares a secret with nobody: a point of low order.
    public static let weakKey = CryptoError(operation: "X25519", reason: "the public key shares a secret with nobody")

    /// The error of a call that has just failed in this thread. Empties the thread's error queue.
    package static func last(_ operation: String) -> CryptoError {
        let code = ERR_peek_last_error()
        ERR_clear_error()
        guard code != 0, let reason = ERR_reason_error_string(code) else {
            return CryptoError(operation: operation, reason: "failed without a reason")
        }
        return CryptoError(operation: operation, reason: String(cString: reason))
    }
}
