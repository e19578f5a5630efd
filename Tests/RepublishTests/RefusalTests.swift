import Account
import DiodeProtocol
import MQTTProtocol
import Outbox
import TestKit
import Testing
import Time

@testable import Republish

@Suite("Publisher on a broker that refuses", .timeLimit(.minutes(2)))
struct RefusalTests {
    @Test(
        "P1 what a broker puts off arrives, whatever its word for later",
        arguments: [("0x97", QualityOfService.atLeastOnce), ("0x83", .atLeastOnce), ("0x93", .exactlyOnce)])
    func later(code: String, qos: QualityOfService) async throws {
        let rig = try await RefusingBroker(["puback_rc": code, "puback_first": "150", "puback_topic": "^acme"])
        defer { rig.stop() }
        rig.append((0..<500).map { "acme/\($0)" }, 1...500, qos: qos)
        #expect(await rig.isDone())
        #expect(rig.queue.output.totals.published == 500 && rig.queue.output.totals.deadSum == 0)
        #expect(Set(rig.arrived.map(\.topic)).count == 500)
        #expect(rig.broker.connects == 1)
    }

    @Test("P3 of a topic whose record was put off, the newer ones come again behind it")
    func order() async throws {
        let rig = try await RefusingBroker(["puback_rc": "0x97", "puback_first": "1", "puback_topic": "^acme"])
        defer { rig.stop() }
        rig.append(["acme/a"], 1...3) { Array(repeating: 0x31, count: Int($0)) }
        #expect(await rig.isDone())
        #expect(rig.arrived.map(\.bytes) == [2, 3, 1, 2, 3])
        #expect(rig.queue.output.totals.repeatedInDoubt == 2)
    }

    @Test("P1 P8 one record that is always put off while others are taken is refused in the end")
    func never() async throws {
        let rig = try await RefusingBroker(["puback_rc": "0x80", "puback_topic": "^acme/bad"])
        defer { rig.stop() }
        rig.append(["acme/bad"], 1...1)
        rig.append(["acme/a", "acme/b"], 2...400)
        #expect(await rig.isDone())
        #expect(rig.queue.output.totals.dead == [.refused: 1] && rig.queue.output.totals.published == 399)
    }

    @Test("P1 P8 a topic at which the broker hangs up costs a handful of connections, and none from then on")
    func hangsUp() async throws {
        let rig = try await RefusingBroker(["close_topic": "spindle"])
        defer { rig.stop() }
        rig.append(["acme/ok", "acme/spindle.load"], 1...10)
        #expect(await rig.isDone())
        #expect(rig.queue.output.totals.dead == [.refused: 5])
        let connects = rig.broker.connects
        #expect(connects <= 9)
        rig.append(["acme/ok", "acme/spindle.load"], 11...210)
        #expect(await rig.isDone(.seconds(5)))
        #expect(rig.queue.output.totals.dead == [.refused: 105] && rig.queue.output.totals.published == 105)
        #expect(rig.broker.connects == connects)
        #expect(rig.arrived.count == 105, "each once")
    }

    @Test("P1 a broker with a publish rate is given what it takes, and few connections end")
    func rate() async throws {
        let rig = try await RefusingBroker(["rate": "400"])
        defer { rig.stop() }
        rig.append((0..<1_000).map { "acme/\($0)" }, 1...1_000)
        #expect(await rig.isDone())
        #expect(rig.queue.output.totals.published == 1_000 && rig.queue.output.totals.deadSum == 0)
        #expect(rig.broker.connects <= 3)
    }

    @Test("P9 a broker that keeps no retained messages gets the values without RETAIN, and status says so")
    func noRetain() async throws {
        let rig = try await RefusingBroker(["retain_available": "0"])
        defer { rig.stop() }
        rig.append(["acme/a"], 1...3, retain: true)
        #expect(await rig.isDone())
        #expect(rig.queue.output.totals.published == 3)
        let lack = "the IT broker keeps no retained messages: values are published without RETAIN"
        #expect(rig.publisher.report.lacks == [lack])
    }

    @Test("P9 a broker of a lower QoS gets everything at that, and status says so", arguments: [0, 1])
    func lowerQoS(_ qos: Int) async throws {
        let rig = try await RefusingBroker(["max_qos": "\(qos)"])
        defer { rig.stop() }
        rig.append(["acme/a", "acme/b"], 1...20, qos: .exactlyOnce, retain: true)
        #expect(await rig.isDone())
        #expect(rig.queue.output.totals.published == 20)
        #expect(Set(rig.arrived.compactMap(\.qos)) == [qos])
        #expect(rig.publisher.report.lacks.count == 1)
    }

    @Test(
        "P9 a broker that refuses the will gets a connection without one, and status says so",
        arguments: [["will_rc": "0x87"], ["will_close": "1"]])
    func noWill(_ options: [String: String]) async throws {
        let rig = try await RefusingBroker(options)
        defer { rig.stop() }
        rig.append(["acme/a"], 1...3)
        #expect(await rig.isDone())
        let lack = "the IT broker refuses our will: it will not say when this receiver vanishes"
        #expect(rig.publisher.report.lacks == [lack])
    }

    @Test(
        "P6 P9 a broker that hangs up at what we say of ourselves gets the records without it, those that it refuses die all the same, and status says so"
    )
    func ownMessages() async throws {
        let rig = try await RefusingBroker(["close_topic": "^diode/|spindle"])
        defer { rig.stop() }
        rig.append(["acme/a", "acme/b"], 1...100)
        rig.append(["acme/spindle"], 101...101)
        rig.append(["acme/a", "acme/b"], 102...200)
        #expect(await rig.isDone())
        #expect(rig.queue.output.totals.published == 199 && rig.queue.output.totals.dead == [.refused: 1])
        #expect(rig.publisher.report.lacks.count == 1, "\(rig.publisher.report.lacks)")
        #expect(rig.publisher.report.lacks.first?.contains("diode/plant-a/") == true)
        let connects = rig.broker.connects
        rig.append(["acme/a"], 201...220)
        #expect(await rig.isDone())
        #expect(rig.broker.connects == connects && connects <= 12, "\(connects)")
    }

    @Test(
        "What the broker hangs up at three times is withheld for a minute, then longer each time; a network is forgiven"
    )
    func withheld() {
        var own = OwnMessages(link: "plant-a")
        var now = MonotonicInstant(nanoseconds: 1)
        func lose(_ isAnswered: Bool, _ end: ConnectionEnd = .untold) {
            own.sent()
            if isAnswered { own.answered() }
            own.lost(end, isTrial: false, now: now)
        }
        for isAnswered in [false, false, true, false, false] { lose(isAnswered) }
        lose(false, .told(ReasonCode(rawValue: 0x89)))
        #expect(!own.areWithheld && own.lacks.isEmpty)
        lose(false)
        #expect(own.areWithheld && own.lacks.count == 1)
        for minutes in [1, 2, 4] {
            let isEarly = own.retry(now: now.advanced(by: .seconds(minutes * 60 - 1)))
            #expect(!isEarly)
            now = now.advanced(by: .seconds(minutes * 60))
            let isDue = own.retry(now: now)
            #expect(isDue && !own.areWithheld)
            lose(false)
            #expect(own.areWithheld)
        }
        now = now.advanced(by: .seconds(480))
        _ = own.retry(now: now)
        lose(true)
        for _ in 0..<2 { lose(false) }
        #expect(!own.areWithheld)
    }

    @Test(
        "P8 a broker that ends each connection before it answers anything is dialled ever more seldom, and no record is to blame"
    )
    func endsAtOnce() async throws {
        let rig = try await RefusingBroker(["close_granted": "^diode-recv"], longestPause: .seconds(1))
        defer { rig.stop() }
        rig.append(["acme/a"], 1...10)
        // The time itself is what is tested: from the fourth connection on a second lies between two, and not a quarter of one.
        #expect(await eventually { rig.broker.connects >= 4 })
        let before = ContinuousClock.now
        #expect(await eventually { rig.broker.connects >= 6 })
        #expect(ContinuousClock.now - before > .milliseconds(1_200))
        #expect(rig.queue.output.totals.deadSum == 0)
    }

    @Test(
        "P9 a broker that answers nothing for half a minute while records wait is said to be silent, until it answers")
    func silent() {
        var watch = AnswerWatch()
        func note(at seconds: Int64, _ isUnderWay: Bool, isDrained: Bool = false, _ answered: UInt64) -> Bool {
            let now = MonotonicInstant(nanoseconds: 1).advanced(by: .seconds(seconds))
            let was = watch.isSilent
            let hasChanged = watch.note(isUnderWay: isUnderWay, isDrained: isDrained, answered: answered, now: now)
            #expect(hasChanged == (was != watch.isSilent) && watch.lacks.isEmpty != watch.isSilent)
            return watch.isSilent
        }
        // What waits for its time, and was not given, is nobody's fault.
        #expect(!note(at: 0, false, isDrained: true, 0) && !note(at: 10, false, 0) && !note(at: 100, false, 0))
        // A connection that ends is no answer.
        #expect(
            !note(at: 100, true, 0) && !note(at: 110, false, 0) && !note(at: 129, true, 0) && note(at: 130, false, 0))
        #expect(!note(at: 140, true, 1) && !note(at: 169, true, 1) && note(at: 170, true, 1))
        #expect(!note(at: 180, false, isDrained: true, 2) && !note(at: 300, false, 2))
    }

    @Test("P9 what is larger than the broker takes is named, and everything else flows, however little it allows")
    func limits() async throws {
        let rig = try await RefusingBroker(["max_packet": "400", "receive_max": "1", "keepalive": "1"])
        defer { rig.stop() }
        rig.append(["acme/large"], 1...1) { _ in Array(repeating: 0, count: 1_000) }
        rig.append(["acme/a", "acme/b"], 2...50, qos: .exactlyOnce)
        #expect(await rig.isDone())
        #expect(rig.queue.output.totals.dead == [.tooLarge: 1] && rig.queue.output.totals.published == 49)
        #expect(rig.broker.connects == 1)
    }

    @Test("What was refused is remembered by topic and value, in so many words, for so long")
    func memory() {
        var memory = RefusalMemory()
        let now = MonotonicInstant(nanoseconds: 1)
        func record(
            _ topic: UInt64, _ value: UInt64, bytes: Int = 10, isRefresh: Bool = false
        ) -> RefusalMemory.Record {
            RefusalMemory.Record(
                topic: TopicHash(rawValue: topic), value: value, bytes: bytes, qos: 1, retain: true,
                isRefresh: isRefresh)
        }
        // In a code: only the repair of that value is spared.
        memory.note(record(1, 7), isWord: true, now: now)
        #expect(memory.verdict(record(1, 7), now: now) == .unknown)
        #expect(memory.verdict(record(1, 7, isRefresh: true), now: now) == .refused)
        #expect(memory.verdict(record(1, 8, isRefresh: true), now: now) == .unknown)
        #expect(memory.refuses(TopicHash(rawValue: 1), value: 7) && !memory.refuses(TopicHash(rawValue: 1), value: 8))
        // By hanging up: the value; with a second one the topic, but for what is smaller.
        memory.note(record(2, 7), isWord: false, now: now)
        #expect(memory.verdict(record(2, 7), now: now) == .refused)
        #expect(memory.verdict(record(2, 8), now: now) == .doubted)
        #expect(memory.verdict(record(2, 8, bytes: 9), now: now) == .unknown)
        memory.note(record(2, 8), isWord: false, now: now)
        #expect(memory.verdict(record(2, 9), now: now) == .refused)
        #expect(memory.verdict(record(2, 9), now: now.advanced(by: .seconds(3_601))) == .doubted)
        memory.forget(record(2, 9))
        #expect(memory.verdict(record(2, 7), now: now) == .unknown)
        for topic in 10..<UInt64(RefusalMemory.limit + 10) {
            memory.note(record(topic, 1), isWord: false, now: now.advanced(by: .seconds(1)))
        }
        #expect(memory.verdict(record(1, 7, isRefresh: true), now: now) == .unknown, "the oldest goes first")
    }

    @Test("A pace halves when the broker complains, comes back to nine tenths, and goes beyond more and more rarely")
    func pace() {
        var pace = PublishPace()
        var now = MonotonicInstant(nanoseconds: 1)
        #expect(pace.room(at: now) == .max)
        var complaints = 0
        var taken = 0
        // A broker that takes 100 in any second, for 20 minutes.
        var recent: [MonotonicInstant] = []
        for _ in 0..<120_000 {
            now = now.advanced(by: .milliseconds(10))
            for _ in 0..<min(200, pace.room(at: now)) {
                pace.published()
                recent.removeAll { $0.advanced(by: .seconds(1)) <= now }
                if recent.count >= 100 {
                    complaints += 1
                    pace.complained(at: now)
                    recent = []
                    break
                }
                recent.append(now)
                taken += 1
                pace.delivered(1, at: now)
            }
        }
        #expect(complaints <= 12)
        #expect(taken > 80 * 1_200)
        // One that takes nothing gets two records a pause, and the pause grows.
        var quota = PublishPace()
        var sent = 0
        for _ in 0..<6_000 {
            now = now.advanced(by: .milliseconds(10))
            guard quota.room(at: now) > 0 else { continue }
            sent += 1
            quota.published()
            quota.complained(at: now)
        }
        #expect(sent < 20)
        quota.delivered(1, at: now)
        #expect(quota.room(at: now.advanced(by: .seconds(11))) > 0)
    }
}
