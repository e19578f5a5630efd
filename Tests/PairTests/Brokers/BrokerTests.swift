import Foundation
import TestKit
import Testing

/// P7 case by case, on several brokers. What a broker cannot do is pinned down: `BrokerLimitation` says what becomes of the messages.
@Suite("Brokers", .timeLimit(.minutes(5)))
struct BrokerTests {
    @Test("P7 each case arrives as it was sent, or as the broker's limitation says", arguments: BrokerColumn.allCases)
    func cases(_ column: BrokerColumn) async throws {
        let (ot, it) = (try await column.startOT(), try await column.startIT())
        try await PythonClient.publish(FidelityCase.before.messages, on: ot)
        var settings = DiodePair.Settings()
        settings.export = FidelityCase.filters
        column.configure(&settings, ot: ot, it: it)
        let pair = try await DiodePair(ot: ot, it: it, settings)
        let collector = try await PythonClient.collector(on: it, filters: FidelityCase.filters)
        // Not `start`, which waits until all is well: a broker that only speaks 3.1.1 is an alarm for as long as it lasts.
        try pair.startReceiver()
        try pair.startSender()
        #expect(try await eventually(.seconds(20)) { try await Self.hasFetched(pair) })
        for row in BrokerTable.rows {
            let limitations = column.limitations(row)
            if limitations.contains(.deadlyTopics) { continue }
            let expected = limitations.reduce(row.messages) { $1.apply($0) }
            if row.name != FidelityCase.before.name {
                try await publish(
                    row, on: ot, isRefused: ot is Broker ? false : limitations.contains(where: \.isRefusal))
            }
            var differences = ["nothing was compared"]
            let topics = Set((row.messages + expected).map(\.topic))
            // Records at which the broker hung up in rows before are still being found, one by one.
            _ = await eventually(.seconds(90)) {
                let arrived = collector.messages.filter { topics.contains($0.topic) }.map(Self.withoutWaiting)
                differences = Faithfulness.differences(published: expected, arrived: arrived)
                return differences.isEmpty
            }
            #expect(differences.map { $0.prefix(500) } == [], "\(row.name)")
        }
        try await pair.stop()
    }

    @Test("docs/BROKERS.md says what the tests hold the brokers to")
    func table() throws {
        let page = try String(contentsOfFile: Executable.projectRoot + "/docs/BROKERS.md", encoding: .utf8)
        #expect(page.contains(BrokerTable.text), "the page must have this:\n\(BrokerTable.text)")
    }

    @Test(
        "P1 P3 P6 a node of a NATS cluster is killed while messages are published: none is missing, no topic goes back",
        arguments: ["OT", "IT"])
    func cluster(side: String) async throws {
        let nodes = try await NATSServer.cluster()
        let other = try await Broker.start(lines: ["max_queued_messages 0"])
        let isOT = side == "OT"
        let pair = try await DiodePair(ot: isOT ? nodes[0] : other, it: isOT ? other : nodes[0])
        let collector = try await PythonClient.collector(on: isOT ? other : nodes[2], filters: ["acme/#"], qos: 1)
        try pair.startReceiver()
        try pair.startSender()
        #expect(try await eventually(.seconds(20)) { try await Self.hasFetched(pair) })
        let count = 400
        let messages = (0..<count).map { PlantMessage("acme/line\($0 % 10)", Array("\($0)".utf8)) }
        async let publishing: Void = PythonClient.publish(messages, on: isOT ? nodes[2] : other)
        #expect(await eventually(.seconds(30)) { collector.messageCount > count / 4 })
        try await nodes[1].kill9()
        try await publishing
        var numbers: [Int] = []
        let isComplete = await eventually(.seconds(60)) {
            numbers = Faithfulness.fromPlant(collector.messages).compactMap {
                Int(String(decoding: $0.payload, as: UTF8.self))
            }
            return Set(numbers).count == count
        }
        #expect(isComplete, "\(Set(0..<count).subtracting(numbers).sorted()) are missing")
        var newest: [Int: Int] = [:]
        var firsts: Set<Int> = []
        for number in numbers where firsts.insert(number).inserted {
            #expect(
                newest[number % 10, default: -1] < number, "an older value came for the first time behind \(number)")
            newest[number % 10] = number
        }
        try await pair.stop()
    }

    /// Whether the sender has fetched the retained set: what comes now comes live.
    private static func hasFetched(_ pair: DiodePair) async throws -> Bool {
        let answer = try await pair.status(.sender).output
        let object = try? JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: Any]
        return (object?["subscription"] as? [String: Any])?["retained_topics"] is Int
    }

    /// Publishes a row; a broker that refuses it does so by ending the connection.
    private func publish(_ row: FidelityCase, on ot: any MQTTServer, isRefused: Bool) async throws {
        let (messages, will) = row.isWill ? ([], row.messages.first) : (row.messages, nil)
        guard isRefused else { return try await PythonClient.publish(messages, will: will, on: ot) }
        for message in messages {
            await #expect(throws: PythonClient.NotReady.self, "\(row.name)") {
                try await PythonClient.publish([message], on: ot, patience: 1)
            }
        }
    }

    /// A message expiry interval as it was sent, if a few seconds were taken off.
    static func withoutWaiting(_ message: PlantMessage) -> PlantMessage {
        var message = message
        message.properties = message.properties.map { property in
            if case .number("expiry", 3_980...4_000) = property { .number("expiry", 4_000) } else { property }
        }
        return message
    }
}
