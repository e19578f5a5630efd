import Account
import Deliveries
import DiodeProtocol
import EventLog
import MQTT
import Outbox
import ReadBack
import TestKit
import Testing

@testable import Republish
import Time
import MQTTProtocol

@Suite("Publisher on a real broker", .timeLimit(.minutes(2)))
struct PublisherTests {
    private func publisher(
        _ broker: Broker, _ queue: UnstoredQueue, prefix: String = "", late: LatePolicy = .topic,
        version: VersionPolicy = .automatic, window: Int = 4_096
    ) throws -> Publisher {
        var connection = ConnectionSettings(host: "127.0.0.1", port: broker.port)
        connection.version = version
        connection.reconnectMinimum = .milliseconds(20)
        connection.reconnectMaximum = .milliseconds(100)
        var settings = PublisherSettings(
            link: "plant-a", connection: connection,
            mapper: TopicMapper(prefix: prefix, own: [try TopicFilter("#")]))
        settings.late = late
        settings.windowRecords = window
        let publisher = try Publisher(
            settings, output: queue.output, readBack: try ReadBackMailbox(wakeup: queue.output.wakeup),
            log: EventLog(threshold: .error))
        try publisher.start()
        return publisher
    }

    private func queue() throws -> UnstoredQueue { try UnstoredQueue(bytes: 64 << 20) }

    private func isEmpty(_ queue: UnstoredQueue) -> Bool {
        queue.output.load.waiting == 0 && queue.output.load.taken == 0
    }

    @Test("P7 topic, payload, QoS, retain and properties reach the IT broker's consumers as they were")
    func faithful() async throws {
        let broker = try await Broker.start()
        let subscriber = try await broker.subscribe("acme/#", qos: 2)
        let queue = try queue()
        let publisher = try publisher(broker, queue)
        defer { publisher.stop(drain: .zero) }
        var properties = PropertyWriter()
        properties.appendUser("unit", "°C")
        queue.append([
            testDelivery("acme/a", [0, 255, 10], sequence: 1, qos: .atMostOnce),
            testDelivery("acme/b", Array("21.5".utf8), sequence: 2, retain: true, properties: properties.bytes),
            testDelivery("acme/c", [], sequence: 3, qos: .exactlyOnce),
        ])
        let messages = await subscriber.messages(atLeast: 3)
        #expect(messages.map(\.topic) == ["acme/a", "acme/b", "acme/c"])
        #expect(messages.map(\.payload) == [[0, 255, 10], Array("21.5".utf8), []])
        #expect(messages.map(\.qos) == [0, 1, 2])
        #expect(messages.map(\.retain) == [false, true, false])
        #expect(
            messages[1].userProperties
                == "unit:°C diode-link:plant-a diode-ts:2025-11-21T09:06:40.002Z diode-seq:7:2 diode-topic:acme/b")
        #expect(await eventually { isEmpty(queue) })
        #expect(queue.output.totals.published == 3)
        try await broker.stop()
    }

    @Test("A broker of MQTT 3.1.1 gets everything but properties")
    func oldBroker() async throws {
        let broker = try await Broker.start()
        let subscriber = try await broker.subscribe("p/acme/#")
        let queue = try queue()
        let publisher = try publisher(broker, queue, prefix: "p", version: .v3_1_1)
        defer { publisher.stop(drain: .zero) }
        queue.append([testDelivery("acme/a", [7], retain: true)])
        let messages = await subscriber.messages(atLeast: 1)
        #expect(messages.map(\.topic) == ["p/acme/a"] && messages[0].payload == [7] && messages[0].retain)
        #expect(messages[0].userProperties == "")
        #expect(await eventually { isEmpty(queue) })
        #expect(publisher.report.version == .v3_1_1)
        try await broker.stop()
    }

    @Test(
        "P3 a superseded record never goes where the current value is retained",
        arguments: [LatePolicy.topic, .mark, .drop])
    func late(policy: LatePolicy) async throws {
        let broker = try await Broker.start()
        let subscriber = try await broker.subscribe("#")
        let queue = try queue()
        let publisher = try publisher(broker, queue, late: policy)
        defer { publisher.stop(drain: .zero) }
        queue.append([
            testDelivery("acme/a", [2], sequence: 2, retain: true),
            testDelivery("acme/a", [1], sequence: 1, retain: true, lateness: .superseded),
            testDelivery("acme/b", [3], sequence: 3, retain: true, lateness: .newest),
        ])
        #expect(await eventually { isEmpty(queue) })
        let expected: [(String, [UInt8], Bool)] =
            switch policy {
            case .topic: [("acme/a", [2], true), ("diode/plant-a/late/acme/a", [1], false), ("acme/b", [3], true)]
            case .mark: [("acme/a", [2], true), ("acme/a", [1], false), ("acme/b", [3], true)]
            case .drop: [("acme/a", [2], true), ("acme/b", [3], true)]
            }
        _ = await subscriber.messages(atLeast: expected.count + 1)
        let messages = subscriber.messages.filter { $0.topic != "diode/plant-a/status" }
        #expect(messages.map(\.topic) == expected.map(\.0))
        #expect(messages.map(\.payload) == expected.map(\.1))
        #expect(messages.map(\.retain) == expected.map(\.2))
        #expect(messages.last?.userProperties.contains(" diode-late:1 ") == true)
        #expect(queue.output.totals.shed == (policy == .drop ? [.late: 1] : [:]))
        try await broker.stop()
    }

    @Test("P6 what waits for the birth of an edge node holds nothing up, and goes out behind that birth")
    func unborn() async throws {
        let broker = try await Broker.start()
        let subscriber = try await broker.subscribe("spBv1.0/#")
        let others = try await broker.subscribe("acme/#")
        let queue = try queue()
        let publisher = try publisher(broker, queue)
        defer { publisher.stop(drain: .zero) }
        publisher.post(LinkStatus(state: .online))
        // Data without metrics, seq 1; a birth with bdSeq alone, seq 0.
        let data: [UInt8] = [0x18, 1]
        let birth: [UInt8] = [0x12, 11, 0x0A, 5] + Array("bdSeq".utf8) + [0x20, 4, 0x58, 1, 0x18, 0]
        queue.append(
            [testDelivery("spBv1.0/g/NDATA/n", data, sequence: 1, qos: .atMostOnce)]
                + (2...20).map { testDelivery("acme/\($0)", [1], sequence: $0) })
        _ = await others.messages(atLeast: 19)
        #expect(others.messages.map(\.topic) == (2...20).map { "acme/\($0)" })
        queue.append([testDelivery("spBv1.0/g/NBIRTH/n", birth, sequence: 21, qos: .atMostOnce)])
        let messages = await subscriber.messages(atLeast: 2)
        #expect(messages.map(\.topic) == ["spBv1.0/g/NBIRTH/n", "spBv1.0/g/NDATA/n"])
        #expect(await eventually { isEmpty(queue) })
        #expect(queue.output.totals.published == 20 && queue.output.totals.folded == 1)
        // What is no payload is named, not swallowed.
        queue.append([testDelivery("spBv1.0/g/NDATA/n", [0xFF], sequence: 22, qos: .atMostOnce)])
        #expect(await eventually { isEmpty(queue) })
        #expect(queue.output.totals.dead == [.sparkplugUnreadable: 1])
        try await broker.stop()
    }

    @Test("What may not be written is counted, and what is behind it flows on")
    func deadLetters() async throws {
        let broker = try await Broker.start(lines: ["max_packet_size 2000"])
        let subscriber = try await broker.subscribe("acme/#")
        let queue = try queue()
        let publisher = try publisher(broker, queue)
        defer { publisher.stop(drain: .zero) }
        queue.append([
            testDelivery("diode/plant-a/status", [1]), testDelivery("spBv1.0/g/NCMD/n", [1]),
            testDelivery("acme/large", [UInt8](repeating: 1, count: 5_000)), testDelivery("acme/ok", [1]),
        ])
        #expect(await eventually { isEmpty(queue) })
        #expect(queue.output.totals.dead == [.reservedTopic: 1, .sparkplugCommand: 1, .tooLarge: 1])
        #expect(await subscriber.messages(atLeast: 1).map(\.topic) == ["acme/ok"])
        try await broker.stop()
    }

    @Test("P3 where the QoS of a topic changes, no message passes an older one, and the newest stays retained")
    func mixedQoS() async throws {
        let broker = try await Broker.start()
        let subscriber = try await broker.subscribe("acme/#", qos: 0)
        let queue = try queue()
        let publisher = try publisher(broker, queue)
        defer { publisher.stop(drain: .zero) }
        let order: [QualityOfService] = [
            .exactlyOnce, .atLeastOnce, .exactlyOnce, .atMostOnce, .exactlyOnce, .exactlyOnce,
        ]
        queue.append(
            (1...300).map { number in
                testDelivery(
                    "acme/n\(number % 2)", Array(String(number).utf8), sequence: UInt64(number),
                    qos: order[number % order.count], retain: true)
            })
        let messages = await subscriber.messages(atLeast: 300)
        for topic in ["acme/n0", "acme/n1"] {
            let numbers = messages.filter { $0.topic == topic }.compactMap {
                Int(String(decoding: $0.payload, as: UTF8.self))
            }
            #expect(numbers == numbers.sorted() && numbers.count == 150)
        }
        let retained = await (try broker.subscribe("acme/#")).messages(atLeast: 2)
        #expect(Set(retained.map { String(decoding: $0.payload, as: UTF8.self) }) == ["299", "300"])
        try await broker.stop()
    }

    @Test("P6 a broker that is killed again and again gets everything, in order, ending at the newest")
    func killedBroker() async throws {
        let broker = try await Broker.start()
        let queue = try queue()
        let publisher = try publisher(broker, queue, window: 50)
        defer { publisher.stop(drain: .zero) }
        var seen: [UInt64] = []
        for round in 0..<4 {
            let subscriber = try await broker.subscribe("acme/#")
            let first = UInt64(round * 200 + 1)
            queue.append(
                (first..<first + 200).map { testDelivery("acme/n", Array(String($0).utf8), sequence: $0, retain: true) }
            )
            #expect(await eventually { queue.output.totals.published >= first + 20 })
            if round < 3 {
                try await broker.kill9()
            } else {
                #expect(await eventually { isEmpty(queue) })
                // What the broker has is still on its way to the subscriber.
                #expect(await eventually { subscriber.messages.last.map { $0.payload == Array("800".utf8) } ?? false })
            }
            seen += subscriber.messages.compactMap { UInt64(String(decoding: $0.payload, as: UTF8.self)) }
            if round < 3 {
                #expect(await eventually { !publisher.report.isConnected })
                try await broker.restart()
                #expect(await eventually { publisher.report.isConnected })
            }
        }
        #expect(queue.output.totals.published == 800)
        #expect(publisher.report.connections == 4)
        // Only what was published while no subscriber was there can be unseen; the newest is retained and seen.
        #expect(seen.last == 800)
        let steps = zip(seen, seen.dropFirst())
        #expect(steps.allSatisfy { $1 == $0 + 1 || $1 > $0 || $0 - $1 < 50 })
        try await broker.stop()
    }

    @Test("The status is retained, follows the link, and the will says offline when the process vanishes")
    func status() async throws {
        let broker = try await Broker.start()
        let subscriber = try await broker.subscribe("diode/#")
        let queue = try queue()
        let publisher = try publisher(broker, queue)
        publisher.post(
            LinkStatus(
                state: .online, since: UnixMilliseconds(rawValue: 0),
                decided: Stamp(epoch: Epoch(rawValue: 7), sequence: SequenceNumber(rawValue: 9)), missing: 0))
        func states() -> [String] {
            subscriber.messages.filter { $0.topic == "diode/plant-a/status" }.map {
                String(decoding: $0.payload, as: UTF8.self)
            }
        }
        #expect(await eventually { states().last?.contains("\"online\"") == true })
        #expect(
            states().last
                == "{\"state\":\"online\",\"since\":\"1970-01-01T00:00:00.000Z\",\"epoch\":7,\"sequence\":9,\"missing\":0,"
                + "\"digest_matches\":null,\"head\":null,\"audit_key\":null,\"reason\":\"\",\"advice\":\"\",\"lag_seconds\":null}"
        )
        publisher.post(
            GapEpisode(
                Gap(
                    id: 1, epoch: Epoch(rawValue: 7), firstSequence: SequenceNumber(rawValue: 3),
                    lastSequence: SequenceNumber(rawValue: 4), firstBlock: BlockNumber(rawValue: 1),
                    lastBlock: BlockNumber(rawValue: 1), openedAt: UnixMilliseconds(rawValue: 0), cause: .link,
                    missing: 2, lost: 0)))
        publisher.post(LinkStatus(state: .degraded, missing: 2))
        #expect(await eventually { states().last?.contains("\"degraded\"") == true })
        let gap = try #require(subscriber.messages.first { $0.topic == "diode/plant-a/gap" })
        #expect(
            String(decoding: gap.payload, as: UTF8.self).contains(
                "\"records\":2,\"gaps\":1,\"runs\":[[7,3,4]],\"state\":\"open\""))
        #expect(!gap.retain)
        publisher.stop(drain: .zero)
        #expect(await eventually { states().last?.contains("\"offline\"") == true })
        try await broker.stop()
    }

    @Test("A stop waits for the IT broker as long as it was told to")
    func drain() async throws {
        let broker = try await Broker.start()
        let queue = try queue()
        let publisher = try publisher(broker, queue)
        #expect(await eventually { publisher.report.isConnected })
        queue.append((1...2_000).map { testDelivery("acme/n", [1], sequence: $0, qos: .atMostOnce) })
        publisher.stop(drain: .seconds(15))
        #expect(isEmpty(queue) && queue.output.totals.published == 2_000)
        try await broker.stop()
    }
}
