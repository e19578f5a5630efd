import Account
import DiodeProtocol
import TestKit
import Testing

@testable import ReceiverITCore

@Suite("Jumps of versions, topic by topic")
struct GapTopicsTests {
    private func stamp(_ sequence: UInt64) -> Stamp {
        Stamp(epoch: Epoch(rawValue: 7), sequence: SequenceNumber(rawValue: sequence))
    }

    /// One record in two is missing: version v came as sequence v, for each odd one.
    private func jump(_ topic: [UInt8], _ version: UInt64) -> VersionJump {
        VersionJump(topic: topic, versions: version...version, after: stamp(version - 1), before: stamp(version + 1))
    }

    private func found(_ topic: [UInt8], _ version: UInt64) -> FoundRecords {
        FoundRecords(topic: topic, versions: version...version, from: stamp(version), through: stamp(version))
    }

    @Test("P9 a jump shrinks by the records that are found in it, on either side, whatever their order")
    func found() {
        var topics = GapTopics()
        let topic = Array("acme/a".utf8)
        topics.note(VersionJump(topic: topic, versions: 2...9, after: stamp(10), before: stamp(90)), home: 1)
        topics.note(VersionJump(topic: topic, versions: 11...12, after: stamp(91), before: stamp(99)), home: 2)
        topics.noteFound(
            FoundRecords(topic: topic, versions: 4...5, from: stamp(30), through: stamp(40)))
        #expect(
            topics.all.sorted { $0.before < $1.before }.map(\.versions) == [2...3, 6...9, 11...12])
        // What lies in none of them changes nothing.
        for version in [UInt64(4), 10] { topics.noteFound(found(topic, version)) }
        topics.noteFound(FoundRecords(topic: topic, versions: 13...13, from: stamp(95), through: stamp(95)))
        #expect(topics.all.count == 3)
        topics.leave(1, isForgotten: false) { $0.before == stamp(90) ? 2 : nil }
        #expect(
            topics.all.sorted { $0.before < $1.before }.map(\.versions) == [6...9, 11...12] && topics.homeCount == 1)
        topics.leave(2, isForgotten: true) { _ in nil }
        #expect(topics.all.isEmpty && topics.homeCount == 0)
    }

    @Test("P8 what late records of a topic cost does not grow with how often it jumped")
    func cost() {
        let topic = Array("acme/a".utf8)
        // The time itself is what is tested: the best of three, and far from the factor of 512 that a search in a row has.
        func cost(jumps: UInt64) -> Duration {
            var topics = GapTopics()
            for number in 1...jumps { topics.note(jump(topic, number * 2), home: number) }
            return (0..<3).map { _ in
                ContinuousClock().measure {
                    // Of these none is missing, as of a repetition of what came.
                    for number in 0..<UInt64(20_000) { topics.noteFound(found(topic, number % jumps * 2 + 1)) }
                }
            }.min() ?? .zero
        }
        let (few, many) = (cost(jumps: 8), cost(jumps: 4_096))
        #expect(many < few * 16, "\(few), \(many)")
    }
}
