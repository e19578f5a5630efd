import Crypto
import DiodeProtocol
import Testing
import Time

@Suite("Link card")
struct LinkCardTests {
    struct Accepted: Decodable {
        let seed, publicKey, linkFingerprint, bytes: Hex
        let link, fingerprint: String
        let lowestEpoch, issued: Decimal64
    }

    static let accepted = VectorFile.names(in: "cards", "accept-")

    private static func error(_ bytes: [UInt8]) -> CardError? {
        do throws(CardError) {
            _ = try LinkCard(parsing: bytes)
            return nil
        } catch {
            return error
        }
    }

    @Test("W-35, W-36 a card is read, and its text is what was read", arguments: accepted)
    func reading(name: String) throws {
        let vector = try VectorFile.read(Accepted.self, "cards", name)
        let card = try LinkCard(parsing: vector.bytes.bytes)
        #expect(card.link == vector.link)
        #expect(card.key.bytes == vector.publicKey.bytes)
        #expect(card.lowestEpoch.rawValue == vector.lowestEpoch.value)
        #expect(card.issued.rawValue == vector.issued.value)
        #expect(card.fingerprint == vector.fingerprint)
        #expect(card.linkFingerprint == LinkFingerprint(digest(vector.linkFingerprint)))
        #expect(Array(card.text.utf8) == vector.bytes.bytes)
    }

    @Test("W-35, W-36 a card is issued byte for byte", arguments: accepted.filter { !$0.contains("extension") })
    func issuing(name: String) throws {
        let vector = try VectorFile.read(Accepted.self, "cards", name)
        var signer = try Ed25519Signer(seed: vector.seed.bytes.span.bytes)
        let card = try LinkCard(
            link: vector.link, signer: &signer, lowestEpoch: Epoch(rawValue: vector.lowestEpoch.value),
            issued: UnixMilliseconds(rawValue: vector.issued.value))
        #expect(Array(card.text.utf8) == vector.bytes.bytes)
        #expect(try LinkCard(parsing: vector.bytes.bytes) == card)
    }

    @Test(
        "W-35, W-36 a card that breaks one rule is refused by that rule", arguments: VectorFile.names(in: "cards", "W-")
    )
    func refused(name: String) throws {
        let vector = try VectorFile.read(Refusal.self, "cards", name)
        let error = try #require(Self.error(vector.bytes.bytes))
        #expect(error.rules.contains(vector.rule), "\(error)")
        #expect(!error.description.isEmpty)
    }

    @Test("W-36 no bit of a card can be flipped, and nothing can be cut off")
    func everyBit() throws {
        var bytes = try VectorFile.read(Accepted.self, "cards", "accept-extension-lines").bytes.bytes
        for bit in 0..<bytes.count * 8 {
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(Self.error(bytes) != nil, "bit \(bit)")
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        }
        for count in 0..<bytes.count { #expect(Self.error(Array(bytes[..<count])) != nil, "\(count) bytes") }
    }

    @Test("Errors quote printable text alone, for they are shown on terminals")
    func printable() throws {
        for name in VectorFile.names(in: "cards", "W-") {
            let error = Self.error(try VectorFile.read(Refusal.self, "cards", name).bytes.bytes)
            #expect(error.map { $0.description.utf8.allSatisfy { 0x20...0x7E ~= $0 } } ?? false, "\(name)")
        }
    }

    @Test("W-35 a link name has 1 to 64 of the allowed characters")
    func linkNames() {
        for name in ["a", "plant-a", "A.b_c-9", String(repeating: "x", count: 64)] {
            #expect(LinkCard.isLinkName(name))
        }
        for name in ["", "a b", "a/b", "ä", "a\n", "\u{212A}", String(repeating: "x", count: 65)] {
            #expect(!LinkCard.isLinkName(name))
        }
    }

    @Test("W-36 base64 has one text for each value (RFC 4648 §10 and beyond)")
    func base64() {
        for (plain, text) in [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            #expect(Base64.encode(Array(plain.utf8)) == text)
            #expect(Base64.decode(text) == Array(plain.utf8))
            #expect(Base64.encode(Array(plain.utf8), padded: false) == text.filter { $0 != "=" })
        }
        #expect(Base64.decode(Base64.encode(Array(0...255))) == Array(0...255))
        for text in [
            "Zh==", "Zm9=", "Zg", "Zg=", "Zg===", "=", "Zm9v=", "Zm9v\n", "Zm 9v", "Z", "Zg==Zg==", "-_-_",
            "\u{212A}mFy",
        ] {
            #expect(Base64.decode(text) == nil, "\(text)")
        }
    }
}
