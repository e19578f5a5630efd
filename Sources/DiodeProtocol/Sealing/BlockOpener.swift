public import Crypto

/// A receiver's private seal key, which all of its links share.
public final class SealKey: Sendable {
    /// libcrypto only reads it, in a context of each agreement's own, so that threads may share it.
    nonisolated(unsafe) let key: X25519PrivateKey

    public init(_ key: consuming X25519PrivateKey) { self.key = key }

    public var publicKey: X25519PublicKey { key.publicKey }
}

/// Opens sealed blocks (W-27), with that of the receiver's keys which fits: there are two while one is being replaced.
///
/// What an agreement gives is kept for each ephemeral key, since a sender has one in a process and its journal blocks of a few: the newest `limit` of
/// them. One thread owns it, and only blocks that the sender's key signed come here.
public struct BlockOpener: ~Copyable {
    private static let limit = 64

    private let keys: [SealKey]
    private var ciphers: [[UInt8]: [Cipher]] = [:]
    /// Ephemeral keys that were agreed with, the oldest first.
    private var order: [[UInt8]] = []

    private final class Cipher {
        var cipher: SealingCipher

        init(_ keys: SealKeys) throws(CryptoError) { cipher = try SealingCipher(keys.secret) }
    }

    /// - Parameter keys: none opens nothing.
    public init(_ keys: [SealKey] = []) { self.keys = keys }

    /// What a sender sealed itself. All of its keys are kept: its table of them has no more than a start may need.
    public init(own keys: [SealKeys]) {
        self.init()
        for keys in keys {
            // One that libcrypto does not take is one whose blocks cannot be read.
            do throws(CryptoError) { ciphers[keys.ephemeral] = [try Cipher(keys)] } catch { continue }
        }
    }

    /// Replaces `packed` by what was sealed.
    /// - Returns: false if none of the keys opens it: it was sealed for another one, or is no sealed block.
    mutating func open(_ sealed: RawSpan, in context: borrowing SealedContext, into packed: inout [UInt8]) -> Bool {
        guard sealed.byteCount > BlockSealer.overheadBytes else { return false }
        let length = X25519PublicKey.byteCount
        let ephemeral = sealed.extracting(0..<length).withUnsafeBytes { Array($0) }
        let rest = sealed.extracting(length..<sealed.byteCount)
        let known = ciphers[ephemeral] ?? agree(ephemeral)
        for cipher in known where cipher.cipher.open(rest, context: context.bytes, into: &packed) {
            // Blocks of one ephemeral key are for one receiver.
            if known.count > 1, ciphers[ephemeral] != nil { ciphers[ephemeral] = [cipher] }
            return true
        }
        return false
    }

    /// Agrees with each of the keys. What libcrypto could not do is not kept: the block stays missing, and comes again.
    private mutating func agree(_ ephemeral: [UInt8]) -> [Cipher] {
        guard !keys.isEmpty, let other = X25519PublicKey(ephemeral.span.bytes) else { return [] }
        var made: [Cipher] = []
        do throws(CryptoError) {
            for own in keys {
                let keys = try SealKeys(own.key, with: other, ephemeral: other, receiver: own.publicKey)
                if let keys { made.append(try Cipher(keys)) }
            }
        } catch { return made }
        if order.count == Self.limit { ciphers[order.removeFirst()] = nil }
        ciphers[ephemeral] = made
        order.append(ephemeral)
        return made
    }
}
