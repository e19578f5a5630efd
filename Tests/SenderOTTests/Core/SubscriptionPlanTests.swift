import MQTT
import MQTTProtocol
import TestKit
import Testing
import Time

@testable import SenderOTCore

/// What an OT broker cannot do is said, and the rest works.
@Suite struct SubscriptionPlanTests {
    private let start = MonotonicInstant(nanoseconds: 1_000_000_000)

    private func grant(maximumPacketBytes: Int = 1 << 20, wildcards: Bool = true) -> ServerGrant {
        var grant = ServerGrant(
            version: .v5, sessionPresent: false, clientIdentifier: "c", keepAliveSeconds: 30,
            sessionExpirySeconds: .max)
        grant.maximumPacketBytes = maximumPacketBytes
        grant.wildcardsAvailable = wildcards
        return grant
    }

    private func filters(_ count: Int) throws -> [TopicFilter] {
        try (0..<count).map { try TopicFilter("acme/\($0)/#") }
    }

    private func answer(_ plan: inout SubscriptionPlan, _ request: SubscriptionRequest, _ codes: [UInt8]) -> Bool {
        plan.answered(
            SubscriptionResult(request: request, outcome: .answered(codes.map { ReasonCode(rawValue: $0) })))
    }

    @Test(
        "P9 where a broker refuses the filter that stands for rules that overlap, theirs are subscribed to, and kept over a restart"
    )
    func narrowed() throws {
        let own = try ["acme/+/temp", "acme/line1/#"].map { try TopicFilter($0) }
        let policy = ExportPolicy(rules: own.map { ExportPolicy.Rule(filter: $0) })
        let broad = try #require(policy.subscriptions.first)
        #expect(policy.subscriptions.count == 1 && policy.narrower == [broad: own])
        var session = SessionFilters(noted: "", rules: [])
        session.connected(isResumed: false)
        var plan = SubscriptionPlan()
        plan.begin(policy.subscriptions, narrower: policy.narrower, session: session, grant: grant(), now: start)
        #expect(session.begin(plan.filters).isEmpty)
        let asked = plan.next()
        let first = try #require(asked)
        #expect(first.filters == [broad])
        _ = plan.answered(SubscriptionResult(request: first.request, outcome: .answered([.notAuthorized])))
        session.change(to: plan.filters)
        let askedNext = plan.next()
        let second = try #require(askedNext)
        #expect(second.filters == own && !plan.isComplete)
        _ = plan.answered(
            SubscriptionResult(request: second.request, outcome: .answered([.grantedQoS2, .grantedQoS2])))
        session.settled()
        #expect(plan.isComplete && plan.taken == own && plan.alarms(now: start).count == 1)
        #expect(plan.alarms(now: start).first?.contains("may come twice") == true)
        // Neither the next connection nor the next start gives up what works, to be refused again.
        var later = SubscriptionPlan()
        later.begin(
            policy.subscriptions, narrower: policy.narrower, session: SessionFilters(noted: session.note, rules: own),
            grant: grant(), now: start)
        for var each in [plan, later] {
            each.begin(policy.subscriptions, narrower: policy.narrower, session: session, grant: grant(), now: start)
            let next = each.next()
            #expect(each.filters == own && next?.filters == own && each.alarms(now: start).count == 1)
        }
    }

    @Test("one SUBSCRIBE is open at a time, and none is larger than the broker's packets")
    func sizes() throws {
        let all = try filters(100)
        var plan = SubscriptionPlan()
        plan.begin(all, grant: grant(maximumPacketBytes: 100), now: start)
        var sent: [TopicFilter] = []
        while let next = plan.next() {
            let second = plan.next()
            #expect(second == nil)
            #expect(next.filters.reduce(8) { $0 + 3 + $1.description.utf8.count } <= 100)
            #expect(answer(&plan, next.request, next.filters.map { _ in 2 }))
            #expect(!answer(&plan, next.request, next.filters.map { _ in 2 }), "an answer counts once")
            sent += next.filters
        }
        #expect(sent == all && plan.isComplete && plan.taken == all && plan.alarms(now: start).isEmpty)
    }

    @Test(
        "a broker that takes few filters at once, and ends the connection otherwise, gets all of them in the end",
        arguments: 1...9)
    func few(most: Int) throws {
        let all = try filters(40)
        var plan = SubscriptionPlan()
        plan.begin(all, grant: grant(), now: start)
        var lost = 0
        while let next = plan.next() {
            if next.filters.count > most {
                lost += 1
                plan.disconnected(now: start)
                plan.begin(all, grant: grant(), now: start)
            } else {
                #expect(answer(&plan, next.request, next.filters.map { _ in 2 }))
            }
        }
        #expect(plan.taken == all && lost <= 5)
    }

    @Test(
        "a filter at which the broker ends the connection is set aside and named, is tried again later, and no other one waits for it"
    )
    func offending() throws {
        let all = try filters(20)
        var plan = SubscriptionPlan()
        var now = start
        plan.begin(all, grant: grant(), now: now)
        var taken: Set<String> = []
        for _ in 0..<200 {
            guard let next = plan.next() else { break }
            if next.filters.contains(all[7]) {
                plan.disconnected(now: now)
                plan.begin(all, grant: grant(), now: now)
            } else {
                #expect(answer(&plan, next.request, next.filters.map { _ in 2 }))
                taken.formUnion(next.filters.map(\.description))
            }
        }
        #expect(plan.isComplete && taken.count == 19)
        #expect(plan.faults.map(\.filter) == [all[7]] && plan.alarms(now: start).count == 1)
        #expect(plan.alarms(now: start).first?.contains("acme/7/#") == true)
        let isEarly = plan.retry(now: now)
        now = now.advanced(by: .seconds(601))
        let isDue = plan.retry(now: now)
        #expect(!isEarly && isDue)
        let found = plan.next()
        let next = try #require(found)
        #expect(next.filters == [all[7]] && answer(&plan, next.request, [2]))
        #expect(plan.taken == all && plan.alarms(now: start).isEmpty)
    }

    @Test("what is refused, too large, without wildcards or granted at a lower QoS is an alarm of its own")
    func faults() throws {
        let all = try [
            TopicFilter("a/#"), TopicFilter(String(repeating: "b", count: 300)), TopicFilter("c"), TopicFilter("d"),
        ]
        var plan = SubscriptionPlan()
        plan.begin(all, grant: grant(maximumPacketBytes: 200, wildcards: false), now: start)
        let found = plan.next()
        let next = try #require(found)
        #expect(next.filters == [all[2], all[3]] || next.filters == [all[2]])
        #expect(answer(&plan, next.request, next.filters.count == 2 ? [0x87, 1] : [0x87]))
        if next.filters.count == 1 {
            let found = plan.next()
            let last = try #require(found)
            #expect(answer(&plan, last.request, [1]))
        }
        #expect(plan.taken == [all[3]])
        let alarms = plan.alarms(now: start)
        #expect(alarms.contains { $0.contains("refuses the subscription c") && $0.contains("0x87") })
        #expect(alarms.contains { $0.contains("200 bytes") } && alarms.contains { $0.contains("no wildcards") })
        #expect(alarms.contains { $0.contains("QoS 1") })
    }

    @Test("our own connections that end each other are noticed once, and helpers come back after a while")
    func displaced() {
        var own = OwnConnections()
        func at(_ milliseconds: Int64) -> MonotonicInstant { start.advanced(by: .milliseconds(milliseconds)) }
        // A broker that tells.
        _ = own.connected(.main, now: at(0))
        _ = own.connected(.helper, foundSession: true, now: at(100))
        #expect(!own.mayStartClean(now: at(110)))
        let isNoticed = own.ended(.main, .takenOver, now: at(120))
        #expect(isNoticed)
        #expect(own.areDisplaced && !own.mayStartClean(now: at(5_000)))
        let isEarly = own.retry(now: at(5_000))
        let isDue = own.retry(now: at(700_000))
        #expect(!isEarly && isDue && !own.areDisplaced)
        // One that closes without a word, at the first time.
        _ = own.connected(.main, now: at(700_000))
        _ = own.connected(.helper, foundSession: true, now: at(700_100))
        let isNoticedAgain = own.ended(.main, .closed, now: at(700_101))
        #expect(isNoticedAgain)
        // Where a helper was tolerated, a network that fails now and then is none.
        var other = OwnConnections()
        for round in 0..<20 {
            let time = Int64(round) * 2_000
            _ = other.connected(.main, now: at(time))
            _ = other.connected(.helper, foundSession: round > 0, now: at(time + 100))
            #expect(other.mayStartClean(now: at(time + 101)))
            let isMain = other.ended(.main, .closed, now: at(time + 500))
            let isHelper = other.ended(.helper, .closed, now: at(time + 505))
            #expect(!isMain && !isHelper)
        }
        // A helper that left a session is tolerated once nothing happened for a while.
        var third = OwnConnections()
        _ = third.connected(.main, now: at(0))
        _ = third.connected(.helper, foundSession: true, now: at(10))
        #expect(!third.mayStartClean(now: at(500)) && third.mayStartClean(now: at(1_500)))
    }

    @Test(
        "the end of the one may be heard before the beginning of the other, whichever it is; a network that fails is none"
    )
    func endFirst() {
        func at(_ milliseconds: Int64) -> MonotonicInstant { start.advanced(by: .milliseconds(milliseconds)) }
        for (first, second) in [(OwnConnections.Role.main, OwnConnections.Role.helper), (.helper, .main)] {
            for isTold in [true, false] {
                var own = OwnConnections()
                _ = own.connected(.helper, foundSession: true, now: at(-5_000))
                own.stopped(.helper)
                _ = own.connected(first, foundSession: first == .helper ? true : nil, now: at(0))
                let isEarly = own.ended(first, isTold ? .takenOver : .closed, now: at(40))
                #expect(!isEarly)
                let isNoticed = own.connected(second, foundSession: second == .helper ? true : nil, now: at(60))
                #expect(isNoticed && own.areDisplaced)
            }
            // Both ends within a moment, and both back at once.
            var network = OwnConnections()
            for round in 0..<20 {
                let time = Int64(round) * 10_000
                let isNoticed = [
                    network.connected(first, now: at(time)), network.connected(second, now: at(time + 20)),
                    network.ended(first, .closed, now: at(time + 9_900)),
                    network.ended(second, .closed, now: at(time + (round % 2 == 0 ? 9_910 : 9_990))),
                ]
                #expect(!isNoticed.contains(true))
            }
        }
    }

    @Test("P6 P9 the only filter is left out for seconds, not for minutes: a network that breaks looks like a refusal")
    func onlyFilter() throws {
        var plan = SubscriptionPlan()
        let all = [try TopicFilter("acme/#")]
        for _ in 0..<3 {
            plan.begin(all, grant: grant(), now: start)
            _ = plan.next()
            plan.disconnected(now: start)
        }
        plan.begin(all, grant: grant(), now: start.advanced(by: .seconds(1)))
        #expect(plan.taken.isEmpty && plan.alarms(now: start).first?.contains("ends the connection") == true)
        let isDue = plan.retry(now: start.advanced(by: .seconds(10)))
        let next = plan.next()
        #expect(isDue && next?.filters == all)
    }

    @Test("P9 a broker that does not answer a SUBSCRIBE is told of, over as many connections as it takes")
    func unanswered() throws {
        var plan = SubscriptionPlan()
        let all = [try TopicFilter("a/#"), try TopicFilter("b/#")]
        func at(_ seconds: Int) -> MonotonicInstant { start.advanced(by: .seconds(seconds)) }
        plan.begin(all, grant: grant(), now: start)
        _ = plan.next()
        #expect(plan.alarms(now: at(14)).isEmpty)
        #expect(plan.alarms(now: at(15)).first?.contains("does not answer") == true)
        plan.disconnected(now: at(60))
        plan.begin(all, grant: grant(), now: at(61))
        let asked = plan.next()
        let next = try #require(asked)
        #expect(plan.alarms(now: at(62)).first?.contains("does not answer") == true)
        #expect(answer(&plan, next.request, next.filters.map { _ in 2 }))
        while let next = plan.next() { #expect(answer(&plan, next.request, next.filters.map { _ in 2 })) }
        #expect(plan.alarms(now: at(63)).isEmpty)
    }
}
