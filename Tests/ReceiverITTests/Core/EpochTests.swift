import Account
import DiodeProtocol
import Outbox
import TestKit
import Testing

@testable import ReceiverIT
import Time
import Deliveries
@testable import ReceiverITCore

@Suite("Epochs, floors and losses, on the whole core")
struct EpochTests {
    private let first: UInt64 = 1_763_716_000_001
    private let second: UInt64 = 1_763_716_000_002

    /// Seven records of one topic, given up at the sender.
    private static var shed: LiveContentEncoder {
        var content = LiveContentEncoder()
        content.append(
            ShedRun(
                reason: .journalFull, from: UnixMilliseconds(rawValue: 5), to: UnixMilliseconds(rawValue: 6),
                entries: [.init(topic: "acme/x", records: 7, lastVersion: TopicVersion(rawValue: 9))]))
        return content
    }

    private func summary(_ sender: TestSender, epoch: UInt64, incarnation: UInt64) -> Beat.EpochSummary {
        Beat.EpochSummary(
            epoch: Epoch(rawValue: epoch), incarnation: Incarnation(rawValue: incarnation),
            firstSequence: SequenceNumber(rawValue: 1),
            lastCommitted: SequenceNumber(rawValue: sender.nextSequence - 1),
            lastBlock: BlockNumber(rawValue: sender.nextBlock - 1))
    }

    @Test("D9 a restarted sender begins a new epoch at 1, and the tail of the old one still comes")
    func restart() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        sender.beginEpoch(first, incarnation: 1)
        link.receive(try sender.frames(sender.live(count: 3)))
        let tail = try sender.frames(sender.live(count: 2), transmission: 1)
        let old = summary(sender, epoch: first, incarnation: 1)
        sender.beginEpoch(second, incarnation: 2)
        link.receive(try sender.frames(sender.live(count: 4)))
        #expect(link.core.account.sent == 7)
        link.receive(
            try sender.frames(
                sender.beat {
                    $0.epochs = [old]
                    $0.floor = Stamp(epoch: Epoch(rawValue: first), sequence: SequenceNumber(rawValue: 1))
                }))
        link.pass(.milliseconds(50))
        #expect(link.core.account.missing == 2 && link.core.account.sent == 9)
        link.receive(tail)
        #expect(link.core.account.missing == 0 && link.core.account.late == 2 && link.isBalanced)
        #expect(link.deliveries.suffix(2).allSatisfy { $0.lateness == .superseded })
        #expect(link.core.epochs.map(\.epoch.rawValue) == [first, second])
        #expect(link.core.epochs[0].endedAt != nil && link.core.epochs[1].endedAt == nil)
    }

    @Test("P1 an epoch of which nothing came is missing as soon as a beat lists it, and an echo heals it")
    func wholeEpoch() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        sender.beginEpoch(first, incarnation: 1)
        let block = try sender.frames(sender.live(count: 5), transmission: 1)
        let old = summary(sender, epoch: first, incarnation: 1)
        sender.beginEpoch(second, incarnation: 2)
        link.receive(try sender.frames(sender.live(count: 1)))
        link.receive(block)
        #expect(link.deliveries.count == 1)
        link.receive(try sender.frames(sender.beat { $0.epochs = [old] }))
        link.pass(.milliseconds(50))
        #expect(link.core.account.missing == 5)
        #expect(link.core.beginsAt == Stamp(epoch: Epoch(rawValue: first), sequence: SequenceNumber(rawValue: 1)))
        link.receive(block)
        #expect(link.deliveries.count == 6 && link.core.account.missing == 0 && link.isBalanced)
    }

    @Test("P8 a sender that announces more records than can be counted does not bring the receiver down")
    func uncountable() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        let most = UInt64(1) << 63 - 1
        var listed: [Beat.EpochSummary] = []
        for epoch in first..<first + 6 {
            sender.beginEpoch(epoch, incarnation: epoch)
            link.receive(try sender.frames(sender.live(count: 1)))
            listed.append(
                Beat.EpochSummary(
                    epoch: Epoch(rawValue: epoch), incarnation: Incarnation(rawValue: epoch),
                    firstSequence: SequenceNumber(rawValue: 1), lastCommitted: SequenceNumber(rawValue: most),
                    lastBlock: BlockNumber(rawValue: most)))
        }
        sender.beginEpoch(first + 6, incarnation: 7)
        link.receive(try sender.frames(sender.live(count: 1)))
        link.receive(try sender.frames(sender.beat { $0.epochs = listed }))
        link.pass(.milliseconds(50))
        // No sender can have so many: what it says counts for nothing, and is named.
        #expect(link.core.account.missing == 0 && link.core.counters.implausible == 1)
        #expect(link.core.pending == 0 && link.isBalanced)
        let floor = Stamp(epoch: Epoch(rawValue: first + 6), sequence: SequenceNumber(rawValue: 1))
        for _ in 0..<2 {
            link.receive(
                try sender.frames(
                    sender.beat {
                        $0.epochs = listed; $0.floor = floor
                    }))
        }
        link.pass(.seconds(10))
        #expect(link.core.account.lost == 0 && link.core.counters.implausible == 3 && link.isBalanced)
        link.receive(try sender.frames(sender.live(count: 1)))
        #expect(link.deliveries.count == 8)
    }

    @Test("D6 a gap is lost once the signed floor has passed it, and may still be filled by hand")
    func floor() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        link.receive(try sender.frames(sender.live(count: 2)))
        link.receive(
            try sender.frames(
                sender.beat { $0.floor = Stamp(epoch: sender.epoch, sequence: SequenceNumber(rawValue: 1)) }))
        let lost = sender.live(count: 3)
        link.receive(try sender.frames(sender.live(count: 2)))
        link.pass(.milliseconds(50))
        for (sequence, missing) in [(5, 3), (6, 0)] as [(UInt64, UInt64)] {
            link.receive(
                try sender.frames(
                    sender.beat { $0.floor = Stamp(epoch: sender.epoch, sequence: SequenceNumber(rawValue: sequence)) })
            )
            #expect(link.core.account.missing == missing && link.core.account.lost == 3 - missing && link.isBalanced)
        }
        #expect(link.core.gaps.map(\.state) == [.lost])
        guard case .gapClosed(let gap)? = link.events.last(where: { if case .gapClosed = $0 { true } else { false } })
        else {
            Issue.record("nothing was said")
            return
        }
        #expect(gap.state == .lost && gap.lost == 3)
        link.receive(try sender.frames(lost, transmission: 9))
        #expect(link.core.account.late == 3 && link.core.account.lost == 0 && link.core.gaps.isEmpty && link.isBalanced)
    }

    @Test("D9 a receiver without state accounts from the floor that it hears first")
    func begins() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        for _ in 0..<10 { _ = sender.live(count: 10) }
        link.receive(try sender.frames(sender.live(count: 10)))
        link.pass(.milliseconds(50))
        #expect(link.core.account.missing == 100)
        link.receive(
            try sender.frames(
                sender.beat { $0.floor = Stamp(epoch: sender.epoch, sequence: SequenceNumber(rawValue: 61)) }))
        #expect(link.core.account.missing == 40 && link.core.account.lost == 0 && link.isBalanced)
        #expect(link.core.beginsAt == Stamp(epoch: sender.epoch, sequence: SequenceNumber(rawValue: 61)))
    }

    @Test(
        "P1 where the first floor was none, the account begins behind what was announced, and what lies between may still come"
    )
    func falseFloor() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        for _ in 0..<5 { _ = sender.live(count: 20) }
        link.receive(
            try sender.frames(
                sender.beat { $0.floor = Stamp(epoch: sender.epoch, sequence: SequenceNumber(rawValue: 5_000)) }))
        #expect(link.core.beginsAt == Stamp(epoch: sender.epoch, sequence: SequenceNumber(rawValue: 5_000)))
        let lost = sender.live(count: 99)
        link.receive(try sender.frames(sender.live(count: 10)))
        #expect(link.core.beginsAt == Stamp(epoch: sender.epoch, sequence: SequenceNumber(rawValue: 101)))
        link.pass(.milliseconds(50))
        #expect(link.sequences == Array(200...209) && link.core.account.missing == 99 && link.isBalanced)
        link.receive(try sender.frames(lost, transmission: 1))
        #expect(link.sequences == Array(200...209) + Array(101...199))
        #expect(link.core.account.missing == 0 && link.core.account.late == 99 && link.isBalanced)
        #expect(link.core.counters.inconsistent == 0)
    }

    @Test("P1 what the sender shed is lost, not delivered, and named")
    func shed() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        var content = Self.shed
        link.receive(try sender.frames(sender.live(&content)))
        #expect(link.core.account.lost == 7 && link.core.account.delivered == 0 && link.isBalanced)
        guard case .shed(let run, let stamp)? = link.events.first(where: { if case .shed = $0 { true } else { false } })
        else {
            Issue.record("nothing was said")
            return
        }
        #expect(run.records == 7 && stamp.sequence.rawValue == 1)
    }

    @Test("D7 what an old epoch sent behind its last commit is void: holes close, what came counts as repeated")
    func void() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        sender.beginEpoch(first, incarnation: 1)
        link.receive(try sender.frames(sender.live(count: 3)))
        let early = sender.live(count: 2)
        link.receive(try sender.frames(sender.live(count: 1)))
        let old = summary(sender, epoch: first, incarnation: 1)
        link.receive(try sender.frames(sender.live(count: 4)))
        let lost = sender.live(count: 5)
        var content = Self.shed
        link.receive(try sender.frames(sender.live(&content)))
        link.receive(try sender.frames(sender.live(count: 2)))
        link.pass(.milliseconds(50))
        #expect(link.core.account.missing == 7 && link.core.account.lost == 7 && link.core.account.delivered == 10)
        sender.beginEpoch(second, incarnation: 2)
        link.receive(try sender.frames(sender.beat { $0.epochs = [old] }))
        let account = link.core.account
        #expect(account.sent == 6 && account.missing == 2 && account.lost == 0)
        #expect(account.delivered + account.late == 4 && account.repeated == 6 && link.isBalanced)
        #expect(link.events.contains { if case .voided(_, _, 6, 5) = $0 { true } else { false } })
        #expect(link.core.gaps.map(\.missing) == [2])
        // Behind the end nothing counts any more; before it a gap may still be filled.
        let before = link.deliveries.count
        sender.beginEpoch(first, incarnation: 1)
        link.receive(try sender.frames(lost, transmission: 1))
        #expect(link.deliveries.count == before && link.core.counters.inconsistent == 0)
        link.receive(try sender.frames(early, transmission: 1))
        #expect(link.core.account.missing == 0 && link.core.gaps.isEmpty && link.isBalanced)
    }

    @Test("P1 D9 an older copy of the sender's database takes nothing back of the epoch that it was made in")
    func olderCopy() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        sender.beginEpoch(first, incarnation: 1)
        link.receive(try sender.frames(sender.live(count: 1)))
        let copied = summary(sender, epoch: first, incarnation: 1)
        // No beat tells that the journal has these for good: the next epoch's first word is all that is heard of it.
        link.receive(try sender.frames(sender.live(count: 2)))
        sender.beginEpoch(second, incarnation: 2)
        link.receive(try sender.frames(sender.live(count: 1)))
        // The copy is put back: it knows the first epoch as it was then, and nothing of the second.
        sender.beginEpoch(second + 1_000, incarnation: 3)
        link.receive(try sender.frames(sender.beat { $0.epochs = [copied] }))
        link.pass(.milliseconds(100))
        #expect(
            link.core.epochs.first?.account.delivered == 3 && link.core.account.repeated == 0, "\(link.core.epochs)")
        #expect(!link.events.contains { if case .voided = $0 { true } else { false } })
        #expect(
            link.events.contains {
                if case .unsaid(let ending) = $0 { ending.last.epoch.rawValue == second } else { false }
            })
    }

    @Test("P4 P8 a sender that takes back what it said was committed ends an epoch with an account that adds up")
    func voidAgainstItsWord() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        sender.beginEpoch(first, incarnation: 1)
        link.receive(try sender.frames(sender.live(count: 3)))
        let old = summary(sender, epoch: first, incarnation: 1)
        var content = Self.shed
        link.receive(try sender.frames(sender.live(&content)))
        link.receive(try sender.frames(sender.live(count: 2)))
        #expect(link.core.account.delivered == 5 && link.core.account.lost == 7)
        // What was shed is committed by this, and by the next beat never was.
        var contradiction = old
        contradiction.lastCommitted = SequenceNumber(rawValue: 1 << 40)
        sender.beginEpoch(second, incarnation: 2)
        link.receive(try sender.frames(sender.beat { $0.epochs = [contradiction] }))
        link.receive(try sender.frames(sender.beat { $0.epochs = [old] }))
        let account = link.core.account
        #expect(account.sent == 3 && account.missing == 0 && link.isBalanced, "\(account)")
    }

    @Test("D7 what was sent while the journal failed is not void: it may have been acknowledged from memory")
    func undurable() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        sender.beginEpoch(first, incarnation: 1)
        link.receive(try sender.frames(sender.live(count: 3)))
        let journalled = summary(sender, epoch: first, incarnation: 1)
        link.receive(try sender.frames(sender.beat { $0.isDurable = false }))
        _ = sender.live(count: 2)
        link.receive(try sender.frames(sender.live(count: 4)))
        link.pass(.milliseconds(50))
        sender.beginEpoch(second, incarnation: 2)
        link.receive(try sender.frames(sender.beat { $0.epochs = [journalled] }))
        let account = link.core.account
        #expect(account.sent == 9 && account.missing == 2 && account.delivered == 7 && account.repeated == 0)
        #expect(link.isBalanced)
        #expect(link.core.gaps.map(\.missing) == [2])
    }

    @Test("Blocks that take no sequence are no gap when they are lost, and still count when they come")
    func controlOnly() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        link.receive(try sender.frames(sender.beat()))
        link.receive(try sender.frames(sender.live(count: 1)))
        var content = LiveContentEncoder()
        content.append(Action(at: UnixMilliseconds(rawValue: 5), what: "start", detail: "1.0"))
        let control = sender.live(&content)
        link.receive(try sender.frames(sender.live(count: 1)))
        link.pass(.milliseconds(50))
        #expect(link.sequences == [1, 2] && link.core.gaps.isEmpty && link.core.account.missing == 0)
        #expect(link.core.state.state == .online)
        link.receive(try sender.frames(control, transmission: 1))
        #expect(
            link.events.contains {
                if case .action(let action, let stamp) = $0 {
                    action.what == "start" && stamp.sequence.rawValue == 1
                } else {
                    false
                }
            })
    }

    @Test("P8 holes are bounded: the oldest are lost and forgotten, and the account holds")
    func holes() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card) { $0.holes = 3 }
        var lost: [TestBlock] = []
        for _ in 0..<6 {
            lost.append(sender.live(count: 2))
            link.receive(try sender.frames(sender.live(count: 1)))
            link.pass(.milliseconds(50))
        }
        #expect(link.core.occupancy.holes == 3 && link.core.account.lost == 6 && link.core.account.missing == 6)
        link.receive(try sender.frames(lost[0], transmission: 1))
        #expect(link.core.account.late == 0)
        link.receive(try sender.frames(lost[5], transmission: 1))
        #expect(link.core.account.late == 2 && link.isBalanced)
    }

    @Test("P3 a late value of a topic that moved on is superseded; one that did not is the newest")
    func superseded() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        let late = sender.live([
            TestRecord(topic: "a", payload: [1], retain: true), TestRecord(topic: "b", payload: [1], retain: true),
        ])
        link.receive(try sender.frames(sender.live([TestRecord(topic: "a", payload: [2], retain: true)])))
        link.pass(.milliseconds(50))
        link.receive(try sender.frames(late, transmission: 1))
        #expect(link.deliveries.map(\.lateness) == [.none, .superseded, .newest])
    }
}
