import Account
import DiodeProtocol
import Testing
import Time

@testable import ReceiverITCore

/// Fresh or stale: beats of the newest epoch must come, and in time (D16).
@Suite("Freshness")
struct FreshnessTests {
    private let sender: TestSender
    private let link: TestLink

    init() throws {
        sender = try TestSender()
        link = try TestLink(sender.card)
        link.receive(try sender.frames(sender.beat()))
        #expect(link.core.state.state == .online)
    }

    private var state: LinkState { link.core.state.state }

    /// A beat that was signed `signed` after the first and comes now.
    private func beat(signed: Duration) throws -> [[UInt8]] {
        try sender.frames(sender.beat { $0.uptimeMilliseconds = 4_000_000 + signed.milliseconds })
    }

    enum Other: String, CaseIterable, Sendable { case heldBackSymbols, records, slices, olderBeats, nothing }

    @Test("P9 a link without new beats is stale after silence_timeout, whatever else comes", arguments: Other.allCases)
    func beatsAlone(other: Other) throws {
        let old = try sender.frames(sender.beat())
        link.receive(try sender.frames(sender.beat()))
        // One block that somebody has held back, and plays symbol by symbol.
        let heldBack = other == .heldBackSymbols ? try sender.frames(sender.live(count: 1_000)) : []
        for step in 0..<24 as Range<Int> {
            link.pass(.milliseconds(250))
            #expect(state.isSilent == (step >= 11), "\(step): \(link.core.state)")
            switch other {
            case .heldBackSymbols: link.receive([heldBack[step]])
            case .records: link.receive(try sender.frames(sender.live(count: 1)))
            case .slices:
                let number = UInt64(step + 1)
                let slice = sender.block(.snapshot, number: number, first: 0, last: 0, plain: [9, 9])
                link.receive(try sender.frames(slice))
            case .olderBeats: link.receive(old)
            case .nothing: break
            }
        }
        #expect(link.core.facts.verdict.reason.contains("no beat of the sender was heard for 3 s"))
        #expect(link.core.facts.hearsOthers == (other != .olderBeats && other != .nothing))
        #expect(!link.core.facts.verdict.advice.isEmpty)
        link.receive(try sender.frames(sender.beat()))
        #expect(!state.isSilent)
    }

    @Test(
        "P9 a link that is cut behind a record is cut: what came right behind the last beat is no sign that some frames still pass"
    )
    func cutBehindARecord() throws {
        link.receive(try sender.frames(sender.beat()))
        link.pass(.milliseconds(900))
        link.receive(try sender.frames(sender.live(count: 1)))
        // The silence begins with the beat, and the record is younger.
        link.pass(.milliseconds(2_200))
        #expect(state == .stale && !link.core.facts.hearsOthers)
        #expect(link.core.facts.verdict.reason == "no beat of the sender was heard for 3 s")
    }

    @Test("P9 records without a single beat make no link online")
    func neverABeat() throws {
        let link = try TestLink(sender.card)
        for _ in 0..<10 {
            link.receive(try sender.frames(sender.live(count: 1)))
            #expect(link.core.state.state == .offline)
            link.pass(.seconds(1))
        }
        #expect(link.core.state.reason == "no beat of the sender was heard yet, although other frames of it come")
    }

    @Test(
        "P9 a link in slow motion is degraded, then stale, and says how old values are; what catches up is online again"
    )
    func slowMotion() throws {
        var seen: [LinkState] = []
        // Each beat takes a second at the sender and 1.5 s on the link.
        for second in 1...80 as ClosedRange<Int> {
            link.pass(.milliseconds(1_500))
            link.receive(try beat(signed: .seconds(second)))
            if seen.last != state { seen.append(state) }
            let lag = Double(second - 1) * 0.5
            if lag < 4.9 { #expect(state == .online, "\(lag)") }
            if lag > 5.1, lag < 29.9 { #expect(state == .degraded, "\(lag)") }
            if lag > 30.2 { #expect(state == .stale, "\(lag)") }
        }
        #expect(seen == [.online, .degraded, .stale])
        #expect(link.core.state.reason == "values are up to 39 s old and ageing")
        link.pass(.seconds(1))
        link.receive(try beat(signed: .seconds(121)))
        #expect(state == .online, "all that was held back has come: \(link.core.state)")
    }

    @Test(
        "P9 a dribbling link, whose beats come one by one and each later, is not online although none is missing for silence_timeout"
    )
    func dribble() throws {
        for beat in 1...12 as ClosedRange<Int> {
            link.pass(.milliseconds(2_900))
            link.receive(try self.beat(signed: .seconds(beat)))
        }
        #expect(state == .degraded && link.core.state.reason.hasSuffix("old and ageing"))
        for beat in 13...20 as ClosedRange<Int> {
            link.pass(.milliseconds(2_900))
            link.receive(try self.beat(signed: .seconds(beat)))
        }
        #expect(state == .stale)
    }

    @Test("P9 a constant delay, jitter, lost beats and steps of either wall clock are no lag")
    func noCause() throws {
        for second in 1...60 as ClosedRange<Int> where second % 3 != 2 {
            link.pass(.milliseconds(second % 3 == 1 ? 1_900 : 1_100))
            if second == 30 { link.step(.hours(20)) }
            if second == 40 { link.step(.hours(-30)) }
            let frames = try sender.frames(
                sender.beat {
                    $0.uptimeMilliseconds = 4_000_000 + UInt64(second) * 1_000
                    $0.clock = UnixMilliseconds(rawValue: 1_763_716_000_000 + (second > 50 ? 0 : 36_000_000))
                })
            link.receive(frames)
            #expect(state == .online, "\(second): \(link.core.state)")
        }
    }
}

extension Int64 {
    fileprivate static func hours(_ count: Int64) -> Int64 { count * 3_600_000 }
}
