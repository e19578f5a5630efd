import Account
import Testing
import Time

@testable import ReceiverITCore

/// D19: one value, one judgement.
@Suite("Verdict")
struct VerdictTests {
    private static func heard(_ change: (inout LinkFacts) -> Void = { _ in }) -> LinkFacts {
        var facts = LinkFacts()
        facts.hearing = .heard
        change(&facts)
        return facts
    }

    /// Each thing that can be wrong with a link that is heard, and what makes an audit exit above 0 for it.
    private static let wrong: [(name: String, facts: LinkFacts)] = [
        ("missing", heard { $0.missing = 3 }), ("lag", heard { $0.lag = Lag(age: .seconds(5)) }),
        ("disk", heard { $0.storeFault = "no space left" }), ("refused", heard { $0.refused = "a statement" }),
        ("imbalance", heard { $0.account.imbalances = ["1 is not 2"] }),
        ("equivocation", heard { $0.account.equivocations = ["two senders"] }),
        ("digest", heard { $0.account.differs = true }),
        ("lost gaps", heard { ($0.account.lostGaps, $0.account.lostGapRecords) = (1, 4) }),
        ("losses", heard { $0.account.losses = ["outbox": 7] }), ("unnamed", heard { $0.account.unnamed = 1 }),
        ("open gaps", heard { ($0.account.openGaps, $0.account.openRecords) = (1, 1) }),
        ("replica", heard { $0.agreement = Agreement(digestMatches: false, itMatches: nil, itRefused: nil) }),
        ("alarm", heard { $0.alarm = "a shortfall" }), ("OT broker", heard { $0.otBrokerFault = "not authorized" }),
        ("IT broker away", heard { $0.itBroker = Condition(.offline, since: nil, reason: "cannot reach it") }),
        ("IT broker lacks", heard { $0.itBroker = Condition(.degraded, since: nil, reason: "it retains nothing") }),
        ("journal", heard { $0.isDurable = false }), ("timeout", heard { $0.shortTimeout = "raise it" }),
    ]

    @Test(
        "P9 whatever is not in order degrades a link that is heard, with a reason and a next step",
        arguments: wrong.indices)
    func degraded(index: Int) {
        let (name, facts) = Self.wrong[index]
        let verdict = facts.verdict
        #expect(verdict.state == .degraded && !verdict.reason.isEmpty, "\(name): \(verdict)")
        #expect(!verdict.advice.isEmpty || ["refused", "timeout"].contains(name), "\(name): \(verdict)")
        #expect(Self.heard().verdict == LinkVerdict(.online))
        for silence in [LinkFacts.Hearing.never, .notSinceStart, .silent(.seconds(3))] {
            var silent = facts
            silent.hearing = silence
            #expect(silent.verdict.state.isSilent, "\(name): what is not heard is not better for it")
        }
    }

    @Test("P9 what is missing is said with its cause and what helps against it", arguments: Gap.Cause.allCases)
    func causes(cause: Gap.Cause) {
        let facts = Self.heard { ($0.missing, $0.missingCause) = (3, cause) }
        #expect(facts.verdict.reason == "3 records are missing: \(cause.words)" && !cause.words.isEmpty)
        #expect(facts.verdict.advice.contains("diode-send resend"))
    }

    @Test("P9 a sender that says something else is worth a line, other numbers are not")
    func news() {
        func says(_ alarm: String) -> LinkVerdict { Self.heard { $0.alarm = alarm }.verdict }
        #expect(says("3 values are gone").isNews(after: says("the disk is full")))
        #expect(!says("3 values are gone").isNews(after: says("12 values are gone")))
        let broker = Self.heard { $0.otBrokerFault = "not authorized" }.verdict
        #expect(broker.isNews(after: says("the disk is full")))
        #expect(!broker.isNews(after: broker) && broker.isNews(after: Self.heard().verdict))
    }

    @Test("P9 that the IT broker is away is not told to whoever reads it there")
    func atITBroker() {
        let away = Self.heard { $0.itBroker = Condition(.offline, since: nil, reason: "cannot reach it") }
        #expect(away.verdict.state == .degraded && away.atITBroker.verdict.state == .online)
        let lacking = Self.heard { $0.itBroker = Condition(.degraded, since: nil, reason: "it retains nothing") }
        #expect(lacking.atITBroker.verdict == lacking.verdict)
    }

    @Test("P9 late values are stale from freshness.stale on, whatever else is wrong")
    func late() {
        var facts = Self.heard { $0.lag = Lag(age: .seconds(30), isGrowing: true) }
        facts.missing = 5
        #expect(facts.verdict.state == .stale && facts.verdict.reason == "values are up to 30 s old and ageing")
        facts.freshness.stale = .seconds(31)
        #expect(facts.verdict.state == .degraded)
        facts.lag = Lag(age: .milliseconds(4_999))
        #expect(facts.verdict.reason == "5 records are missing")
    }

    @Test("P9 what comes and is refused is named as the reason of silence", arguments: LinkFacts.Rejected.Kind.allCases)
    func rejected(kind: LinkFacts.Rejected.Kind) {
        var watch = RejectionWatch()
        var counters = ReceiverCounters()
        func add(_ frames: UInt64) {
            switch kind {
            case .unknownLink: counters.unknownLink += frames
            case .formerKey: counters.formerKey += frames
            case .revokedKey: counters.revokedKey += frames
            case .badSignature: counters.badSignature += frames
            case .version: counters.version += frames
            case .replayed: counters.replayed += frames
            case .overBudget: counters.overBudget += frames
            case .malformed: counters.malformed += frames
            }
        }
        #expect(watch.look(at: counters) == nil)
        counters.beatBlocks += 1
        add(3)
        #expect(watch.look(at: counters) == nil)
        add(2)
        #expect(watch.look(at: counters) == nil, "what comes with a beat, as by a second path")
        add(2_199)
        counters.malformed += 1
        var facts = LinkFacts()
        facts.hearing = .silent(.seconds(3))
        facts.rejected = watch.look(at: counters)
        #expect(facts.rejected?.kind == kind)
        let verdict = facts.verdict
        #expect(verdict.state == .stale && verdict.cause == .rejected && !verdict.advice.isEmpty)
        #expect(verdict.reason.contains("2199 frames") || verdict.reason.contains("2200 frames"))
        counters.beatBlocks += 1
        #expect(watch.look(at: counters) == nil, "a beat ends it")
    }

    @Test("Durations are said as people say them")
    func words() {
        let said: [(Duration, String)] = [
            (.zero, "0 s"), (.milliseconds(300), "0.3 s"), (.seconds(3), "3 s"), (.milliseconds(40_900), "40 s"),
            (.seconds(720), "12 min"), (.seconds(10_800), "3 h"),
        ]
        for (duration, text) in said { #expect(duration.words == text) }
    }
}
