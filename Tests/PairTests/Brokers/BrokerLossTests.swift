import Foundation
import TestKit
import Testing

/// What the OT broker loses by itself shows in the receiver's audit (P9, layer `ot-broker`).
@Suite("What the OT broker drops", .serialized, .timeLimit(.minutes(3)))
struct BrokerLossTests {
    private func payloads(_ subscriber: TestKit.Subscriber) -> Set<String> {
        Set(subscriber.messages.map { String(decoding: $0.payload, as: UTF8.self) })
    }

    @Test(
        "P1, P9 a queue limit that took messages while the sender was away: the count in the audit is what is missing")
    func queueLimit() async throws {
        let ot = try await Broker.start(lines: ["max_queued_messages 20", "sys_interval 1"])
        let it = try await Broker.start(lines: ["max_queued_messages 0"])
        let pair = try await DiodePair(ot: ot, it: it)
        let collector = try await it.subscribe("acme/#")
        try await pair.start()
        #expect(try await eventually { try await brokerDropped(pair) == 0 }, "the broker tells, and dropped nothing")
        // Two of its intervals later the sender knows that this is so until now.
        try await ot.publish("acme/a", "before")
        #expect(await collector.messages(atLeast: 1).count == 1)
        #expect(try await pair.sender?.terminate() == .code(0))

        let published = (1...150).map { "away \($0)" }
        try await ot.publish(lines: published, to: "acme/a")
        try pair.startSender()
        #expect(try await eventually { try await brokerDropped(pair) ?? 0 > 0 })
        try await ot.publish("acme/a", "after")
        #expect(await eventually { payloads(collector).contains("after") })

        let missing = Set(published).subtracting(payloads(collector)).count
        #expect(missing > 0, "the broker's queue was too short, as it was meant to be")
        var audit = try await AuditAnswer(pair)
        #expect(
            try await eventually {
                audit = try await AuditAnswer(pair)
                return !audit.losses(of: "ot-broker").isEmpty
            })
        let losses = audit.losses(of: "ot-broker")
        #expect(losses.map { $0["reason"] as? String } == ["queue-limit"])
        #expect(losses.compactMap { $0["records"] as? Int } == [missing])
        let (from, to) = (losses[0]["from"] as? String ?? "", losses[0]["to"] as? String ?? "")
        #expect(!from.isEmpty && from < to)
        #expect(audit.isBalanced)
        #expect(audit.exit == .code(4), "messages are lost, and nobody has acknowledged that")
        #expect(
            try await eventually { try await AuditAnswer(pair).sender("ot_broker_dropped") == missing },
            "the beat says it, too")
        #expect(audit.list("unobserved").contains { $0["session_resumed"] as? Bool == true })
        try await pair.stop()
    }

    @Test("P9 a broker that forgot the session lost what nobody can count: an interval without a number, said once")
    func sessionLost() async throws {
        let ot = try await Broker.start(lines: ["sys_interval 1"])
        let it = try await Broker.start()
        let pair = try await DiodePair(ot: ot, it: it)
        let collector = try await it.subscribe("acme/#")
        try await pair.start()
        #expect(try await eventually { try await brokerDropped(pair) == 0 })
        #expect(try await AuditAnswer(pair).losses(of: "ot-broker").isEmpty, "a first start has missed nothing")
        try await ot.kill9()
        try await ot.restart()
        try await pair.waitUntilWell()
        #expect(try await eventually { try await !AuditAnswer(pair).losses(of: "ot-broker").isEmpty })
        // The broker tells its uptime three times more, and nothing is added to what is said: the sender has heard of each when a message
        // behind the last of them has arrived.
        #expect(try await eventually { try await brokerDropped(pair) == 0 })
        let uptimes = try await ot.subscribe("$SYS/broker/uptime")
        #expect(await uptimes.messages(atLeast: 4).count >= 4)
        try await ot.publish("acme/mark", "behind")
        #expect(await collector.messages(atLeast: 1).count == 1)
        let losses = try await AuditAnswer(pair).losses(of: "ot-broker")
        #expect(losses.map { $0["reason"] as? String } == ["session-lost"])
        #expect(losses.compactMap { $0["records"] as? Int } == [0])
        try await pair.stop()
    }

    @Test(
        "P2 P9 a broker that claims a session which it has not kept: what is retained is fetched anew, and the time is not called observed"
    )
    func sessionInvented() async throws {
        let ot = try await MisbehavingBroker.start(["invent_session": "^diode-send", "cut_topic": "^acme/cut$"])
        let it = try await Broker.start()
        let pair = try await DiodePair(ot: ot, it: it)
        try pair.startReceiver()
        try pair.startSender()
        #expect(try await eventually(.seconds(20)) { try await SenderState(pair)?.hasFetched ?? false })
        // The second comes while the sender is away, to a session that is gone.
        try await PythonClient.publish(
            [PlantMessage("acme/cut", [1]), PlantMessage("acme/value", Array("1".utf8), retain: true)], on: ot)
        #expect(try await eventually(.seconds(20)) { try await it.retained("acme/#") == ["acme/value": "1"] })
        #expect(
            try await eventually {
                try await AuditAnswer(pair).list("unobserved").contains { interval in
                    interval["session_resumed"] as? Bool == false
                        && interval["reason"] as? String != "not yet connected"
                }
            })
        try await pair.stop()
    }

    @Test("P9 no alarm without cause: a broker that is restarted with its session kept is no loss in any log")
    func restarted() async throws {
        let ot = try await Broker.start(lines: ["sys_interval 1"], persistent: true)
        let it = try await Broker.start()
        let pair = try await DiodePair(ot: ot, it: it)
        try await pair.start()
        #expect(try await eventually { try await brokerDropped(pair) == 0 })
        // A restart is known by an uptime that is lower by more than five seconds.
        let uptimes = try await ot.subscribe("$SYS/broker/uptime")
        #expect(
            await eventually {
                uptimes.messages.contains { String(decoding: $0.payload, as: UTF8.self).hasPrefix("8 ") }
            })
        try await ot.stop()
        try await ot.restart()
        #expect(try await eventually { try await !AuditAnswer(pair).losses(of: "ot-broker").isEmpty })
        try await pair.waitUntilWell()
        let audit = try await AuditAnswer(pair)
        #expect(audit.exit == .code(0) && audit.losses(of: "ot-broker").allSatisfy { $0["records"] as? Int == 0 })
        #expect(pair.sender?.errors.contains("broker.restarted") ?? false)
        for child in [pair.sender, pair.receiver] {
            let log = child?.errors ?? ""
            #expect(!log.contains("lost messages") && !log.contains("broker.dropped"), "\(log)")
        }
        let table = try await run([
            Executable.path("diode-recv"), "--audit", "--config", pair.receiverConfiguration,
        ]).output
        #expect(!table.contains("Lost on the way"), "\(table)")
        try await pair.stop()
    }

    /// What the sender says that the broker dropped; nil while the broker does not tell.
    private func brokerDropped(_ pair: DiodePair) async throws -> Int? {
        let answer = try await pair.status(.sender)
        let object = try? JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [String: Any]
        return (object?["subscription"] as? [String: Any])?["broker_dropped"] as? Int
    }
}
