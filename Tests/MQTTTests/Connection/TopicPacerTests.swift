import MQTT
import TestKit
import Testing
import MQTTProtocol

@Suite struct TopicPacerTests {
    /// The same, said naively.
    private struct Model {
        var gone: [[UInt8]: Duration] = [:]
        var waiting: [[UInt8]: [(retain: Bool, value: Int)]] = [:]
    }

    @Test("of each topic and kind the newest leaves, once the interval since the one before is over, in order")
    func random() async throws {
        await withSeed { random in
            for _ in 0..<50 { history(&random) }
        }
    }

    private func history(_ random: inout SeededGenerator) {
        let interval = Duration.milliseconds(10)
        var pacer = TopicPacer<Int>()
        var model = Model()
        var now = Duration.zero
        for value in 0..<300 {
            now += .milliseconds(Int.random(in: 0...4, using: &random))
            while let (topic, values) = pacer.nextDue(now) {
                let expected = model.waiting.removeValue(forKey: topic) ?? []
                #expect(values == expected.map(\.value) && !values.isEmpty)
                #expect(model.gone[topic].map { now - $0 >= interval } ?? false)
                model.gone[topic] = now
            }
            for (topic, gone) in model.gone where now - gone >= interval { #expect(model.waiting[topic] == nil) }
            let topic = [UInt8.random(in: 0..<5, using: &random)]
            let retain = Bool.random(using: &random)
            let mayGo = model.gone[topic].map { now - $0 >= interval } ?? true
            #expect(pacer.admits(topic, each: interval, now: now) == mayGo)
            guard !mayGo else {
                model.gone[topic] = now
                continue
            }
            let older = model.waiting[topic]?.first { $0.retain == retain }?.value
            model.waiting[topic, default: []].removeAll { $0.retain == retain }
            model.waiting[topic, default: []].append((retain, value))
            guard case .waits(let superseded) = pacer.hold(value, of: topic, retain: retain, bytes: 8) else {
                Issue.record("there is room")
                return
            }
            #expect(superseded == older)
            let count = model.waiting.values.reduce(0) { $0 + $1.count }
            #expect(pacer.waitingCount == count && pacer.waitingBytes == 8 * count)
        }
    }

    @Test("P8 beyond its limits nothing waits: it goes early, and is counted")
    func limits() {
        var pacer = TopicPacer<Int>(topicLimit: 2, byteLimit: 10)
        for topic in UInt8(0)..<4 { #expect(pacer.admits([topic], each: .seconds(1), now: .zero) == true) }
        #expect(pacer.early == 2)
        #expect(pacer.admits([0], each: .seconds(1), now: .zero) == false)
        _ = pacer.hold(1, of: [0], retain: true, bytes: 10)
        guard case .noRoom = pacer.hold(2, of: [0], retain: false, bytes: 1) else {
            Issue.record("more waits than may")
            return
        }
        #expect(pacer.release([0]) == [1])
        #expect(pacer.waitingBytes == 0 && pacer.early == 3)
    }
}
