import Account
import Crypto
import Deliveries
import DiodeProtocol
import Simulator
import TestKit
import Testing
import Time

@testable import ReceiverITCore

/// A link of two cards: a primary and a standby appliance, each with its own key (ADR 0033).
@Suite("Several senders of one link")
struct SeveralSendersTests {
    private let first: StatePlant
    private let second: StatePlant
    private let link: TestLink

    /// Both epochs are later than the first of the card, the second's is the later one.
    init() throws {
        (first, second) = (StatePlant(try TestSender(seed: 7)), StatePlant(try TestSender(seed: 8)))
        second.sender.beginEpoch(1_763_716_000_900, incarnation: 0xB0B)
        link = try TestLink(cards: [first.sender.card, second.sender.card])
    }

    private func receive(_ plant: StatePlant, _ blocks: [TestBlock]) throws {
        for block in blocks { link.receive(try plant.sender.frames(block)) }
    }

    private func beat(_ plant: StatePlant, standsBy: Bool = false, _ change: (inout Beat) -> Void = { _ in }) throws {
        try receive(
            plant,
            [
                plant.sender.beat { beat in
                    beat.standsBy = standsBy
                    if standsBy { (beat.lastSequence, beat.lastLiveBlock) = (0, 0) }
                    // As a sender lists it.
                    beat.epochs = [
                        Beat.EpochSummary(
                            epoch: plant.sender.epoch, incarnation: plant.sender.incarnation,
                            firstSequence: SequenceNumber(rawValue: 1),
                            lastCommitted: SequenceNumber(rawValue: beat.lastSequence),
                            lastBlock: BlockNumber(rawValue: beat.lastLiveBlock))
                    ]
                    change(&beat)
                }
            ])
    }

    /// What the IT side holds of each topic once everything is published, by payload.
    private var shown: [String: String] {
        var shown: [String: String] = [:]
        for delivery in link.deliveries where delivery.retain && delivery.lateness != .superseded {
            let topic = String(decoding: delivery.bytes[delivery.topicRange], as: UTF8.self)
            let payload = String(decoding: delivery.bytes[delivery.payloadRange], as: UTF8.self)
            shown[topic] = payload.isEmpty ? nil : payload
        }
        return shown
    }

    private func report(of plant: StatePlant) -> EpochReport? {
        link.core.epochs.first { $0.epoch == plant.sender.epoch }
    }

    private var changes: [LeaseChange] {
        link.events.compactMap { if case .leased(let change, _) = $0 { change } else { nil } }
    }

    private var contests: [LeaseContest] {
        link.events.compactMap { if case .contested(let contest, _) = $0 { contest } else { nil } }
    }

    @Test("W-52 W-53 a standby takes over: each sender has its own account, and the ledger says which one speaks")
    func takesOver() throws {
        try beat(second, standsBy: true)
        try receive(first, [first.publish("acme/a", "1"), first.publish("acme/b", "1")])
        try beat(first)
        link.pass(.seconds(1))
        #expect(link.core.senders.map(\.role) == [.speaks, .standsBy])
        #expect(link.core.facts.verdict.state == .online, "\(link.core.facts.verdict)")
        #expect(changes.isEmpty, "the first card's sender spoke from the start")

        second.sender.beginEpoch(1_763_716_002_000, incarnation: 0xB0C)
        try receive(second, [second.publish("acme/a", "2")])
        try beat(second)
        try beat(first, standsBy: true)
        link.pass(.milliseconds(100))
        #expect(link.core.senders.map(\.role) == [.standsBy, .speaks])
        #expect(changes == [LeaseChange(lease: second.sender.epoch, sender: 1, before: first.sender.epoch)])
        #expect(contests.isEmpty && link.core.facts.verdict.state == .online, "\(link.core.facts.verdict)")
        #expect(report(of: first)?.account.delivered == 2 && report(of: first)?.sender == 0)
        #expect(report(of: second)?.account.delivered == 1 && report(of: second)?.sender == 1)
        #expect(link.isBalanced && shown == ["acme/a": "2", "acme/b": "1"])
    }

    @Test(
        "W-53 what the sender without the lease says arrives late and replaces nothing, and the contest is named once")
    func contest() throws {
        try receive(first, [first.publish("acme/a", "1")])
        try beat(first)
        try receive(second, [second.publish("acme/a", "2")])
        try beat(second)
        for number in 3..<63 {
            try receive(first, [first.publish("acme/a", "old \(number)"), first.publish("acme/only", "\(number)")])
            try receive(second, [second.publish("acme/a", "new \(number)")])
            try beat(first)
            try beat(second)
            link.pass(.seconds(1))
            #expect(shown["acme/a"] == "new \(number)")
        }
        #expect(contests == [LeaseContest(lease: second.sender.epoch, older: first.sender.epoch, sender: 0)])
        #expect(link.core.facts.verdict.state == .degraded && link.core.facts.verdict.cause == .senders)
        #expect(link.core.facts.verdict.reason.contains("two senders speak"), "\(link.core.facts.verdict)")
        // Each record is accounted for, under the sender that said it.
        #expect(report(of: first)?.account.late == 120 && report(of: first)?.account.delivered == 1)
        #expect(report(of: second)?.account.delivered == 61 && link.isBalanced && link.core.account.missing == 0)
        let superseded = link.deliveries.filter { $0.lateness == .superseded }
        #expect(superseded.allSatisfy { $0.stamp.epoch == first.sender.epoch } && superseded.count == 60)
        // The older one gives way, and all is well.
        try beat(first, standsBy: true)
        try beat(second)
        link.pass(.milliseconds(10))
        #expect(link.core.facts.verdict.state == .online, "\(link.core.facts.verdict)")
    }

    @Test(
        "P3 the carousel of the sender that has the lease is the truth: what only the other had goes, and its slices count no more"
    )
    func slices() throws {
        try receive(first, [first.publish("acme/gone", "1"), first.publish("acme/a", "1")])
        try beat(first)
        try receive(first, first.slices())
        #expect(shown == ["acme/gone": "1", "acme/a": "1"])
        try receive(second, [second.publish("acme/a", "2")])
        try beat(second)
        try receive(second, second.slices())
        link.pass(.milliseconds(100))
        #expect(shown == ["acme/a": "2"])
        let surplus = link.core.counters.surplus + link.core.counters.replayed
        try receive(first, [first.publish("acme/gone", "back")] + first.slices())
        link.pass(.milliseconds(100))
        #expect(shown == ["acme/a": "2"], "a whole round has passed over it")
        #expect(link.core.counters.surplus + link.core.counters.replayed > surplus)
        try receive(second, [second.publish("acme/a", "3")])
        try receive(second, second.slices())
        #expect(shown == ["acme/a": "3"] && link.isBalanced)
    }

    @Test("P3 a sender that dies behind a slice does not hold up the slices of the one that takes over")
    func slicesOfTheDead() throws {
        try receive(first, [first.publish("acme/a", "1")])
        try beat(first)
        // It includes a record that never comes, and nobody announces it.
        _ = first.publish("acme/a", "lost")
        try receive(first, first.slices())
        try receive(second, [second.publish("acme/b", "2")])
        try beat(second)
        try receive(second, second.slices())
        link.pass(.seconds(1))
        #expect(shown == ["acme/b": "2"], "\(shown)")
    }

    @Test("P1 the journal of the one that died comes when it is back, under its own epoch, late")
    func backlog() throws {
        try receive(first, [first.publish("acme/a", "1")])
        try beat(first)
        let unheard = [first.publish("acme/a", "2"), first.publish("acme/b", "2")]
        try receive(second, [second.publish("acme/a", "3")])
        try beat(second)
        for _ in 0..<5 {
            link.pass(.seconds(1))
            try beat(second)
        }
        link.collect()
        #expect(link.core.facts.verdict.cause == .senders, "the first is not heard: \(link.core.facts.verdict)")
        #expect(link.core.account.missing == 0, "nobody has announced them yet")
        // It is back as the standby and tells how its epoch ended: two records are missing, until the echo brings them.
        let old = (epoch: first.sender.epoch, incarnation: first.sender.incarnation)
        first.sender.beginEpoch(1_763_716_009_000, incarnation: 0xA11D)
        try beat(second)
        try beat(first, standsBy: true) { beat in
            beat.epochs = [
                Beat.EpochSummary(
                    epoch: old.epoch, incarnation: old.incarnation, firstSequence: SequenceNumber(rawValue: 1),
                    lastCommitted: SequenceNumber(rawValue: 3), lastBlock: BlockNumber(rawValue: 3))
            ]
        }
        link.pass(.milliseconds(100))
        #expect(link.core.account.missing == 2 && changes.count == 1, "\(changes)")
        #expect(report(of: second)?.endedAt == nil, "the first says nothing of the second's epochs")
        for block in unheard {
            link.receive(try first.sender.frames(block, transmission: 1, firstSymbol: 0))
        }
        link.pass(.milliseconds(100))
        #expect(link.core.account.missing == 0 && link.isBalanced)
        #expect(shown == ["acme/a": "3", "acme/b": "2"])
        #expect(link.core.senders.map(\.role) == [.standsBy, .speaks])
    }

    @Test("P1 how far back the journal of one sender reaches says nothing of what is missing of the other")
    func floors() throws {
        try receive(first, [first.publish("acme/a", "1")])
        let lost = first.publish("acme/a", "2")
        try receive(first, [first.publish("acme/a", "3")])
        try beat(first)
        link.pass(.milliseconds(200))
        #expect(link.core.account.missing == 1)
        try receive(second, [second.publish("acme/b", "1")])
        try beat(second) { $0.floor = Stamp(epoch: second.sender.epoch, sequence: SequenceNumber(rawValue: 1)) }
        #expect(link.core.account.missing == 1 && link.core.account.lost == 0)
        link.receive(try first.sender.frames(lost, transmission: 1, firstSymbol: 0))
        #expect(link.core.account.missing == 0 && link.isBalanced)
    }

    @Test("W-52 W-53 records of an epoch that stands by, and whatever names the other's epoch, are refused and named")
    func refuses() throws {
        try receive(first, [first.publish("acme/a", "1")])
        try beat(first)
        try beat(second, standsBy: true)
        try receive(second, [second.publish("acme/a", "early")])
        #expect(link.core.counters.implausible == 1 && shown == ["acme/a": "1"])
        // The second claims the first's epoch, in a block and in a beat.
        second.sender.beginEpoch(first.sender.epoch.rawValue, incarnation: first.sender.incarnation.rawValue)
        second.sender.beginEpoch(first.sender.epoch.rawValue, incarnation: 0xB0B)
        let before = link.core.counters
        // Its second block has a number that the first sender has not reached.
        try receive(second, [second.publish("acme/a", "forged"), second.publish("acme/a", "forged")])
        #expect(link.core.counters.replayed > before.replayed && link.core.counters.implausible == before.implausible)
        #expect(shown == ["acme/a": "1"], "nothing is verified for it")
        second.sender.beginEpoch(first.sender.epoch.rawValue + 5_000, incarnation: 0xB0D)
        try beat(second) { beat in
            beat.epochs = [
                Beat.EpochSummary(
                    epoch: first.sender.epoch, incarnation: first.sender.incarnation,
                    firstSequence: SequenceNumber(rawValue: 1), lastCommitted: SequenceNumber(rawValue: 900),
                    lastBlock: BlockNumber(rawValue: 900))
            ]
        }
        link.pass(.milliseconds(100))
        #expect(link.core.counters.implausible == 2)
        #expect(
            report(of: first)?.account.sent == 1 && report(of: first)?.endedAt == nil,
            "one cannot end the other's epoch")
        let named = link.events.compactMap {
            if case .refused(let statement) = $0 { statement.description } else { nil }
        }
        #expect(named.contains { $0.contains("epoch that stands by") }, "\(named)")
    }

    @Test("W-53 a clock that is behind: the lease is not taken, and why is said, with what to do")
    func behind() throws {
        second.sender.beginEpoch(first.sender.epoch.rawValue - 1, incarnation: 0xB0B)
        try receive(first, [first.publish("acme/a", "1")])
        try beat(first)
        link.pass(.seconds(4))
        for _ in 0..<4 {
            try receive(second, [second.publish("acme/b", "2")])
            try beat(second)
            link.pass(.seconds(1))
        }
        let verdict = link.core.facts.verdict
        #expect(
            verdict.state == .stale && link.core.facts.refused?.contains("older than the lease") == true, "\(verdict)")
        #expect(verdict.line.contains("--epoch above \(first.sender.epoch.rawValue)"), "\(verdict)")
        #expect(report(of: second)?.account.late == 4 && link.isBalanced, "late, and not lost")
        // Started anew above it, it has the lease.
        second.sender.beginEpoch(first.sender.epoch.rawValue + 1, incarnation: 0xB0E)
        try receive(second, [second.publish("acme/b", "3")])
        try beat(second)
        link.pass(.milliseconds(10))
        #expect(changes.map(\.sender) == [1] && shown == ["acme/a": "1", "acme/b": "3"])
    }

    @Test("W-52 where both stand by, nobody speaks, and that is said")
    func nobody() throws {
        for _ in 0..<4 {
            try beat(first, standsBy: true)
            try beat(second, standsBy: true)
            link.pass(.seconds(1))
        }
        #expect(link.core.facts.verdict.reason.contains("stands by, and no other speaks"), "\(link.core.facts.verdict)")
        #expect(link.core.epochs.isEmpty, "no epoch begins that nobody speaks in")
    }

    @Test("D9 a restart goes on with both senders: epochs, floors, rotations and the lease")
    func restart() throws {
        let folder = try TemporaryDirectory("senders")
        let cards = [first.sender.card, second.sender.card]
        let archive = try LinkArchive(path: folder.file("recv.db"), cards: cards, time: link.time)
        func core() throws -> ReceiverCore {
            try archive.core(settings: .init(), seed: 1, now: link.now, time: link.time)
        }
        link.core = try core()
        try receive(first, [first.publish("acme/a", "1")])
        try beat(first)
        try receive(second, [second.publish("acme/a", "2")])
        try beat(second)
        let next = try TestSender(seed: 9)
        var signer = try Ed25519Signer(seed: [UInt8](repeating: 8, count: 32).span.bytes)
        link.receive([try Rotation(to: next.card, signer: &signer).datagram])
        try archive.store(link.commits, time: link.time)

        link.core = try core()
        #expect(link.core.senders.map(\.role) == [.older, .speaks])
        #expect(link.core.senders.map(\.rotations) == [0, 1] && link.core.link == next.card.linkFingerprint)
        #expect(link.core.epochs.map(\.sender) == [0, 1])
        let later = first.publish("acme/a", "late")
        try receive(first, [later])
        #expect(link.deliveries.last?.lateness == .superseded && link.core.account.late == 1)
        // What the second's former key signs counts no more; under the next one it goes on.
        let block = second.publish("acme/a", "3")
        link.receive(try second.sender.frames(block))
        #expect(link.core.counters.formerKey > 0)
        link.receive(try next.frames(block.signed(by: next.card)))
        #expect(shown["acme/a"] == "3" && link.isBalanced)
        // All of it again, into an empty database.
        let whole = link.core.takeWholeCommit()
        #expect(whole.changes.senders.map(\.place) == [0, 1] && whole.changes.keys[1]?.rotations.count == 1)
    }

    @Test(
        "D9 a card that is taken out of the configuration leaves its epochs in the account, and what was on its way becomes a gap"
    )
    func removed() throws {
        let folder = try TemporaryDirectory("senders")
        let cards = [first.sender.card, second.sender.card]
        let archive = try LinkArchive(path: folder.file("recv.db"), cards: cards, time: link.time)
        link.core = try archive.core(settings: .init(), seed: 1, now: link.now, time: link.time)
        try receive(first, [first.publish("acme/a", "1")])
        try beat(first)
        _ = second.publish("acme/b", "lost")
        try beat(second)
        try archive.store(link.commits, time: link.time)
        let alone = try LinkArchive(path: folder.file("recv.db"), cards: [first.sender.card], time: link.time)
        link.core = try alone.core(settings: .init(), seed: 1, now: link.now, time: link.time)
        link.pass(.seconds(1))
        try receive(first, [first.publish("acme/a", "2")] + first.slices())
        try beat(first)
        link.pass(.seconds(1))
        #expect(link.core.account.missing == 1 && link.core.epochs.map(\.sender) == [0, 1] && link.isBalanced)
        #expect(link.core.senders.map(\.role) == [.speaks] && shown["acme/a"] == "2")
        // Whoever has the key of that card is nobody here.
        let unknown = link.core.counters.unknownLink
        try receive(second, [second.publish("acme/b", "2")])
        #expect(link.core.counters.unknownLink > unknown && shown["acme/b"] == nil)
    }

    @Test("W-17 whoever floods in the name of one card takes no verification from the other's sender")
    func flood() throws {
        let frames = try first.sender.frames(first.sender.live(count: 1))
        for number in 0..<20_000 {
            var forged = frames[0]
            forged[forged.count - 1 - number % 64] ^= UInt8(truncatingIfNeeded: number / 64 + 1)
            forged[30] ^= UInt8(truncatingIfNeeded: number)
            link.core.receive(frame: forged.span.bytes, now: link.now, time: link.time)
        }
        try receive(second, [second.publish("acme/a", "2")])
        #expect(shown == ["acme/a": "2"])
    }
}
