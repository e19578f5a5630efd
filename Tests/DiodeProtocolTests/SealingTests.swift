import Crypto
import DiodeProtocol
import Foundation
import Testing
import Time

@Suite("Sealing")
struct SealingTests {
    private static let content = Array("a value that nobody on the fibre may read".utf8)

    private static func header(_ change: (inout TransmissionHeader) -> Void = { _ in }) -> TransmissionHeader {
        FrameTests.header {
            $0.flags = .sealed
            $0.plainBytes = content.count
            change(&$0)
        }
    }

    private static func context(_ header: TransmissionHeader) throws -> SealedContext {
        SealedContext(
            header.id, flags: header.flags, part: header.partIndex, parts: header.partCount,
            plainBytes: header.plainBytes, first: header.firstSequence, last: header.lastSequence,
            salt: try #require(header.salt))
    }

    private static func sealed(_ sealer: inout BlockSealer, _ header: TransmissionHeader) throws -> [UInt8] {
        var packed = content
        try sealer.seal(&packed, in: context(header))
        return packed
    }

    /// What a receiver gets out of sealed bytes.
    private static func opened(
        _ sealed: [UInt8], _ header: TransmissionHeader, with opener: inout BlockOpener
    ) throws(ContentError) -> [UInt8] {
        var packing = BlockPacking()
        var plain: [UInt8] = []
        var padded = header
        padded.sourceSymbols = 1
        padded.symbolBytes = sealed.count
        padded.packedBytes = sealed.count
        try packing.unpack(source: sealed.span.bytes, header: padded, opener: &opener, into: &plain)
        return plain
    }

    private struct Vector: Decodable {
        let about: String
        let result: String
        let receiverKey, header, packed: Hex
        let plain: Hex?
    }

    @Test("W-27 the blocks of the vectors open or are refused", arguments: VectorFile.names(in: "seals", ""))
    func vectors(name: String) throws {
        let vector = try VectorFile.read(Vector.self, "seals", name)
        var opener = BlockOpener([SealKey(try X25519PrivateKey(bytes: vector.receiverKey.bytes.span.bytes))])
        let header = try FrameTests.header(vector.header.bytes)
        if vector.result == "accept" {
            #expect(
                try Self.opened(vector.packed.bytes, header, with: &opener) == vector.plain?.bytes, "\(vector.about)")
        } else {
            #expect(throws: ContentError.sealed, "\(vector.about)") {
                try Self.opened(vector.packed.bytes, header, with: &opener)
            }
        }
    }

    @Test("W-27 what is sealed for a key opens with it, beside another one, and with what the sender keeps")
    func roundTrip() throws {
        let (old, new) = (SealKey(try X25519PrivateKey()), SealKey(try X25519PrivateKey()))
        var sealer = try BlockSealer(for: old.publicKey)
        let bytes = try Self.sealed(&sealer, Self.header())
        #expect(bytes.count == Self.content.count + BlockSealer.overheadBytes)
        #expect(!bytes.indices.contains { bytes[$0...].starts(with: Self.content.prefix(8)) })
        for keys in [[old], [new, old], [old, new]] {
            var opener = BlockOpener(keys)
            // Twice: what an agreement gives is kept.
            for _ in 0..<2 { #expect(try Self.opened(bytes, Self.header(), with: &opener) == Self.content) }
        }
        let kept = SealKeys(stored: sealer.keys.stored.span.bytes)
        let stored = try #require(kept)
        var own = BlockOpener(own: [stored])
        #expect(try Self.opened(bytes, Self.header(), with: &own) == Self.content)
    }

    @Test("W-27 without its key, in another place, or with any bit changed, nothing comes out")
    func refused() throws {
        let key = SealKey(try X25519PrivateKey())
        var sealer = try BlockSealer(for: key.publicKey)
        let bytes = try Self.sealed(&sealer, Self.header())
        var opener = BlockOpener([key])
        var none = BlockOpener()
        var other = BlockOpener([SealKey(try X25519PrivateKey())])
        #expect(throws: ContentError.sealed) { try Self.opened(bytes, Self.header(), with: &none) }
        #expect(throws: ContentError.sealed) { try Self.opened(bytes, Self.header(), with: &other) }
        for bit in 0..<bytes.count * 8 {
            var bytes = bytes
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: ContentError.sealed, "bit \(bit)") { try Self.opened(bytes, Self.header(), with: &opener) }
        }
        for count in 0..<bytes.count where count > 0 {
            #expect(throws: ContentError.sealed, "\(count) bytes") {
                try Self.opened(Array(bytes.prefix(count)), Self.header(), with: &opener)
            }
        }
        let others: [(inout TransmissionHeader) -> Void] = [
            {
                $0.id.channel = .snapshot; $0.firstSequence = .init(rawValue: 0); $0.lastSequence = .init(rawValue: 0)
            },
            { $0.id.epoch = Epoch(rawValue: 70) }, { $0.id.incarnation = Incarnation(rawValue: 70) },
            { $0.id.block = BlockNumber(rawValue: 70) }, { $0.flags = [.sealed, .compressed] },
            { $0.firstSequence = SequenceNumber(rawValue: 2) }, { $0.lastSequence = SequenceNumber(rawValue: 9) },
            { $0.plainBytes += 1 }, { $0.salt = BlockSalt(Digest16(first: 0, second: 0)) }, { $0.salt = nil },
            {
                $0.lastSequence = $0.firstSequence; $0.partCount = 2
            },
        ]
        for (index, change) in others.enumerated() {
            #expect(throws: ContentError.sealed, "place \(index)") {
                try Self.opened(bytes, Self.header(change), with: &opener)
            }
        }
        // The transmission may be another one.
        let again = Self.header {
            $0.transmission = TransmissionNumber(rawValue: 3)
            $0.link = LinkFingerprint(.zero)
        }
        #expect(try Self.opened(bytes, again, with: &opener) == Self.content)
    }

    @Test("W-27 a nonce is repeated by the same block alone, and another process has another key")
    func nonces() throws {
        let key = try X25519PrivateKey().publicKey
        var sealer = try BlockSealer(for: key)
        var second = try BlockSealer(for: key)
        let first = try Self.sealed(&sealer, Self.header())
        #expect(try Self.sealed(&sealer, Self.header()) == first)
        let next = Self.header { $0.id.block = BlockNumber(rawValue: 10) }
        let other = try Self.sealed(&sealer, next)
        #expect(other[..<32] == first[..<32] && other[32..<44] != first[32..<44])
        var packed = Array(Self.content.reversed())
        try sealer.seal(&packed, in: Self.context(Self.header()))
        #expect(packed[..<32] == first[..<32] && packed[32..<44] != first[32..<44])
        #expect(try Self.sealed(&second, Self.header())[..<32] != first[..<32])
    }

    @Test("W-27 a sender reads back what it sealed with however many keys, also beside blocks of keys that are gone")
    func ownKeys() throws {
        let receiver = try X25519PrivateKey().publicKey
        var (kept, blocks) = ([SealKeys](), [[UInt8]]())
        for _ in 0..<200 {
            var sealer = try BlockSealer(for: receiver)
            kept.append(sealer.keys)
            blocks.append(try Self.sealed(&sealer, Self.header()))
        }
        var opener = BlockOpener(own: Array(kept.dropFirst(50)))
        for (index, block) in blocks.enumerated() {
            if index < 50 {
                #expect(throws: ContentError.sealed) { try Self.opened(block, Self.header(), with: &opener) }
            } else {
                #expect(try Self.opened(block, Self.header(), with: &opener) == Self.content)
            }
        }
    }

    @Test("W-27 keys that share a secret with nobody are refused", arguments: [0, 1] as [UInt8])
    func weakKey(last: UInt8) throws {
        let made = X25519PublicKey(([last] + [UInt8](repeating: 0, count: 31)).span.bytes)
        let key = try #require(made)
        #expect(throws: CryptoError.weakKey) { _ = try BlockSealer(for: key) }
    }

    @Test("W-46 a seal card is read back byte for byte, and anything else is refused")
    func card() throws {
        let made = X25519PublicKey([UInt8](repeating: 9, count: 32).span.bytes)
        let key = try #require(made)
        let card = SealCard(key: key, issued: UnixMilliseconds(rawValue: 1_763_716_000_000))
        let bytes = Array(card.text.utf8)
        #expect(try SealCard(parsing: bytes) == card)
        #expect(card.fingerprint.hasPrefix("SHA256:"))
        for index in bytes.indices {
            #expect(throws: SealCardError.self, "\(index) bytes") { try SealCard(parsing: Array(bytes[..<index])) }
        }
        let text = card.text
        let wrong = [
            text + "x", text.replacingOccurrences(of: "\n", with: "\r\n"),
            text.replacingOccurrences(of: " ", with: "  "),
            text.replacingOccurrences(of: "KEY 1", with: "KEY 2"), text.replacingOccurrences(of: "key ", with: "kei "),
            text.replacingOccurrences(of: "=", with: ""), String(repeating: "x", count: 2_000),
        ]
        for text in wrong {
            #expect(throws: SealCardError.self, "\(text)") { try SealCard(parsing: Array(text.utf8)) }
        }
    }
}
