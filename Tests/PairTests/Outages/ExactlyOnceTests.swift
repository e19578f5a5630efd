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

        /// What arrived, each beginning with the letter of its QoS, as often as it did.
        var arrived: [String] { subscriber.messages.map { String(decoding: $0.payload, as: UTF8.self) } }

        /// Messages of a letter that arrived more than once, as often as it was too often.
        func repeated(_ letter: Character) -> [String] {
            Dictionary(grouping: arrived.filter { $0.first == letter }, by: \.self).flatMap {
                Array(repeating: $0.key, count: $0.value.count - 1)
            }.sorted()
        }

        /// - Parameter isMixed: as many at QoS 1 beside them, on the same topic.
        func publish(_ numbers: Range<Int>, isMixed: Bool = false) async throws {
            async let twice: Void = ot.publish(lines: numbers.map { "n\($0)" }, to: "acme/line", qos: 2)
            if isMixed { try await ot.publish(lines: numbers.map { "m\($0)" }, to: "acme/line", qos: 1) }
            try await twice
        }

        func stop() async throws {
            try await pair.stop()
            try await ot.stop()
            try await it.stop()
        }
    }

    @Test(
        "P7 over kills and orderly restarts of the receiver, in the midst of it, each message arrives once",
        arguments: [("5", false), ("3.1.1", false), ("5", true)])
    func restarts(version: String, isMixed: Bool) async throws {
        let rig = try await Rig(version: version)
        let (rounds, size) = (4, 300)
        for round in 0..<rounds {
            let before = rig.subscriber.messageCount
            async let publishing: Void = rig.publish(round * size..<(round + 1) * size, isMixed: isMixed)
            _ = await eventually(.seconds(10)) { rig.subscriber.messageCount > before }
            if round % 2 == 0 {
                try await rig.pair.receiver?.kill9()
            } else {
                let exit = try await rig.pair.receiver?.terminate()
                #expect(exit == .code(0), "\(rig.pair.receiver?.errors.suffix(2_000) ?? "")")
            }
            try await publishing
            try rig.pair.startReceiver()
            // From here on it ends in order.
            #expect(await eventually(.seconds(10)) { rig.pair.receiver?.errors.contains(" started: ") == true })
        }
        let letters = isMixed ? ["m", "n"] : ["n"]
        let all = Set((0..<rounds * size).flatMap { number in letters.map { "\($0)\(number)" } })
        let isWhole = await eventually(.seconds(40)) { Set(rig.arrived) == all }
        let missing = all.subtracting(rig.arrived).sorted()
        #expect(isWhole, "missing: \(missing)")
        try await rig.pair.waitUntilAuditIsWell()
        let audit = try await AuditAnswer(rig.pair)
        // Behind a message of QoS 1 that goes again, newer ones of its topic do, too.
        if !isMixed { #expect(rig.repeated("n") == [], "\(audit)") }
        #expect(audit.total("published") == all.count, "\(audit)")
        let repeated = rig.repeated("n").count + rig.repeated("m").count
        #expect(isMixed ? repeated <= audit.total("repeated") : audit.total("repeated") == 0, "\(audit)")
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
