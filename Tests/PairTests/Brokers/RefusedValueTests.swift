import TestKit
import Testing

/// P9 on the real pair: retained values that an IT broker does not take.
@Suite("Values that the IT broker refuses", .timeLimit(.minutes(3)))
struct RefusedValueTests {
    @Test(
        "P9 a retained value at which the IT broker hangs up is a dead letter by name after a handful of connections, and read-back lets it be"
    )
    func hangsUp() async throws {
        let ot = try await Broker.start()
        let it = try await MisbehavingBroker.start(["max_slashes": "7"])
        let pair = try await DiodePair(ot: ot, it: it)
        try await pair.start()
        let deep = "acme/1/2/3/4/5/6/7/8/9"
        for number in 0..<5 { try await ot.publish("acme/\(number)", "1", retain: true) }
        try await ot.publish(deep, "1", retain: true)
        // The broker takes others meanwhile.
        func arrived() -> Set<String> {
            Set(it.publishes.compactMap(\.topic).filter { $0.hasPrefix("acme/") && $0 != deep })
        }
        var number = 5
        var audit = try await AuditAnswer(pair)
        let isNamed = try await eventually(.seconds(90)) {
            try await ot.publish("acme/\(number)", "1", retain: true)
            number += 1
            audit = try await AuditAnswer(pair)
            return audit.total("dead") == 1
        }
        #expect(isNamed && audit.exit == .code(4) && audit.isBalanced, "\(audit)")
        let topics = audit.losses(of: "it-broker").flatMap { $0["topics"] as? [[String: Any]] ?? [] }
        #expect(topics.compactMap { $0["topic"] as? String } == [deep], "\(audit)")
        #expect(await eventually(.seconds(20)) { arrived().count == number })
        // It is read back, found to be refused, and not tried again.
        let isRead = try await eventually(.seconds(30)) {
            try await pair.status(.receiver).output.contains("has refused 1")
        }
        #expect(isRead)
        let connects = it.connects
        try await ot.publish("acme/last", "1", retain: true)
        #expect(await eventually { arrived().contains("acme/last") })
        #expect(it.connects == connects && connects <= 40)
        try await pair.stop()
    }
}
