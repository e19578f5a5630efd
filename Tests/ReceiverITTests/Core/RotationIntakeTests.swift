import Crypto
import DiodeProtocol
import Simulator
import TestKit
import Testing
import Time

@testable import ReceiverITCore

/// A link whose key hands over to another one (ADR 0031).
@Suite("The key of a link hands over")
struct RotationIntakeTests {
    private static func statement(_ from: UInt8, to next: LinkCard) throws -> [UInt8] {
        var signer = try Ed25519Signer(seed: [UInt8](repeating: from, count: 32).span.bytes)
        return try Rotation(to: next, signer: &signer).datagram
    }

    @Test(
        "W-51 records go on under the next key, what the former one has signed does not count, and the echo fills what was missed"
    )
    func follows() throws {
        let (old, new) = (try TestSender(seed: 7), try TestSender(seed: 8))
        let link = try TestLink(old.card)
        link.receive(try old.frames(old.live(count: 3)))
        let lost = old.live(count: 1)
        link.receive(try old.frames(old.live(count: 1)))
        #expect(link.deliveries.count == 3)
        // Under a key that nobody knows yet.
        let early = try new.frames(new.beat())
        link.receive(early)
        #expect(link.core.counters.unknownLink == UInt64(early.count))
        link.receive([try Self.statement(7, to: new.card)])
        #expect(link.core.link == new.card.linkFingerprint)
        #expect(link.events.contains { if case .rotated(_, let card) = $0 { card == new.card } else { false } })
        // Said again, it is nothing new.
        link.receive([try Self.statement(7, to: new.card)])
        #expect(link.core.counters.repeated == 1)
        link.receive(try old.frames(lost))
        #expect(link.core.counters.formerKey == UInt64(try old.frames(lost).count))
        // The same block, signed by the key in use.
        link.receive(try new.frames(lost.signed(by: new.card)))
        #expect(link.deliveries.count == 5 && link.isBalanced)
    }

    @Test("W-51 nothing follows what a stranger, a former key or a flood says, and each is counted")
    func refuses() throws {
        let (old, new, thief) = (try TestSender(seed: 7), try TestSender(seed: 8), try TestSender(seed: 9))
        let link = try TestLink(old.card)
        // A stranger in the name of the key in use.
        var forged = try Self.statement(9, to: thief.card)
        forged.replaceSubrange(8..<24, with: old.card.linkFingerprint.digest.bytes)
        link.receive([forged])
        #expect(link.core.counters.badSignature == 1)
        link.receive([try Self.statement(7, to: new.card)])
        // The former key, stolen.
        link.receive([try Self.statement(7, to: thief.card)])
        #expect(link.core.counters.refusedRotations == 1 && link.core.link == new.card.linkFingerprint)
        #expect(
            link.events.contains {
                if case .refused(.rotation(.secondSuccessor)) = $0 { true } else { false }
            })
        // Back to where it came from.
        link.receive([try Self.statement(8, to: old.card)])
        #expect(link.core.counters.refusedRotations == 2 && link.core.link == new.card.linkFingerprint)
        // A flood costs 500 verifications a second, and one in the name of a former key ten.
        func flood(_ name: LinkFingerprint) {
            forged.replaceSubrange(8..<24, with: name.digest.bytes)
            link.receive(
                (0..<600).map { index in
                    var one = forged
                    one[one.count - 1] = UInt8(index & 255)
                    one[one.count - 2] = UInt8(index >> 8)
                    return one
                })
        }
        var before = link.core.counters
        flood(old.card.linkFingerprint)
        #expect(link.core.counters.badSignature - before.badSignature <= 10)
        before = link.core.counters
        flood(new.card.linkFingerprint)
        let spent = link.core.counters.badSignature - before.badSignature
        #expect(spent <= 500 && spent > 400 && link.core.counters.overBudget - before.overBudget == 600 - spent)
        before = link.core.counters
        flood(thief.card.linkFingerprint)
        #expect(link.core.counters.unknownLink - before.unknownLink == 600, "of nobody's key nothing is verified")
        // Cut off and of another version.
        link.receive([Array(forged.dropLast())])
        var later = forged
        later[4] = 3
        link.receive([later])
        #expect(link.core.counters.malformed == 1 && link.core.counters.version == 1)
    }

    @Test(
        "W-51 a restart goes on with the key that was followed, and what somebody wrote into the database leads nowhere"
    )
    func restart() throws {
        let (old, new) = (try TestSender(seed: 7), try TestSender(seed: 8))
        let folder = try TemporaryDirectory("rotation")
        let time = UnixMilliseconds(rawValue: 1_763_716_000_100)
        let now = MonotonicInstant(nanoseconds: 1_000_000_000)
        let archive = try LinkArchive(path: folder.file("recv.db"), card: old.card, time: time)
        var core = try archive.core(settings: .init(), seed: 1, now: now, time: time)
        let statement = try Self.statement(7, to: new.card)
        core.receive(frame: statement.span.bytes, now: now, time: time)
        core.advance(now: now, time: time)
        try archive.store([core.takeCommit()], time: time)
        let next = try archive.core(settings: .init(), seed: 2, now: now, time: time)
        #expect(next.link == new.card.linkFingerprint && next.keys.rotations.count == 1)
        // All of it again, into an empty database.
        core = try archive.core(settings: .init(), seed: 3, now: now, time: time)
        let whole = core.takeWholeCommit()
        #expect(whole.changes.keys[0]?.inUse == new.card)
    }

    @Test("W-51 a key that is revoked and in use: nothing that it signs counts")
    func revoked() throws {
        let old = try TestSender(seed: 7)
        let keys = KeyChain(old.card, revoked: [old.card.fingerprint])
        let now = MonotonicInstant(nanoseconds: 1_000_000_000)
        let time = UnixMilliseconds(rawValue: 1_763_716_000_100)
        var core = try ReceiverCore(keys: [keys], settings: .init(), restoring: nil, seed: 1, now: now, time: time)
        let frames = try old.frames(old.live(count: 1))
        for frame in frames { core.receive(frame: frame.span.bytes, now: now, time: time) }
        #expect(core.counters.revokedKey == UInt64(frames.count) && core.counters.liveBlocks == 0)
    }
}

extension TestBlock {
    /// The same block under another key.
    func signed(by card: LinkCard) -> TestBlock {
        var block = self
        let header = block.header
        block.header = TransmissionHeader(
            link: card.linkFingerprint, id: header.id, flags: header.flags, transmission: header.transmission,
            sourceSymbols: header.sourceSymbols, symbolBytes: header.symbolBytes, firstSymbol: header.firstSymbol,
            symbolCount: header.symbolCount, partIndex: header.partIndex, partCount: header.partCount,
            packedBytes: header.packedBytes, plainBytes: header.plainBytes, firstSequence: header.firstSequence,
            lastSequence: header.lastSequence, contentHash: header.contentHash, salt: header.salt)
        return block
    }
}
