import Account
import Crypto
import DiodeProtocol
import Testing

@testable import ReceiverITCore

@Suite("Sealed blocks, and both versions of the wire, on the whole core")
struct SealedIntakeTests {
    /// The same block, sealed.
    private static func sealed(
        _ block: TestBlock, _ sealer: inout BlockSealer, _ sender: TestSender
    ) throws -> TestBlock {
        var packed = Array(block.source.prefix(block.header.packedBytes))
        var header = block.header
        header.flags = .sealed
        let context = SealedContext(
            header.id, flags: header.flags, part: 0, parts: 1, plainBytes: header.plainBytes,
            first: header.firstSequence, last: header.lastSequence, salt: try #require(header.salt))
        try sealer.seal(&packed, in: context)
        header.packedBytes = packed.count
        header.sourceSymbols = (packed.count + header.symbolBytes - 1) / header.symbolBytes
        header.symbolCount = header.sourceSymbols + 2
        let source = packed + [UInt8](repeating: 0, count: header.sourceSymbols * header.symbolBytes - packed.count)
        header.contentHash = sender.contentHash(of: source, header)
        return TestBlock(header: header, source: source)
    }

    @Test("W-27 a sealed block without its key is counted and missing, and an echo brings it once the key is there")
    func sealed() throws {
        let key = SealKey(try X25519PrivateKey())
        let sender = try TestSender()
        var sealer = try BlockSealer(for: key.publicKey)
        let without = try TestLink(sender.card)
        let with = try TestLink(sender.card) { $0.seals = [key] }
        let beat = try Self.sealed(sender.beat(), &sealer, sender)
        let block = try Self.sealed(sender.live(count: 3), &sealer, sender)
        for link in [without, with] {
            link.receive(try sender.frames(beat))
            link.receive(try sender.frames(block))
        }
        #expect(without.core.counters.sealed == 2 && without.core.account.delivered == 0)
        #expect(without.core.facts.refused?.contains("seal_keys") == true)
        #expect(with.core.counters.sealed == 0 && with.core.account.delivered == 3)
        #expect(with.core.form == WireForm(version: 2, isSealed: true))
        // The echo has the same bytes, in another transmission.
        without.receive(try sender.frames(block, transmission: 1, firstSymbol: 5))
        #expect(without.core.account.delivered == 0 && without.core.counters.sealed == 3)
    }

    @Test(
        "P4 W-22 a recording of sealed beats, of an epoch that is over or below the card, changes a counter and nothing else"
    )
    func recording() throws {
        let sender = try TestSender()
        var sealer = try BlockSealer(for: try X25519PrivateKey().publicKey)
        let link = try TestLink(sender.card)
        sender.beginEpoch(sender.card.lowestEpoch.rawValue - 1, incarnation: 1)
        let below = try sender.frames(Self.sealed(sender.beat(), &sealer, sender))
        sender.beginEpoch(1_763_716_000_001, incarnation: 2)
        let old = try sender.frames(Self.sealed(sender.beat(), &sealer, sender))
        sender.beginEpoch(1_763_716_000_002, incarnation: 3)
        link.receive(below)
        #expect(link.core.facts.refused?.contains("below the card") == true)
        let verified = link.core.counters.replayed
        for _ in 0..<3 { link.receive(below) }
        #expect(link.core.counters.replayed > verified && link.core.counters.sealed == 0)
        link.receive(try sender.frames(sender.beat()))
        link.receive(try sender.frames(sender.beat()))
        #expect(link.core.state.state == .online)
        link.receive(old)
        #expect(link.core.state.state == .online && link.core.facts.refused == nil)
        #expect(link.core.counters.sealed == 0)
    }

    @Test("W-03 a sender of version 1 is heard as before, and blocks of both versions are one stream")
    func versions() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        sender.salt = nil
        link.receive(try sender.frames(sender.beat()))
        #expect(link.core.form == WireForm(version: 1, isSealed: false))
        link.receive(try sender.frames(sender.live(count: 2)))
        sender.salt = .random()
        link.receive(try sender.frames(sender.live(count: 2)))
        link.receive(try sender.frames(sender.beat()))
        #expect(link.core.form == WireForm(version: 2, isSealed: false))
        #expect(link.sequences == [1, 2, 3, 4] && link.core.counters.version == 0)
    }

    @Test("W-18 W-45 symbols of one block in two versions do not combine: its hashes differ, which is equivocation")
    func otherVersion() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        let block = sender.live(count: 100)
        let frames = try sender.frames(block)
        var old = block
        old.header.salt = nil
        old.header.contentHash = sender.contentHash(of: old.source, old.header)
        link.receive(Array(frames.prefix(1)))
        link.receive(Array(try sender.frames(old, transmission: 1).prefix(block.header.sourceSymbols)))
        #expect(link.core.counters.equivocations > 0 && link.deliveries.isEmpty)
        link.receive(frames)
        #expect(link.deliveries.count == 100)
    }
}
