import Account
import DiodeProtocol
import ReceiverITCore
import TestKit
import Testing

@testable import ReceiverIT

/// P9: what a gap is put down to.
@Suite("Causes of gaps")
struct LossEvidenceTests {
    private let sender: TestSender
    private let link: TestLink

    init() throws {
        sender = try TestSender()
        link = try TestLink(sender.card)
        link.receive(try sender.frames(sender.live(count: 1)))
        link.receive(try sender.frames(sender.beat()))
    }

    /// Loses a block, goes on with the next, and lets the reorder window pass.
    private func lose() throws {
        _ = sender.live(count: 1)
        link.receive(try sender.frames(sender.live(count: 1)))
        link.pass(.milliseconds(60))
    }

    private var cause: Gap.Cause? { link.core.gaps.last?.cause }

    @Test("P9 a block of which nothing came is the link's; one of which some came, but not enough, is the FEC's")
    func linkAndFEC() throws {
        try lose()
        #expect(cause == .link)
        link.pass(.milliseconds(2_100))
        let large = sender.live([
            TestRecord(topic: "a", payload: (0..<9_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }, retain: true)
        ])
        let frames = try sender.frames(large)
        try #require(frames.count > 3)
        link.receive([frames[1]])
        link.receive(try sender.frames(sender.live(count: 1)))
        link.pass(.milliseconds(60))
        #expect(cause == .fec)
    }

    @Test("P9 what the kernel or the interface dropped is theirs, as long as that is not over for two seconds")
    func drops() throws {
        link.core.note(.nic, now: link.now)
        try lose()
        #expect(cause == .nic)
        link.core.note(.socket, now: link.now)
        try lose()
        #expect(cause == .socket)
        link.pass(.milliseconds(2_100))
        try lose()
        #expect(cause == .link)
    }

    @Test("P9 frames of another version, and frames that the sender did not sign, explain what is missing behind them")
    func strangers() throws {
        var frames = try sender.frames(sender.live(count: 1))
        for index in frames.indices { frames[index][frames[index].count - 1] ^= 1 }
        link.receive(frames)
        try lose()
        #expect(cause == .authentication)
        link.pass(.milliseconds(2_100))
        frames = try sender.frames(sender.live(count: 1))
        for index in frames.indices { frames[index][4] = 200 }
        link.receive(frames)
        #expect(link.core.counters.version > 0)
        try lose()
        #expect(cause == .version)
    }

    @Test("P9 what the sender's own kernel did not take is its queue's, once its beat has said so")
    func senderQueue() throws {
        link.receive(try sender.frames(sender.beat { $0.counters[.emitErrors] = 3 }))
        link.receive(try sender.frames(sender.beat { $0.counters[.emitErrors] = 7 }))
        try lose()
        #expect(cause == .senderQueue)
    }

    @Test("P9 the end of an epoch that did not come is the restart's, after a silence it is the link's")
    func senderRestart() throws {
        func restart(_ epoch: UInt64) throws {
            _ = sender.live(count: 2)
            let over = Beat.EpochSummary(
                epoch: sender.epoch, incarnation: sender.incarnation, firstSequence: SequenceNumber(rawValue: 1),
                lastCommitted: SequenceNumber(rawValue: sender.nextSequence - 1),
                lastBlock: BlockNumber(rawValue: sender.nextBlock - 1))
            sender.beginEpoch(epoch, incarnation: epoch)
            link.receive(try sender.frames(sender.beat { $0.epochs = [over] }))
            link.receive(try sender.frames(sender.live(count: 1)))
            link.pass(.milliseconds(60))
        }
        try restart(1_763_716_000_002)
        #expect(cause == .senderRestart)
        link.pass(.seconds(10))
        #expect(link.core.state.state == .stale)
        try restart(1_763_716_000_003)
        #expect(cause == .link)
    }
}
