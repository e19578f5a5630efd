internal import Crypto
internal import ReceiverITCore
internal import Threading

/// Measures what verifying a signature costs on this machine: once before the receiver starts, and each second while it verifies, because
/// clocks of processors change and neighbours of virtual machines come and go.
///
/// A genuine signature of a key that is made for this: a forged one may be refused early, and would look cheap. Processor time
/// of the calling thread counts, so that other threads do not make it look dear.
struct VerificationScale: ~Copyable {
    /// Verifications at the start, about 4 ms, and each second while there is something to verify, below 0.1 %.
    private static let atStart = 64
    private static let whileRunning = 8

    private var verifier: Ed25519Verifier
    private let message: [UInt8]
    private let signature: Ed25519Signature

    /// - Throws: when libcrypto has no Ed25519.
    init() throws(CryptoError) {
        var signer = try Ed25519Signer()
        // As long as what a frame signs: header and root.
        let message = [UInt8](repeating: 0x5A, count: 113)
        let signature = try signer.sign(message.span.bytes)
        let verifier = try Ed25519Verifier(signer.publicKey)
        // Only now: a move-only value may not be left half made by a throw.
        self.message = message
        self.signature = signature
        self.verifier = verifier
    }

    /// The cost as of now.
    mutating func measureAtStart() -> Duration {
        // The first ones fill caches and tables.
        _ = measure(8)
        return measure(Self.atStart)
    }

    mutating func measureAgain() -> Duration { measure(Self.whileRunning) }

    private mutating func measure(_ count: Int) -> Duration {
        let (signature, message) = (signature, message)
        let began = ThreadClock.now()
        for _ in 0..<count { _ = verifier.isValid(signature.bytes.span.bytes, for: message.span.bytes) }
        return (ThreadClock.now() - began) / count
    }
}
