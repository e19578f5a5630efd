import Account
import DiodeProtocol
import ReceiverITCore
import Simulator
import TestKit
import Testing

@testable import ReceiverIT
import Time

@Suite("W-21 a second sender with an epoch of its own, on the whole core")
struct RivalTests {
    private let older: UInt64 = 1_763_716_000_001
    private let newer: UInt64 = 1_763_716_010_000

    /// A beat of an epoch with this clock, as frames.
    private func beat(_ sender: TestSender, clock: UInt64) throws -> [[UInt8]] {
        try sender.frames(sender.beat { $0.clock = UnixMilliseconds(rawValue: clock) })
    }

    /// The older epoch's sender and the newer one's, whose first beat has just come; both clocks are right.
    private func takeover() throws -> (old: TestSender, new: TestSender, link: TestLink) {
        let old = try TestSender()
        old.beginEpoch(older, incarnation: 1)
        let new = try TestSender()
        new.beginEpoch(newer, incarnation: 2)
        let link = try TestLink(old.card)
        link.receive(try beat(old, clock: older))
        link.receive(try beat(new, clock: newer))
        return (old, new, link)
    }

    @Test("Beats of the older epoch that go on are equivocation, said once a minute, and keep no link alive")
    func goesOn() throws {
        let (old, _, link) = try takeover()
        link.receive(try beat(old, clock: newer + 3_000))
        #expect(link.core.counters.equivocations == 0, "within three of its periods it may be the end of the epoch")
        link.receive(try beat(old, clock: newer + 3_001))
        #expect(link.core.counters.equivocations == 1)
        link.receive(try beat(old, clock: newer + 4_001))
        #expect(link.core.counters.equivocations == 1)
        #expect(link.core.beat?.clock.rawValue == newer)
        link.pass(.seconds(60))
        #expect(link.core.state.state == .stale)
        link.receive(try beat(old, clock: newer + 64_001))
        #expect(link.core.counters.equivocations == 2)
        #expect(link.core.state.state == .stale)
    }

    @Test("Of two senders that are both first heard within a second, whichever comes first, the older one is found")
    func heardTogether() throws {
        let (old, new) = (try TestSender(), try TestSender())
        old.beginEpoch(older, incarnation: 1)
        new.beginEpoch(newer, incarnation: 2)
        let link = try TestLink(old.card)
        link.receive(try beat(new, clock: newer))
        link.receive(try beat(old, clock: newer + 100))
        #expect(link.core.counters.equivocations == 0)
        for second in 1...4 as ClosedRange<UInt64> {
            link.pass(.seconds(1))
            link.receive(try beat(new, clock: newer + second * 1_000))
            link.receive(try beat(old, clock: newer + second * 1_000 + 100))
        }
        #expect(link.core.counters.equivocations == 1)
    }

    private func feed(
        _ frames: [[UInt8]], to core: inout ReceiverCore, now: MonotonicInstant, time: UnixMilliseconds
    ) {
        for frame in frames { core.receive(frame: frame.span.bytes, now: now, time: time) }
        core.advance(now: now, time: time)
    }

    @Test("A restart of the receiver does not forget that there are two: what goes on is told again")
    func restarted() throws {
        let folder = try TemporaryDirectory("rivals", inMemory: true)
        let (old, new) = (try TestSender(), try TestSender())
        old.beginEpoch(older, incarnation: 1)
        new.beginEpoch(newer, incarnation: 2)
        let now = MonotonicInstant(nanoseconds: 1_000_000_000)
        let time = UnixMilliseconds(rawValue: newer)
        let archive = try LinkArchive(path: folder.file("recv.db"), card: old.card, time: time)
        var core = try ReceiverCore(card: old.card, seed: 1, now: now, time: time)
        for frames in [try beat(old, clock: older), try beat(new, clock: newer), try beat(old, clock: newer + 4_000)] {
            feed(frames, to: &core, now: now, time: time)
        }
        #expect(core.counters.equivocations == 1)
        try archive.store([core.takeCommit()], time: time)
        core = try archive.core(settings: .init(), seed: 2, now: now, time: time)
        feed(try beat(old, clock: newer + 5_000), to: &core, now: now.advanced(by: .seconds(1)), time: time)
        #expect(core.counters.equivocations == 1)
    }

    @Test(
        "Frames below the card's lowest epoch are named, with what to do, instead of a link from which nothing was heard"
    )
    func clockSetBackBeforeStart() throws {
        let sender = try TestSender(lowestEpoch: newer)
        sender.beginEpoch(older, incarnation: 1)
        let link = try TestLink(sender.card)
        link.receive(try beat(sender, clock: older))
        #expect(link.core.state.state == .offline)
        for word in ["lowest epoch \(newer)", "\(older)", "diode-send card", "pair --replace"] {
            #expect(link.core.state.reason.contains(word), "\(link.core.state.reason)")
        }
        let told = link.events.filter { if case .refused = $0 { true } else { false } }
        #expect(told == [.refused(.belowCard(Epoch(rawValue: older), lowest: Epoch(rawValue: newer)))])
        // Said once a minute, and no flood of verifications: beats are looked at every five seconds.
        for second in 1...60 as ClosedRange<UInt64> {
            link.pass(.seconds(1))
            link.receive(try beat(sender, clock: older + second * 1_000))
        }
        #expect(link.core.occupancy.verifications <= 15)
        let refusals = link.events.count { if case .refused = $0 { true } else { false } }
        #expect(refusals == 2)
        // A fresh card, or a clock that was put right: the sender is heard.
        sender.beginEpoch(newer, incarnation: 2)
        link.receive(try beat(sender, clock: newer))
        #expect(link.core.state.state == .online && link.core.state.reason.isEmpty)
    }

    @Test("A silence_timeout below the beats' period is said, not only seen as a link that flaps")
    func shortTimeout() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card) { $0.silenceTimeout = .milliseconds(500) }
        link.receive(try sender.frames(sender.beat()))
        #expect(link.core.state.state == .degraded && link.core.state.reason.contains("silence_timeout"))
        link.pass(.milliseconds(700))
        #expect(link.core.state.state == .stale && link.core.state.reason.contains("silence_timeout"))
    }

    @Test("P4 beats of an epoch that is over, recorded and played later, are replayed, whoever heard them before")
    func recording() throws {
        let (old, new, link) = try takeover()
        let recording = try (1...5).map { try beat(old, clock: older + $0 * 1_000) }
        link.receive(try beat(new, clock: newer + 60_000))
        for frames in recording { link.receive(frames) }
        #expect(link.core.counters.equivocations == 0)
        #expect(link.core.counters.replayed >= 5)
        #expect(link.core.beat?.clock.rawValue == newer + 60_000)
    }

    @Test("A clock that was set back between two epochs makes no second sender of the first")
    func clockSetBack() throws {
        let old = try TestSender()
        old.beginEpoch(older, incarnation: 1)
        let new = try TestSender()
        new.beginEpoch(newer, incarnation: 2)
        let link = try TestLink(old.card)
        link.receive(try beat(old, clock: newer + 86_400_000))
        let last = try beat(old, clock: newer + 86_401_000)
        link.receive(try beat(new, clock: newer))
        link.receive(last)
        #expect(link.core.counters.equivocations == 0)
    }

    @Test(
        "W-22 without state, beats and slices of an epoch that the card does not vouch for are refused like its records"
    )
    func notVouchedFor() throws {
        let sender = try TestSender(lowestEpoch: newer)
        sender.beginEpoch(older, incarnation: 1)
        let link = try TestLink(sender.card)
        link.receive(try beat(sender, clock: older))
        link.receive(try sender.frames(sender.live(count: 1)))
        link.receive(try sender.frames(sender.block(.snapshot, number: 1, first: 0, last: 0, plain: [1, 2, 3])))
        #expect(link.core.beat == nil && link.core.epochs.isEmpty && link.core.state.state == .offline)
        #expect(link.core.counters.replayed == 9, "three frames each")
        sender.beginEpoch(newer, incarnation: 2)
        link.receive(try beat(sender, clock: newer))
        #expect(link.core.beat != nil && link.core.state.state == .online)
    }

    @Test(
        "P9 what passed before the receiver listened is put down to receiver-down, whenever it is found out; later losses to the link"
    )
    func cause() throws {
        let sender = try TestSender()
        sender.beginEpoch(older, incarnation: 1)
        let link = try TestLink(sender.card)
        _ = sender.live(count: 2)
        // Nothing comes for a minute: the fibre was not in its place yet.
        link.pass(.seconds(60))
        link.receive(try sender.frames(sender.live(count: 1)))
        link.receive(try beat(sender, clock: older))
        link.pass(.milliseconds(60))
        _ = sender.live(count: 2)
        link.receive(try sender.frames(sender.live(count: 1)))
        link.pass(.milliseconds(60))
        #expect(link.core.gaps.map(\.cause) == [.receiverDown, .link])
        sender.beginEpoch(newer, incarnation: 2)
        _ = sender.live(count: 1)
        link.receive(try sender.frames(sender.live(count: 1)))
        link.pass(.milliseconds(60))
        #expect(link.core.gaps.map(\.cause) == [.receiverDown, .link, .link])
    }
}
