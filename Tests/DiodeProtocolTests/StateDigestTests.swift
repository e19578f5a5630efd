import Crypto
import DiodeProtocol
import TestKit
import Testing

@Suite("State digest")
struct StateDigestTests {
    struct Vector: Decodable {
        struct Slot: Decodable {
            let kind, qos: UInt8
            let topic, properties, payload: Hex
            let epoch, sequence: Decimal64
        }

        let slots: [Slot]
        let hashes: [Hex]
        let digest: Hex
    }

    @Test(
        "W-37 slots have the hashes and the digest of the vectors", arguments: VectorFile.names(in: "state", "accept"))
    func vectors(name: String) throws {
        let vector = try VectorFile.read(Vector.self, "state", name)
        var hasher = SymbolHasher()
        var hashes: [Digest32] = []
        for slot in vector.slots {
            let kind = try #require(SlotKind(rawValue: slot.kind))
            let qos = try #require(QualityOfService(rawValue: slot.qos))
            guard kind != .tombstone else { continue }
            hashes.append(
                hasher.slot(
                    kind, topic: slot.topic.bytes.span.bytes,
                    stamp: Stamp(
                        epoch: Epoch(rawValue: slot.epoch.value),
                        sequence: SequenceNumber(rawValue: slot.sequence.value)),
                    qos: qos, properties: slot.properties.bytes.span.bytes, payload: slot.payload.bytes.span.bytes))
        }
        #expect(hashes.map(\.bytes) == vector.hashes.map(\.bytes))
        var digest = StateDigest()
        for hash in hashes.shuffled() { digest.add(hash) }
        #expect(digest.sum.bytes == vector.digest.bytes)
        for hash in hashes.shuffled() { digest.subtract(hash) }
        #expect(digest.sum.bytes == StateDigest().sum.bytes)
    }

    @Test("W-37 sums agree with numbers of 256 bits over random additions and subtractions")
    func arithmetic() async {
        await withSeed { random in
            var digest = StateDigest()
            var model = [UInt8](repeating: 0, count: 32)
            for _ in 0..<2_000 {
                // Words of all ones and all zeros let carries run far.
                let words = (0..<4).map { _ in [0, .max, 1, random.next()].randomElement(using: &random) ?? 0 }
                let hash = Digest32(first: words[0], second: words[1], third: words[2], fourth: words[3])
                let isAdded = Bool.random(using: &random)
                if isAdded { digest.add(hash) } else { digest.subtract(hash) }
                var carry = isAdded ? 0 : 1
                for (index, byte) in hash.bytes.enumerated().reversed() {
                    carry += Int(model[index]) + Int(isAdded ? byte : ~byte)
                    model[index] = UInt8(truncatingIfNeeded: carry)
                    carry >>= 8
                }
                #expect(digest.sum.bytes == model)
            }
        }
    }
}
