import Crypto
import DiodeProtocol

/// The receiver's seal keys in every history: the one that senders seal for is the older of two.
enum SimulatedSeal {
    static let keys: [SealKey] = [UInt8]([3, 7]).map { byte in
        do throws(CryptoError) {
            return SealKey(try X25519PrivateKey(bytes: [UInt8](repeating: byte, count: 32).span.bytes))
        } catch { preconditionFailure("32 bytes are a key: \(error)") }
    }

    /// What a process of the sender seals with.
    static func sealer() -> BlockSealer {
        do throws(CryptoError) { return try BlockSealer(for: keys[1].publicKey) } catch {
            preconditionFailure("the key shares a secret with others: \(error)")
        }
    }
}
