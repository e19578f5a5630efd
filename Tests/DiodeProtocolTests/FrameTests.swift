import Crypto
import DiodeProtocol
import TestKit
import Testing

@Suite("Frame")
struct FrameTests {
    /// A live header of K = 3, T = 32, N = 5 at ESI 0.
    static func header(_ change: (inout TransmissionHeader) -> Void = { _ in }) -> TransmissionHeader {
        var header = TransmissionHeader(
            link: LinkFingerprint(Digest16(first: 1, second: 2)),
            id: BlockID(
                channel: .live, epoch: Epoch(rawValue: 7), incarnation: Incarnation(rawValue: 8),
                block: BlockNumber(rawValue: 9)),
            flags: [], transmission: .first, sourceSymbols: 3, symbolBytes: 32,
            firstSymbol: EncodingSymbolID(rawValue: 0), symbolCount: 5, partIndex: 0, partCount: 1, packedBytes: 70,
            plainBytes: 70, firstSequence: SequenceNumber(rawValue: 1), lastSequence: SequenceNumber(rawValue: 4),
            contentHash: Digest16(first: 3, second: 4), salt: BlockSalt(Digest16(first: 5, second: 6)))
        change(&header)
        return header
    }

    static func encoded(_ header: TransmissionHeader) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: header.encodedBytes)
        do {
            var span = bytes.mutableSpan
            var raw = span.mutableBytes
            header.encode(into: &raw)
        }
        return bytes
    }

    static func link(_ bytes: [UInt8]) -> LinkFingerprint? { FramePreamble.link(of: bytes.span.bytes) }

    static func header(_ bytes: [UInt8]) throws(FrameError) -> TransmissionHeader {
        try TransmissionHeader(decoding: bytes.span.bytes)
    }

    /// The error of decoding a frame, or nil.
    static func refusal(_ bytes: [UInt8]) -> FrameError? {
        do throws(FrameError) {
            _ = try FrameView(decoding: bytes.span.bytes)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "W-01, W-02, W-03, W-44, W-05, W-06, W-07, W-08, W-09, W-10, W-25, W-26 a frame that breaks one rule is refused by it",
        arguments: VectorFile.names(in: "frames", "W-").filter { !$0.hasPrefix("W-04") && !$0.hasPrefix("W-15") })
    func refused(name: String) throws {
        let vector = try VectorFile.read(Refusal.self, "frames", name)
        let error = try #require(Self.refusal(vector.bytes.bytes), "\(vector.about)")
        #expect(error.rules.contains(vector.rule), "\(error)")
        #expect(vector.counter == (error.counter == .version ? "version" : "malformed"))
    }

    @Test("W-04 a frame of another link is told by its fingerprint alone")
    func unknownLink() throws {
        let vector = try VectorFile.read(Refusal.self, "frames", "W-04-unknown-link")
        let ours = try VectorFile.read(TransmissionVector.self, "frames", "accept-odd-tree")
        let link = try #require(Self.link(vector.bytes.bytes))
        #expect(link != LinkFingerprint(digest(ours.link)))
        let known = try #require(Self.link(ours.frames[0].frame.bytes))
        #expect(known == LinkFingerprint(digest(ours.link)))
    }

    @Test("W-02, W-03 the link of a frame of another version is known, of no frame it is not")
    func preamble() throws {
        let version = try VectorFile.read(Refusal.self, "frames", "W-03-version-3").bytes.bytes
        let magic = try VectorFile.read(Refusal.self, "frames", "W-02-other-magic").bytes.bytes
        #expect(Self.link(version) != nil)
        #expect(Self.link(magic) == nil)
        #expect(Self.link(Array(version[..<160])) == nil)
        #expect(Self.refusal(version) == .version(3))
    }

    @Test("W-01 no truncation of a frame is a frame, and no byte may follow")
    func truncation() throws {
        for name in ["accept-odd-tree", "accept-version-1-odd-tree"] {
            let frame = try VectorFile.read(TransmissionVector.self, "frames", name).frames[2].frame.bytes
            #expect(Self.refusal(frame) == nil)
            for count in 0..<frame.count {
                guard case .length(count, let expected) = Self.refusal(Array(frame[..<count])) else {
                    Issue.record("\(count) bytes of \(name)")
                    continue
                }
                #expect(expected > count && expected <= frame.count)
            }
            #expect(Self.refusal(frame + [0]) == .length(frame.count + 1, expected: frame.count))
        }
    }

    @Test("W-11 a header with any bit flipped is refused or encodes to the same bytes")
    func flips() throws {
        for name in VectorFile.names(in: "frames", "accept-") {
            var bytes = try VectorFile.read(TransmissionVector.self, "frames", name).header.bytes
            for bit in 0..<bytes.count * 8 {
                bytes[bit / 8] ^= 1 << UInt8(bit % 8)
                if let header = try? Self.header(bytes) {
                    #expect(Self.encoded(header) == bytes, "\(name), bit \(bit)")
                }
                bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            }
        }
    }

    @Test("W-11 every header within the bounds decodes to itself")
    func roundTrip() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2_000 {
            let header = Self.randomHeader(&random)
            let bytes = Self.encoded(header)
            #expect(try Self.header(bytes) == header, "seed \(seed)")
        }
    }

    static func randomHeader(_ random: inout SeededGenerator) -> TransmissionHeader {
        let channel = Channel.allCases.randomElement(using: &random) ?? .live
        let symbolBytes = Int.random(in: 1...4_000, using: &random)
        let sourceSymbols = Int.random(in: 1...255, using: &random)
        let packed = min(sourceSymbols * symbolBytes - Int.random(in: 0..<symbolBytes, using: &random), 1 << 20)
        let compressed = Bool.random(using: &random)
        let parts = Int.random(in: 1...64, using: &random)
        let first = channel == .live ? UInt64.random(in: 1..<1 << 62, using: &random) : 0
        let last = channel == .live && parts == 1 ? first - 1 + UInt64.random(in: 0...1 << 32, using: &random) : first
        return TransmissionHeader(
            link: LinkFingerprint(Digest16(first: random.next(), second: random.next())),
            id: BlockID(
                channel: channel, epoch: Epoch(rawValue: .random(in: 1..<1 << 63, using: &random)),
                incarnation: Incarnation(rawValue: random.next()),
                block: BlockNumber(rawValue: .random(in: 1..<1 << 63, using: &random))),
            flags: compressed ? .compressed : [],
            transmission: TransmissionNumber(rawValue: .random(in: 0 ... .max, using: &random)),
            sourceSymbols: (packed + symbolBytes - 1) / symbolBytes, symbolBytes: symbolBytes,
            firstSymbol: EncodingSymbolID(rawValue: .random(in: 0..<255, using: &random)),
            symbolCount: .random(in: 1...255, using: &random), partIndex: .random(in: 0..<parts, using: &random),
            partCount: parts, packedBytes: packed,
            plainBytes: compressed ? .random(in: 1...1 << 22, using: &random) : packed,
            firstSequence: SequenceNumber(rawValue: first), lastSequence: SequenceNumber(rawValue: last),
            contentHash: Digest16(first: random.next(), second: random.next()),
            salt: Bool.random(using: &random)
                ? BlockSalt(Digest16(first: random.next(), second: random.next())) : nil)
    }

    @Test("W-07 leaves and symbols of a transmission are numbered the same way in both directions")
    func leafIndices() {
        for first in [0, 1, 100, 253, 254] {
            for count in [1, 2, 3, 128, 254, 255] {
                let header = Self.header {
                    $0.firstSymbol = EncodingSymbolID(rawValue: UInt8(first))
                    $0.symbolCount = count
                }
                var found = Set<Int>()
                for symbol in 0...255 {
                    guard let leaf = header.leafIndex(of: EncodingSymbolID(rawValue: UInt8(symbol))) else { continue }
                    #expect(leaf == ((symbol - first) % 255 + 255) % 255)
                    #expect(header.symbol(ofLeaf: leaf).rawValue == UInt8(symbol))
                    found.insert(leaf)
                }
                #expect(found == Set(0..<count))
            }
        }
    }

    @Test("W-08 a block may take no sequence, and 2^32 at most")
    func sequenceCounts() {
        #expect(Self.header { $0.lastSequence = SequenceNumber(rawValue: 0) }.sequenceCount == 0)
        #expect(Self.header().sequenceCount == 4)
        let most = Self.header { $0.lastSequence = SequenceNumber(rawValue: 1 << 32) }
        #expect(most.sequenceCount == 1 << 32)
        #expect(Self.refusal(Self.encoded(most) + [UInt8](repeating: 0, count: 65 + 48 + 32)) == nil)
        let more = Self.header { $0.lastSequence = SequenceNumber(rawValue: 1 << 32 + 1) }
        #expect(throws: FrameError.sequences(first: 1, last: 1 << 32 + 1)) {
            try Self.header(Self.encoded(more))
        }
    }

    @Test("Each error says where its field stands")
    func offsets() throws {
        for name in VectorFile.names(in: "frames", "W-") {
            let vector = try VectorFile.read(Refusal.self, "frames", name)
            guard let error = Self.refusal(vector.bytes.bytes) else { continue }
            #expect(0...113 ~= error.offset)
            if case .version(let value) = error { #expect(vector.bytes.bytes[error.offset] == value) }
            if case .channel(let value) = error { #expect(vector.bytes.bytes[error.offset] == value) }
            if case .suite(let value) = error { #expect(vector.bytes.bytes[error.offset] == value) }
            if case .symbolOutside(let value, _) = error { #expect(vector.bytes.bytes[error.offset] == value) }
        }
    }
}
