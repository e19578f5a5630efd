import DiodeProtocol
import Foundation
import MQTTProtocol
import Outbox
import TestKit
import Testing

@testable import Republish
import Time

/// A broker that ends the connection instead of refusing a record, a network that breaks, and the two together, in virtual time.
struct RefusalSearchTests {
    /// How the network ends connections.
    private enum Breaks {
        case never
        /// At random, so long apart on average.
        case random(Duration)
        /// As by a clock.
        case every(Duration)
        /// Each connection, so long after it began.
        case after(Duration)
    }

    /// What the broker does at a poisonous record.
    private enum Manner { case closes, tells(ReasonCode), neverAnswers, closesAtRelease }

    /// Publisher, network and broker. One record a topic; time goes in steps of 2 ms.
    private struct Rig {
        private enum Answer { case ours, received, record(Int), end(ConnectionEnd) }

        var search = RefusalSearch()
        var random: SeededGenerator
        var breaks = Breaks.never
        var poison: Set<Int> = []
        var manner = Manner.closes
        var trip = Duration.milliseconds(4)
        /// When each record was settled, by its number.
        var settledAt: [Int: Duration] = [:]
        var dead: [Int] = []
        var connections = 0
        private var waiting: [Int]
        private var taken: [Int] = []
        private var parked: [Int] = []
        private var answers: [(at: Duration, Answer)] = []
        private var isConnected = false
        private var dialAt = Duration.zero
        private var breakAt: Duration?
        /// Since when this connection has owed an answer: a session ends for that.
        private var silentSince: Duration?
        private(set) var now = Duration.zero

        init(records: Int, _ random: SeededGenerator = SeededGenerator(seed: 1)) {
            waiting = Array(1...records)
            self.random = random
        }

        var isDone: Bool { waiting.isEmpty && taken.isEmpty }

        private var instant: MonotonicInstant {
            MonotonicInstant(nanoseconds: UInt64(now / .nanoseconds(1)) + 1_000_000_000)
        }

        /// Runs until everything is settled or dead, at most for so long.
        mutating func run(_ limit: Duration) {
            let end = now + limit
            while !isDone, now < end { step() }
        }

        private mutating func step() {
            now += .milliseconds(2)
            if !isConnected, dialAt <= now { connect() }
            guard isConnected else { return }
            if let breakAt, breakAt <= now { return lose(.untold) }
            while isConnected, let first = answers.first, first.at <= now {
                answers.removeFirst()
                switch first.1 {
                case .received: search.received(at: instant)
                case .ours: _ = search.settled(deliveries: 0, others: 1, at: instant)
                case .record(let number):
                    taken.removeAll { $0 == number }
                    settledAt[number] = now
                    if search.settled(deliveries: 1, others: 0, at: instant) {
                        parked.removeAll { $0 == number }
                        unpark()
                    }
                case .end(let end): return lose(end)
                }
            }
            let isTimedOut = silentSince.map { $0 + .seconds(60) <= now } ?? false
            if isTimedOut || search.isOverdue(now: instant) { return lose(.unanswered) }
            publish()
            if search.takeProbe(now: instant) { answers.append((now + trip, .ours)) }
        }

        private mutating func connect() {
            connections += 1
            isConnected = true
            switch breaks {
            case .never: breakAt = nil
            case .random(let mean):
                breakAt = now + mean * (-log(Double.random(in: 0.0001..<1, using: &random)))
            case .every(let period):
                let periods = Int(now / period) + 1
                breakAt = period * periods
            case .after(let lifetime): breakAt = now + lifetime
            }
            search.connected(at: instant)
            answers = [(now + trip, .ours)]
        }

        private mutating func publish() {
            if search.isReady {
                guard let suspect = parked.first else { return search.acquit() }
                send(suspect)
                search.exposed(at: instant)
            }
            while search.mayPublish, taken.count < search.window(16), let next = waiting.first {
                let rule = search.rule(OutboxPosition(rawValue: UInt64(next)), topic: next)
                if rule == .waits { break }
                waiting.removeFirst()
                switch rule {
                case .waits: break
                case .goes:
                    taken.append(next)
                    send(next)
                case .withheld:
                    taken.append(next)
                    parked.append(next)
                case .dead: dead.append(next)
                }
            }
        }

        private mutating func send(_ number: Int) {
            search.published(OutboxPosition(rawValue: UInt64(number)), topic: number, at: instant)
            // What comes behind the end of a connection is not read.
            if case .end? = answers.last?.1 { return }
            guard poison.contains(number) else { return answers.append((now + trip, .record(number))) }
            switch manner {
            case .closes: answers.append((now + trip, .end(.untold)))
            case .tells(let code): answers.append((now + trip, .end(.told(code))))
            case .closesAtRelease:
                answers.append((now + trip, .received))
                answers.append((now + trip * 2, .end(.untold)))
            case .neverAnswers: silentSince = silentSince ?? now
            }
        }

        private mutating func unpark() {
            waiting = parked + waiting
            taken.removeAll { parked.contains($0) }
            parked = []
        }

        private mutating func lose(_ end: ConnectionEnd) {
            _ = search.lost(end, at: instant)
            waiting = (taken + waiting).sorted()
            (taken, parked, answers, isConnected, silentSince) = ([], [], [], false, nil)
            dialAt = now + .milliseconds(20)
        }
    }

    @Test("P1 no network that breaks, however often and whenever, makes a dead letter", arguments: 0..<24)
    func breakingNetwork(_ round: Int) async {
        await withSeed("RefusalSearchTests.breakingNetwork") { random in
            for _ in 0..<round { _ = random.next() }
            let often = Duration.milliseconds(Int64.random(in: 20...3_000, using: &random))
            var rig = Rig(records: 400, random)
            rig.trip = .milliseconds(Int64.random(in: 2...150, using: &random))
            rig.breaks = [.random(often), .every(often), .after(often)][round % 3]
            rig.run(.seconds(60))
            #expect(rig.dead.isEmpty, "broken each \(often), \(rig.breaks), a trip of \(rig.trip)")
            rig.breaks = .never
            rig.run(.seconds(60))
            #expect(rig.isDone && rig.dead.isEmpty)
        }
    }

    @Test("P1 P8 the records at which a broker ends the connection die within a few connections, and no others")
    func poison() {
        for manner in [
            Manner.closes, .tells(.malformedPacket), .tells(.topicNameInvalid), .neverAnswers, .closesAtRelease,
        ] {
            var rig = Rig(records: 300)
            rig.manner = manner
            rig.poison = [20, 21, 90]
            rig.run(.seconds(400))
            #expect(rig.dead.sorted() == [20, 21, 90])
            #expect(rig.settledAt.count == 297)
            #expect(rig.connections <= 3 * 8, "\(manner): \(rig.connections) connections")
        }
    }

    @Test("P1 while a record is on trial, those of other topics flow")
    func healthy() {
        var rig = Rig(records: 2_000)
        rig.poison = [5]
        rig.run(.seconds(60))
        #expect(rig.dead == [5] && rig.isDone)
        #expect(rig.settledAt.values.max() ?? .zero < .seconds(4))
    }

    @Test("P1 P8 over a network that breaks, the poisonous records die and no others", arguments: 0..<8)
    func both(_ round: Int) async {
        await withSeed("RefusalSearchTests.both") { random in
            for _ in 0..<round { _ = random.next() }
            var rig = Rig(records: 200, random)
            rig.poison = [Int.random(in: 1...100, using: &random), Int.random(in: 101...200, using: &random)]
            rig.breaks = .random(.milliseconds(Int64.random(in: 1_500...8_000, using: &random)))
            rig.run(.seconds(600))
            #expect(Set(rig.dead) == rig.poison && rig.isDone, "\(rig.connections) connections")
        }
    }

    @Test("A code that means later, of which a broker ends connections, is held against no record")
    func later() {
        var rig = Rig(records: 5)
        rig.poison = [1]
        rig.manner = .tells(ReasonCode(rawValue: 0x96))
        rig.run(.seconds(60))
        #expect(rig.dead.isEmpty)
    }

    @Test("P8 a topic of which a record was refused is doubted, and one strike is enough")
    func doubted() {
        var search = RefusalSearch()
        let suspect = RefusalSearch.Suspect(position: OutboxPosition(rawValue: 7), topic: 3)
        let start = MonotonicInstant(nanoseconds: 1_000)
        search.connected(at: start)
        search.doubt(suspect)
        #expect(search.rule(suspect.position, topic: 3) == .withheld)
        #expect(search.rule(OutboxPosition(rawValue: 8), topic: 4) == .goes)
        let later = start.advanced(by: .seconds(1))
        _ = search.settled(deliveries: 0, others: 1, at: later)
        #expect(search.isReady)
        search.published(suspect.position, topic: 3, at: later)
        search.exposed(at: later)
        #expect(search.lost(.untold, at: later.advanced(by: .milliseconds(5))) == suspect.position)
        #expect(search.rule(suspect.position, topic: 3) == .dead)
        #expect(!search.isSearching)
    }
}
