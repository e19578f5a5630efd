import Crypto

/// What libcrypto alone takes for one block: the floor under sender and receiver, and their yardstick.
///
/// A class, because spans of a struct's property would lock all of it; methods take their own references to arrays.
final class CryptographyAlone {
    private var signer: Ed25519Signer
    private var verifier: Ed25519Verifier
    private var hasher = SHA256Hasher()
    private let symbol: [UInt8]
    private let message = [UInt8](repeating: 1, count: 113)
    private let signature: [UInt8]

    init(symbolBytes: Int) throws {
        var signer = try Ed25519Signer()
        let text = message
        let made = try signer.sign(text.span.bytes)
        signature = made.bytes.span.withUnsafeBufferPointer { Array($0) }
        verifier = try Ed25519Verifier(signer.publicKey)
        self.signer = signer
        symbol = [UInt8](repeating: 7, count: symbolBytes)
    }

    /// Hashes so many symbols and signs once.
    func send(symbols: Int) throws {
        hash(symbols)
        let message = message
        _ = try signer.sign(message.span.bytes)
    }

    /// Hashes so many symbols and verifies once.
    func receive(symbols: Int) throws {
        hash(symbols)
        let (message, signature) = (message, signature)
        guard verifier.isValid(signature.span.bytes, for: message.span.bytes) else {
            throw WrongResult(name: "a signature")
        }
    }

    private func hash(_ symbols: Int) {
        let symbol = symbol
        for _ in 0..<symbols { _ = hasher.hash(symbol.span.bytes) }
    }
}
