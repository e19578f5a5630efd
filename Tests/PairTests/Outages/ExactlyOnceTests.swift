import TestKit
import Testing

/// P7: what was published at QoS 2 arrives once, whatever becomes of the receiver.
@Suite("QoS 2 on the IT leg", .serialized, .timeLimit(.minutes(2)))
struct ExactlyOnceTests {
    private struct Rig {
        let ot: Broker
        let it: Broker
        let pair: DiodePair
        let subscriber: PythonClient

        init(version: String = "5") async throws {
            ot = try await Broker.start(lines: Load.brokerLines)
            it = try await Broker.start(lines: ["max_queued_messages 0"])
            var settings = DiodePair.Settings()
            settings.sender = ["echo": "[\"300ms\", \"1s\", \"3s\"]"]
            settings.receiver = ["broker": "{ url: \"\(it.url)\", version: \"\(version)\" }", "late": "\"mark\""]
            pair = try await DiodePair(ot: ot, it: it, settings)
            subscriber = try await PythonClient.collector(on: it, filters: ["acme/#"])
            try await pair.start()
        }

        /// Messages that arrived more than once.
        var repeated: [String] {
            Dictionary(grouping: arrived, by: \.self).filter { $0.value.count > 1 }.keys.sorted()
        }
        var arrived: [String] { subscriber.messages.map { String(decoding: $0.payload, as: UTF8.self) } }

        func publish(_ numbers: Range<Int>) async throws {
            try await ot.publish(lines: numbers.map { "n\($0)" }, to: "acme/line", qos: 2)
        }

        func stop() async throws {
            try await pair.stop()
            try await ot.stop()
            try await it.stop()
        }
    }

    @Test(
        "P7 over kills and orderly restarts of the receiver, in the midst of it, each message arrives once",
        arguments: ["5", "3.1.1"])
    func restarts(version: String) async throws {
        let rig = try await Rig(version: version)
        let (rounds, size) = (6, 300)
        for round in 0..<rounds {
            let before = rig.subscriber.messageCount
            async let publishing: Void = rig.publish(round * size..<(round + 1) * size)
            _ = await eventually(.seconds(10)) { rig.subscriber.messageCount > before }
            if round % 2 == 0 {
                try await rig.pair.receiver?.kill9()
            } else {
                #expect(try await rig.pair.receiver?.terminate() == .code(0))
            }
            try await publishing
            try rig.pair.startReceiver()
        }
        let all = Set((0..<rounds * size).map { "n\($0)" })
        let isWhole = await eventually(.seconds(40)) { Set(rig.arrived) == all }
        let missing = all.subtracting(rig.arrived).sorted()
        #expect(isWhole, "missing: \(missing)")
        try await rig.pair.waitUntilAuditIsWell()
        let audit = try await AuditAnswer(rig.pair)
        #expect(rig.repeated == [], "\(audit)")
        #expect(rig.arrived.count == all.count && audit.total("published") == all.count, "\(audit)")
        #expect(audit.total("repeated") == 0, "\(audit)")
        try await rig.stop()
    }

    @Test("P9 where the broker loses the session, what may have come twice is counted in the audit")
    func lostSession() async throws {
        let rig = try await Rig()
        try await rig.publish(0..<10)
        #expect(await eventually(.seconds(10)) { rig.arrived.count == 10 })
        try await rig.pair.waitUntilAuditIsWell()
        #expect(try await AuditAnswer(rig.pair).total("repeated") == 0)
        // It gets messages and says nothing of them; then it forgets everything.
        rig.it.pause()
        try await rig.publish(10..<300)
        let isStuck = try await eventually(.seconds(10)) { try await AuditAnswer(rig.pair).total("outbox") == 290 }
        #expect(isStuck)
        try await rig.it.kill9()
        try await rig.it.restart()
        var audit = try await AuditAnswer(rig.pair)
        let isDone = try await eventually(.seconds(30)) {
            audit = try await AuditAnswer(rig.pair)
            return audit.exit == .code(0) && audit.total("published") == 300
        }
        #expect(isDone, "\(audit)")
        #expect((1...290).contains(audit.total("repeated")), "\(audit)")
        try await rig.stop()
    }
}
