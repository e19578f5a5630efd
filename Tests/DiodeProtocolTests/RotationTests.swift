import Crypto
import DiodeProtocol
import Testing
import Time

@Suite("Rotation")
struct RotationTests {
    private struct Vector: Decodable {
        let formerKey, bytes: Hex
        let nextKey, next: Hex?
        let rule, counter: String?
    }

    /// A signer, and the card of its key.
    private final class Holder {
        private var signer: Ed25519Signer
        let card: LinkCard

        init(_ seed: UInt8, link: String = "plant-a", issued: UInt64 = 6) throws {
            var signer = try Ed25519Signer(seed: [UInt8](repeating: seed, count: 32).span.bytes)
            card = try LinkCard(
                link: link, signer: &signer, lowestEpoch: Epoch(rawValue: 5), issued: UnixMilliseconds(rawValue: issued)
            )
            self.signer = signer
        }

        func handOver(to next: LinkCard) throws -> Rotation { try Rotation(to: next, signer: &signer) }
    }

    private static func refusal(_ chain: inout KeyChain, _ rotation: Rotation) -> RotationError? {
        do throws(RotationError) {
            _ = try chain.follow(rotation)
            return nil
        } catch { return error }
    }

    @Test(
        "W-50 a statement is read, written byte for byte, and leads to the next card",
        arguments: VectorFile.names(in: "rotations", "accept-"))
    func reading(name: String) throws {
        let vector = try VectorFile.read(Vector.self, "rotations", name)
        let rotation = try Rotation(decoding: vector.bytes.bytes.span.bytes)
        #expect(rotation.datagram == vector.bytes.bytes)
        let former = vector.formerKey.bytes
        let found = Ed25519PublicKey(former.span.bytes)
        let key = try #require(found)
        let card = try rotation.card(by: key)
        #expect(card.key.bytes == vector.nextKey?.bytes)
        #expect(card.linkFingerprint == LinkFingerprint(digest(try #require(vector.next))))
    }

    @Test(
        "W-50, W-51 a statement that breaks one rule is refused by that rule",
        arguments: VectorFile.names(in: "rotations", "W-"))
    func refused(name: String) throws {
        let vector = try VectorFile.read(Vector.self, "rotations", name)
        let former = vector.formerKey.bytes
        let found = Ed25519PublicKey(former.span.bytes)
        let key = try #require(found)
        let counter: String
        do throws(FrameError) {
            let rotation = try Rotation(decoding: vector.bytes.bytes.span.bytes)
            do throws(RotationError) {
                _ = try rotation.card(by: key)
                counter = "none"
            } catch { counter = error.isSigned ? "refused_rotations" : "bad_signature" }
        } catch { counter = error.counter == .version ? "version" : "malformed" }
        #expect(counter == vector.counter)
    }

    @Test("W-50 no bit of a statement can be flipped, and nothing can be cut off")
    func everyBit() throws {
        let old = try Holder(1)
        let new = try Holder(2)
        let bytes = try old.handOver(to: new.card).datagram
        func leads(_ bytes: [UInt8]) -> Bool {
            do {
                return try Rotation(decoding: bytes.span.bytes).card(by: old.card.key) == new.card
            } catch { return false }
        }
        #expect(leads(bytes))
        for bit in 0..<bytes.count * 8 {
            var changed = bytes
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!leads(changed), "bit \(bit)")
        }
        for count in 0..<bytes.count { #expect(!leads(Array(bytes[..<count]))) }
    }

    @Test(
        "W-51 a chain goes on from the key in use alone, never back, never to a revoked key, nor from one, nor to another link"
    )
    func chain() throws {
        let (first, second) = (try Holder(1), try Holder(2))
        let third = try Holder(3)
        let thief = try Holder(4)
        let (toSecond, toThird) = (try first.handOver(to: second.card), try second.handOver(to: third.card))
        var chain = KeyChain(first.card)
        #expect(Self.refusal(&chain, toThird) == .notSigned)
        #expect(Self.refusal(&chain, toSecond) == nil)
        #expect(chain.inUse == second.card && chain.isFormer(first.card.linkFingerprint))
        // Said again, and signed again, it leads where the chain has gone.
        let again = try first.handOver(to: Holder(2, issued: 7).card)
        let (saidAgain, signedAgain) = (try chain.follow(toSecond), try chain.follow(again))
        #expect(!saidAgain && !signedAgain && chain.rotations == [toSecond])
        let stolen = try first.handOver(to: thief.card)
        #expect(
            Self.refusal(&chain, stolen)
                == .secondSuccessor(former: first.card.fingerprint, next: thief.card.fingerprint))
        let back = try second.handOver(to: first.card)
        #expect(Self.refusal(&chain, back) == .goesBack(first.card.fingerprint))
        let elsewhere = try second.handOver(to: Holder(5, link: "plant-b").card)
        #expect(Self.refusal(&chain, elsewhere) == .otherLink("plant-b"))
        #expect(chain.inUse == second.card)
        // Revoked: the key that it leads to.
        var careful = KeyChain(second.card, revoked: [third.card.fingerprint])
        #expect(Self.refusal(&careful, toThird) == .revoked(third.card.fingerprint))
        // Revoked: the key that signed, before it was followed, and after.
        var late = KeyChain(first.card, revoked: [first.card.fingerprint])
        #expect(late.isRevoked && Self.refusal(&late, toSecond) == .revoked(first.card.fingerprint))
        let followed = KeyChain(first.card, revoked: [first.card.fingerprint], followed: [toThird, toSecond])
        #expect(followed.inUse == third.card && !followed.isRevoked && followed.rotations == [toSecond, toThird])
        // Whatever is revoked afterwards, nobody goes back to the key before.
        let inUse = KeyChain(first.card, revoked: [third.card.fingerprint], followed: [toSecond, toThird])
        #expect(inUse.inUse == third.card && inUse.isRevoked)
        let between = KeyChain(first.card, revoked: [second.card.fingerprint], followed: [toSecond, toThird])
        #expect(between.inUse == third.card && !between.isRevoked)
        // What was stored beside the chain leads nowhere.
        let byThief = try thief.handOver(to: second.card)
        #expect(KeyChain(first.card, followed: [byThief]).inUse == first.card)
    }

    @Test("W-51 a chain ends where it is full")
    func full() throws {
        var holder = try Holder(1)
        var chain = KeyChain(holder.card)
        for seed in UInt8(2)...UInt8(KeyChain.maximumCards) {
            let next = try Holder(seed)
            #expect(Self.refusal(&chain, try holder.handOver(to: next.card)) == nil)
            holder = next
        }
        #expect(chain.cards.count == KeyChain.maximumCards)
        #expect(Self.refusal(&chain, try holder.handOver(to: Holder(200).card)) == .tooLong)
    }
}
