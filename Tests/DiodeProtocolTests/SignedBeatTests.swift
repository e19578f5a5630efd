import Crypto
import DiodeProtocol
import Testing
import Time

@Suite("A signed beat, as it is kept")
struct SignedBeatTests {
    /// A beat of several symbols, and the key that signed it.
    private func sample(_ salt: BlockSalt? = .random()) throws -> (beat: SignedBeat, said: Beat, key: Ed25519PublicKey)
    {
        var signer = try Ed25519Signer(seed: [UInt8](repeating: 7, count: 32).span.bytes)
        var said = Beat(
            clock: UnixMilliseconds(rawValue: 1_763_716_000_500), lastSequence: 4_711, lastLiveBlock: 99,
            lastSnapshotBlock: 7, periodMilliseconds: 1_000)
        said.alarms = ["the disk is full"]
        let packed = said.encode()
        let symbolBytes = 30
        let count = (packed.count + symbolBytes - 1) / symbolBytes
        var header = TransmissionHeader(
            link: LinkFingerprint(of: signer.publicKey),
            id: BlockID(
                channel: .beat, epoch: Epoch(rawValue: 7), incarnation: Incarnation(rawValue: 8),
                block: BlockNumber(rawValue: 9)),
            flags: [], transmission: .first, sourceSymbols: count, symbolBytes: symbolBytes,
            firstSymbol: EncodingSymbolID(rawValue: 0), symbolCount: count + 2, partIndex: 0, partCount: 1,
            packedBytes: packed.count, plainBytes: packed.count, firstSequence: SequenceNumber(rawValue: 0),
            lastSequence: SequenceNumber(rawValue: 0), contentHash: Digest16(first: 0, second: 0), salt: salt)
        var hasher = SymbolHasher()
        let padded = packed + [UInt8](repeating: 0, count: count * symbolBytes - packed.count)
        let leaves = (0..<count).map { index in
            hasher.leaf(
                header.binding, EncodingSymbolID(rawValue: UInt8(index)),
                padded.span.bytes.extracting(index * symbolBytes..<(index + 1) * symbolBytes))
        }
        header.contentHash = hasher.contentHash(header.binding, sourceLeaves: leaves.span)
        let root = Digest16(first: 1, second: 2)
        var bytes = [UInt8](repeating: 0, count: header.encodedBytes)
        do {
            var span = bytes.mutableSpan
            var target = span.mutableBytes
            header.encode(into: &target)
        }
        let message = SignedMessage(headerBytes: bytes.span.bytes, root: root)
        let signature = try signer.sign(message.bytes)
        let kept = (0..<64).map { signature.bytes[$0] }
        return (SignedBeat(header, root: root, signature: kept, packed: packed), said, signer.publicKey)
    }

    @Test("W-39 what is kept is read back byte for byte, and the card's key tells what the sender said")
    func roundTrip() throws {
        for salt in [nil, BlockSalt.random()] {
            let (beat, said, key) = try sample(salt)
            let read = try SignedBeat(decoding: beat.bytes)
            #expect(read == beat && read.header.id.block.rawValue == 9)
            var verifier = try Ed25519Verifier(key)
            var opener = BlockOpener()
            #expect(try read.beat(verifiedBy: &verifier, opener: &opener) == said)
        }
    }

    @Test("W-40 every bit of it is covered by the signature, and no other key's will do")
    func altered() throws {
        let (beat, _, key) = try sample()
        var verifier = try Ed25519Verifier(key)
        for index in beat.bytes.indices {
            var bytes = beat.bytes
            bytes[index] ^= 1 << UInt8(index % 8)
            #expect(throws: SignedBeatError.self, "byte \(index)") {
                var opener = BlockOpener()
                _ = try SignedBeat(decoding: bytes).beat(verifiedBy: &verifier, opener: &opener)
            }
        }
        var other = try Ed25519Verifier(try Ed25519Signer(seed: [UInt8](repeating: 8, count: 32).span.bytes).publicKey)
        var opener = BlockOpener()
        #expect(throws: SignedBeatError.signature) { _ = try beat.beat(verifiedBy: &other, opener: &opener) }
    }

    @Test("W-39 a length that is not the header's, or the header of another channel, is refused")
    func malformed() throws {
        let (beat, _, _) = try sample()
        for count in 0..<beat.bytes.count {
            #expect(throws: SignedBeatError.self, "\(count) bytes") {
                _ = try SignedBeat(decoding: Array(beat.bytes.prefix(count)))
            }
        }
        #expect(throws: SignedBeatError.length(beat.bytes.count + 1, expected: beat.bytes.count)) {
            _ = try SignedBeat(decoding: beat.bytes + [0])
        }
        var live = beat.bytes
        live[5] = 1
        #expect(throws: SignedBeatError.channel) { _ = try SignedBeat(decoding: live) }
    }
}
