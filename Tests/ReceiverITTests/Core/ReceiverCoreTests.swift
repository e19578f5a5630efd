import Account
import Crypto
import Deliveries
import DiodeProtocol
import Outbox
import Testing

@testable import ReceiverIT
@testable import ReceiverITCore
import Time

@Suite("ReceiverCore")
struct ReceiverCoreTests {
    @Test("P7 a record comes out as it went in")
    func oneRecord() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        let record = TestRecord(
            topic: "acme/ü/x", payload: [0, 255, 7], properties: [0x01, 1], retain: true, qos: .exactlyOnce, version: 9)
        link.receive(try sender.frames(sender.live([record])))
        let delivery = try #require(link.deliveries.first)
        #expect(link.deliveries.count == 1)
        #expect(String(decoding: delivery.bytes[delivery.topicRange], as: UTF8.self) == "acme/ü/x")
        #expect(Array(delivery.bytes[delivery.payloadRange]) == [0, 255, 7])
        #expect(Array(delivery.bytes[delivery.propertiesRange]) == [0x01, 1])
        #expect(delivery.retain && delivery.qos == .exactlyOnce && delivery.lateness == .none)
        #expect(delivery.version.rawValue == 9 && delivery.sourceTime.rawValue == record.time)
        #expect(delivery.stamp == Stamp(epoch: sender.epoch, sequence: SequenceNumber(rawValue: 1)))
        #expect(link.core.account.delivered == 1 && link.isBalanced)
        #expect(link.core.beginsAt == delivery.stamp)
    }

    @Test("W-13 any K frames of a block bring all its records, in order", arguments: 0..<3)
    func losses(dropped: Int) throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        var frames = try sender.frames(sender.live(count: 100))
        #expect(frames.count > 5)
        for _ in 0..<dropped { frames.remove(at: frames.count / 3) }
        link.receive(frames)
        #expect(link.sequences == Array(1...100))
        #expect(link.core.counters.restoredSymbols == UInt64(dropped))
    }

    @Test("Blocks that overtake each other come out in order within the reorder window")
    func reordering() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        let frames = try [0, 1, 2, 3].map { _ in try sender.frames(sender.live(count: 3)) }
        for index in [0, 2, 3, 1] { link.receive(frames[index]) }
        #expect(link.sequences == Array(1...12))
        #expect(link.core.account.delivered == 12 && link.core.account.late == 0)
        #expect(!link.events.contains { if case .gapOpened = $0 { true } else { false } })
    }

    @Test("P9 a block that never comes opens a gap after the reorder window, and a late one heals it")
    func gap() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        link.receive(try sender.frames(sender.beat()))
        let first = try sender.frames(sender.live(count: 2))
        let lost = sender.live(count: 5, topic: "acme/lost")
        let third = try sender.frames(sender.live(count: 2))
        link.receive(first)
        link.receive(third)
        #expect(link.sequences == [1, 2])
        link.pass(.milliseconds(49))
        #expect(link.sequences == [1, 2])
        link.pass(.milliseconds(1))
        #expect(link.sequences == [1, 2, 8, 9])
        let gap = try #require(link.core.gaps.first)
        #expect(gap.firstSequence.rawValue == 3 && gap.lastSequence.rawValue == 7 && gap.records == 5)
        #expect(gap.state == .open && link.core.account.missing == 5 && link.isBalanced)
        #expect(link.core.state.state == .degraded)
        link.receive(try sender.frames(lost, transmission: 1, firstSymbol: 3))
        #expect(link.sequences == [1, 2, 8, 9, 3, 4, 5, 6, 7])
        #expect(link.deliveries.suffix(5).allSatisfy { $0.lateness == .newest })
        #expect(link.core.gaps.isEmpty && link.isBalanced && link.core.account.late == 5)
        guard
            case .gapClosed(let closed) = try #require(
                link.events.last(where: { if case .gapClosed = $0 { true } else { false } }))
        else { return }
        #expect(closed.state == .healed && closed.healedBy == .echo)
        #expect(link.core.state.state == .online)
    }

    @Test("A beat shows that the tail is missing")
    func tail() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        link.receive(try sender.frames(sender.live(count: 2)))
        let lost = sender.live(count: 3)
        link.receive(try sender.frames(sender.beat()))
        #expect(link.core.pending == 3 && link.core.account.missing == 0)
        link.pass(.milliseconds(50))
        #expect(link.core.account.missing == 3 && link.core.pending == 0 && link.isBalanced)
        link.receive(try sender.frames(lost, transmission: 1))
        #expect(link.core.account.late == 3 && link.core.gaps.isEmpty)
        link.receive(try sender.frames(sender.live(count: 1)))
        #expect(link.sequences == Array(1...6))
    }

    @Test("A silent link is stale, never healthy, and a replayed frame does not wake it")
    func staleness() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        #expect(link.core.state.state == .offline)
        let frames = try sender.frames(sender.beat())
        link.receive(frames)
        #expect(link.core.state.state == .online)
        link.pass(.seconds(3))
        #expect(link.core.state.state == .stale)
        link.receive(frames)
        #expect(link.core.state.state == .stale)
        link.receive(try sender.frames(sender.beat()))
        #expect(link.core.state.state == .online)
    }

    @Test("W-09 a content of several parts is one record, whatever the order of its blocks")
    func parts() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        let large = TestRecord(payload: (0..<5_000).map { UInt8(truncatingIfNeeded: $0 &* 7) })
        let frames = try sender.liveParts(large, parts: 4).map { try sender.frames($0) }
        let after = try sender.frames(sender.live(count: 1))
        for index in [2, 0, 3] { link.receive(frames[index]) }
        link.receive(after)
        #expect(link.deliveries.isEmpty && link.core.occupancy.partContents == 1)
        link.receive(frames[1])
        #expect(link.sequences == [1, 2] && link.core.occupancy.partContents == 0)
        #expect(Array(link.deliveries[0].bytes[link.deliveries[0].payloadRange]) == large.payload)
    }
}
