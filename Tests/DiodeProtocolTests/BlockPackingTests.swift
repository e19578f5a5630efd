import Crypto
import DiodeProtocol
import TestKit
import Testing

@Suite("Packing")
struct BlockPackingTests {
    struct Vector: Decodable {
        let rule: String?
        let counter: String?
        let flags: UInt8
        let packed, source: Hex
        let plainBytes: Int
        let plain: Hex?
    }

    private static func unpacked(_ packed: [UInt8], _ flags: UInt8, plainBytes: Int) throws(ContentError) -> [UInt8] {
        var packing = BlockPacking()
        var plain: [UInt8] = [1, 2, 3]
        try packing.unpack(
            packed.span.bytes, flags: TransmissionHeader.Flags(rawValue: flags), plainBytes: plainBytes, into: &plain)
        return plain
    }

    /// Unpacks a decoded block: one source symbol that holds packed bytes and padding.
    private static func unpacked(_ vector: Vector) throws(ContentError) -> [UInt8] {
        var packing = BlockPacking()
        var plain: [UInt8] = []
        let flags = TransmissionHeader.Flags(rawValue: vector.flags)
        // A header that says so would be refused before (W-25); here the packed bytes themselves are.
        guard !flags.isEmpty || vector.plainBytes == vector.packed.bytes.count else {
            return try unpacked(vector.packed.bytes, vector.flags, plainBytes: vector.plainBytes)
        }
        let header = FrameTests.header {
            $0.flags = flags
            $0.sourceSymbols = 1
            $0.symbolBytes = vector.source.bytes.count
            $0.packedBytes = vector.packed.bytes.count
            $0.plainBytes = vector.plainBytes
        }
        var opener = BlockOpener()
        try packing.unpack(
            source: vector.source.bytes.span.bytes, header: header, opener: &opener, into: &plain)
        return plain
    }

    @Test(
        "W-14, W-25 packed bytes become the content that they hold",
        arguments: VectorFile.names(in: "packing", "accept-"))
    func accepted(name: String) throws {
        let vector = try VectorFile.read(Vector.self, "packing", name)
        #expect(try Self.unpacked(vector) == vector.plain?.bytes)
    }

    @Test(
        "W-14, W-25, W-27 a block that breaks one rule is refused by that rule",
        arguments: VectorFile.names(in: "packing", "W-"))
    func refused(name: String) throws {
        let vector = try VectorFile.read(Vector.self, "packing", name)
        do throws(ContentError) {
            let plain = try Self.unpacked(vector)
            Issue.record("gave \(plain.count) bytes")
        } catch {
            #expect(error.rules.contains(vector.rule ?? ""), "\(error)")
            #expect(vector.counter == "\(error.counter)")
        }
    }

    @Test("W-27 a sealed block is refused with its own error: without a key nothing sealed is read")
    func sealed() {
        #expect(throws: ContentError.sealed) { try Self.unpacked([1, 2, 3], 2, plainBytes: 3) }
        #expect(ContentError.sealed.counter == .sealed)
    }

    @Test("W-25 what is packed is unpacked, compressed where that is shorter")
    func roundTrip() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        var packing = BlockPacking()
        var packed: [UInt8] = []
        var plain: [UInt8] = []
        for size in [1, 2, 255, 256, 257, 1_000, 60_000, 124_000, 1 << 20, 1 << 22] {
            for letters in size > 200_000 ? [3, 256] : [1, 3, 40, 256] {
                // Random, but the same again after 200,003 bytes: random bytes take long to make.
                var content = (0..<min(size, 200_003)).map { _ in UInt8(random.next() % UInt64(letters)) }
                while content.count < size { content += content.prefix(size - content.count) }
                let flags = packing.pack(content.span.bytes, into: &packed)
                #expect(packed.count <= size)
                #expect(flags.isEmpty == (packed.count == size))
                #expect(flags.isEmpty || size >= BlockPacking.smallestCompressed)
                #expect(letters > 3 || size < 1_000 || flags == .compressed)
                try packing.unpack(packed.span.bytes, flags: flags, plainBytes: size, into: &plain)
                #expect(plain == content, "seed \(seed), size \(size), letters \(letters)")
            }
        }
    }

    @Test("W-25 a compressed block with any bit flipped yields as many bytes or is refused")
    func flips() throws {
        var packing = BlockPacking()
        var packed: [UInt8] = []
        let content = Array(String(repeating: #"{"value":21.5,"unit":"°C"} "#, count: 20).utf8)
        #expect(packing.pack(content.span.bytes, into: &packed) == .compressed)
        for bit in 0..<packed.count * 8 {
            packed[bit / 8] ^= 1 << UInt8(bit % 8)
            if let plain = try? Self.unpacked(packed, 1, plainBytes: content.count) {
                #expect(plain.count == content.count)
            }
            packed[bit / 8] ^= 1 << UInt8(bit % 8)
        }
        for count in 0..<packed.count {
            #expect(throws: ContentError.self) {
                try Self.unpacked(Array(packed[..<count]), 1, plainBytes: content.count)
            }
        }
    }

    @Test("W-26 nothing is allocated for a content above 2^22 bytes")
    func plainLimit() {
        for plainBytes in [0, -1, 1 << 22 + 1, .max] {
            #expect(throws: ContentError.contentBytes(plainBytes)) {
                try Self.unpacked([1], 1, plainBytes: plainBytes)
            }
        }
    }
}

@Suite("Content parts")
struct ContentPartsTests {
    @Test("W-09 a content is cut into as few parts as hold it, and joined again")
    func split() throws {
        for (count, maximum) in [(1, 1), (10, 3), (64, 1), (124_000, 124_000), (124_001, 124_000), (1 << 23, 1 << 17)] {
            var content = [UInt8]((0..<251).map { $0 }.prefix(count))
            while content.count < count { content += content.prefix(count - content.count) }
            let parts = try #require(ContentParts.split(byteCount: count, maximumPartBytes: maximum))
            #expect(parts.count == (count + maximum - 1) / maximum)
            #expect(parts.allSatisfy { 1...maximum ~= $0.count })
            var joined: [UInt8] = []
            for range in parts { try ContentParts.append(content.span.bytes.extracting(range), to: &joined) }
            #expect(joined == content)
        }
    }

    @Test("W-09, W-26 more than 64 parts or 2^23 bytes are refused")
    func limits() throws {
        #expect(ContentParts.split(byteCount: 65, maximumPartBytes: 1) == nil)
        #expect(ContentParts.split(byteCount: 1 << 23 + 1, maximumPartBytes: 1 << 20) == nil)
        var content = [UInt8](repeating: 0, count: 1 << 23 - 1)
        let one: [UInt8] = [1]
        try ContentParts.append(one.span.bytes, to: &content)
        #expect(throws: ContentError.contentBytes(1 << 23 + 1)) {
            try ContentParts.append(one.span.bytes, to: &content)
        }
        #expect(content.count == 1 << 23)
    }
}
