import TestKit
import Testing

@testable import MQTT
@testable import MQTTProtocol

/// A broker that keeps retained topics and loses what exceeds its queue, as mosquitto does; its queue holds 50 messages, so
/// that small sets are large ones.
private struct LossyBroker {
    var topics: [String]
    /// Messages of one burst that QoS 1 and 2 deliver; the rest is cut off at the end.
    var burst = 70
    /// Share of what a scout loses, here and there.
    var scoutLoss = 0.0
    var random: SeededGenerator

    mutating func deliver(_ slice: RetainedSliceWalk.Slice) throws -> [String] {
        let filters = try slice.filters.map { try TopicFilter($0) }
        let matching = topics.filter { topic in filters.contains { $0.matches(topic) } }
        guard slice.qos == .atMostOnce else { return Array(matching.prefix(burst)) }
        guard matching.count > 50, scoutLoss > 0 else { return matching }
        return matching.filter { _ in Double.random(in: 0..<1, using: &random) >= scoutLoss }
    }
}

@Suite("D11 the walk finds every retained topic, however the broker cuts its bursts")
struct RetainedSliceWalkTests {
    private struct Outcome {
        var delivered: [String] = []
        var report = RetainedSetReport()
    }

    private func walk(
        _ filters: [String], _ broker: inout LossyBroker, maximumTopics: Int = 1_000_000,
        _ each: (inout LossyBroker, Int) -> Void = { _, _ in }
    ) throws -> Outcome {
        var limits = RetainedSetLimits()
        limits.provenBelow = 50
        limits.maximumTopics = maximumTopics
        var walk = RetainedSliceWalk(try filters.map { try TopicFilter($0) }, limits: limits)
        var outcome = Outcome()
        var number = 0
        while let slice = walk.next() {
            #expect(slice.filters.count <= RetainedSliceWalk.maximumFilters)
            for topic in try broker.deliver(slice) where walk.receive(topic.utf8.span.bytes) {
                outcome.delivered.append(topic)
            }
            walk.finishSlice()
            number += 1
            each(&broker, number)
            if number > 20_000 {
                Issue.record("the walk does not end")
                break
            }
        }
        outcome.report = walk.report
        return outcome
    }

    private func plant(_ count: Int) -> [String] {
        (0..<count).map { "acme/site\($0 % 3)/area\($0 % 7)/line\($0 % 11)/cell\($0 / 77)/v\($0)" }
    }

    @Test("A small set takes one scout and one fetch")
    func small() throws {
        var broker = LossyBroker(topics: plant(25), random: SeededGenerator(seed: 1))
        let outcome = try walk(["acme/#", "other/#"], &broker)
        #expect(outcome.delivered.sorted() == plant(25).sorted())
        #expect(outcome.report.slices == 3 && outcome.report.isComplete && outcome.report.topics == 25)
    }

    @Test(
        "Large sets of every shape arrive whole, each topic once",
        arguments: ["deep", "flat", "one branch", "parents", "names"], [0.0, 0.3])
    func large(shape: String, loss: Double) throws {
        let topics: [String]
        switch shape {
        case "deep": topics = plant(1_500)
        case "flat": topics = (0..<400).map { "t\($0)" }
        case "one branch": topics = (0..<400).map { "a/b/c/d/e/f/g\($0)" } + ["a/b/z", "q"]
        case "parents":
            topics = (0..<12).flatMap { a in
                ["p\(a)"] + (0..<12).flatMap { b in ["p\(a)/\(b)"] + (0..<3).map { "p\(a)/\(b)/\($0)" } }
            }
        default: topics = (0..<200).map { "a//\($0)/" } + (0..<200).map { "/ä/\($0)" }
        }
        var broker = LossyBroker(topics: topics, scoutLoss: loss, random: SeededGenerator(seed: 2))
        let outcome = try walk(["#"], &broker)
        #expect(outcome.delivered.sorted() == topics.sorted())
        #expect(outcome.report.isComplete && outcome.report.topics == topics.count)
    }

    @Test("Wildcards within a filter are divided too, and topics outside the filter are not asked for")
    func wildcards() throws {
        let topics = plant(800) + (0..<150).map { "acme/site1/x\($0)/state" }
        var broker = LossyBroker(topics: topics, random: SeededGenerator(seed: 3))
        let outcome = try walk(["acme/+/area1/#", "acme/+/+/state"], &broker)
        let filters = [try TopicFilter("acme/+/area1/#"), try TopicFilter("acme/+/+/state")]
        let expected = topics.filter { topic in filters.contains { $0.matches(topic) } }
        #expect(outcome.delivered.sorted() == expected.sorted() && outcome.report.isComplete)
    }

    @Test("Topics that come and go during the walk neither stop it nor make it doubt")
    func changes() throws {
        var broker = LossyBroker(topics: plant(600), random: SeededGenerator(seed: 4))
        let outcome = try walk(["#"], &broker) { broker, number in
            if number < 30 {
                broker.topics.append("late/\(number)")
                broker.topics.remove(at: number)
            }
        }
        let missing = Set(broker.topics).subtracting(outcome.delivered)
        #expect(missing.isEmpty && outcome.report.isComplete)
    }

    @Test("A broker whose scouts lose nearly everything ends as unproven, not as complete, and in bounded time")
    func hopeless() throws {
        var broker = LossyBroker(topics: plant(1_500), scoutLoss: 0.9, random: SeededGenerator(seed: 5))
        let outcome = try walk(["#"], &broker)
        #expect(!outcome.report.isComplete && outcome.report.unproven == ["#"])
    }

    @Test("The limit of topics ends the walk, and what a server refuses is told")
    func limits() throws {
        var broker = LossyBroker(topics: plant(500), random: SeededGenerator(seed: 6))
        let outcome = try walk(["#"], &broker, maximumTopics: 100)
        #expect(outcome.report.failure == .tooManyTopics && outcome.report.topics == 100)

        var walk = RetainedSliceWalk([try TopicFilter("a/#")], limits: RetainedSetLimits())
        let slice = walk.next()
        #expect(slice == RetainedSliceWalk.Slice(filters: ["a/#"], qos: .atMostOnce))
        walk.finishSlice(refused: ["a/#"])
        let end = walk.next()
        #expect(end == nil && walk.report.refused == ["a/#"])
    }

    @Test("A slice that was interrupted is made again")
    func interruption() throws {
        var walk = RetainedSliceWalk([try TopicFilter("a/#")], limits: RetainedSetLimits())
        let first = walk.next()
        let isNew = walk.receive("a/b".utf8.span.bytes)
        walk.repeatSlice()
        let second = walk.next()
        #expect(!isNew && first == second)
    }

    @Test("Random sets on random brokers arrive whole", arguments: 0..<60)
    func random(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let names = ["a", "b", "c", "", "d1", "d2", "ü"]
        let topics = Set(
            (0..<Int.random(in: 1...600, using: &random)).map { number in
                let depth = Int.random(in: 0...4, using: &random)
                let path = (0..<depth).map { _ in names.randomElement(using: &random) ?? "" }
                return (path + ["n\(number % 90)"]).joined(separator: "/")
            })
        var broker = LossyBroker(topics: topics.sorted(), scoutLoss: Double(seed % 3) * 0.2, random: random)
        let outcome = try walk(["#"], &broker)
        #expect(Set(outcome.delivered) == topics && outcome.delivered.count == topics.count, "seed \(seed)")
        #expect(outcome.report.isComplete, "seed \(seed)")
    }
}
