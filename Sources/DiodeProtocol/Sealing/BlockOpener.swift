public import Crypto

/// A receiver's private seal key, which all of its links share.
public final class SealKey: Sendable {
    /// libcrypto only reads it, in a context of each agreement's own, so that threads may share it.
    nonisolated(unsafe) let key: X25519PrivateKey

    public init(_ key: consuming X25519PrivateKey) { self.key = key }

    public var publicKey: X25519PublicKey { key.publicKey }
}

/// Opens sealed blocks (W-27), with the newest of the receiver's keys that fits: two while one is being replaced.
///
/// What an agreement gives is kept for each ephemeral key, since a sender has one in a process and its journal blocks of a few. Bounded. One thread owns
/// it, and only blocks that the sender's key signed come here.
public struct BlockOpener: ~Copyable {
    private static let limit = 64

    private let keys: [SealKey]
    private var ciphers: [[UInt8]: [Cipher]] = [:]
    private var order: [[UInt8]] = []

    private final class Cipher {
        var cipher: SealingCipher

        /// nil when libcrypto fails.
        init?(_ keys: SealKeys) {
            do throws(CryptoError) { cipher = try SealingCipher(keys.secret) } catch { return nil }
        }
    }

    /// - Parameter keys: none opens nothing.
    public init(_ keys: [SealKey] = []) {
        self.keys = keys
    }

    /// What a sender sealed itself.
    public init(own keys: [SealKeys]) {
        self.init()
        for keys in keys.suffix(Self.limit) where ciphers[keys.ephemeral] == nil {
            // As below.
            ciphers[keys.ephemeral] = Cipher(keys).map { [$0] } ?? []
            order.append(keys.ephemeral)
        }
    }

    /// Replaces `packed` by what was sealed.
    /// - Returns: false if none of the keys opens it: it was sealed for another one, or is no sealed block.
    mutating func open(_ sealed: RawSpan, in context: borrowing SealedContext, into packed: inout [UInt8]) -> Bool {
        guard sealed.byteCount > BlockSealer.overheadBytes else { return false }
        let length = X25519PublicKey.byteCount
        let ephemeral = sealed.extracting(0..<length).withUnsafeBytes { Array($0) }
        let rest = sealed.extracting(length..<sealed.byteCount)
        for cipher in ciphers(of: ephemeral) where cipher.cipher.open(rest, context: context.bytes, into: &packed) {
            return true
        }
        return false
    }

    private mutating func ciphers(of ephemeral: [UInt8]) -> [Cipher] {
        if let known = ciphers[ephemeral] { return known }
        guard let other = X25519PublicKey(ephemeral.span.bytes) else { return [] }
        // A failure of libcrypto is a block that cannot be opened: it stays missing, and comes again.
        let made = keys.compactMap { own -> Cipher? in
            do throws(CryptoError) {
                let keys = try SealKeys(own.key, with: other, ephemeral: other, receiver: own.publicKey)
                return keys.flatMap { Cipher($0) }
            } catch { return nil }
        }
        if order.count == Self.limit { ciphers[order.removeFirst()] = nil }
        ciphers[ephemeral] = made
        order.append(ephemeral)
        return made
    }
}
