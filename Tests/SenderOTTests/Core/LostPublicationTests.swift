import DiodeProtocol
import MQTTProtocol
import Testing
import Time

@testable import SenderOTCore

/// Messages whose content the client could not take: numbered and named, unless the policy keeps them. No broker, virtual time.
@Suite struct LostPublicationTests {
    private func lose(
        _ topic: [UInt8], _ reason: SenderCore.LostPublication.Reason, payloadBytes: Int = 5 << 20, content: Int = 0,
        isFetched: Bool = false, delivery: UInt64? = nil, in rig: CoreRig
    ) -> SenderCore.Outcome {
        rig.core.accept(
            lost: SenderCore.LostPublication(
                topic: topic.span.bytes, reason: reason, payloadBytes: payloadBytes, content: content),
            isFetched: isFetched, delivery: delivery.map { DeliveryTicket(rawValue: $0) }, now: rig.now, time: rig.time)
    }

    private static func names(_ rig: CoreRig) -> [String] {
        rig.stream.sheds.flatMap { shed in shed.run.entries.map { "\(shed.run.reason) \($0.topic) \($0.records)" } }
    }

    @Test("P9 what is too large or malformed takes a number, has a name, and is acknowledged with its block")
    func named() throws {
        let rig = try CoreRig()
        rig.publish("acme/a", [1], delivery: 1)
        #expect(lose(Array("acme/a".utf8), .oversize, delivery: 2, in: rig) == .shed(Self.stamp(2), .oversize))
        #expect(
            lose([0x61, 0x2F, 0xFC], .malformed, delivery: 3, in: rig) == .shed(Self.stamp(3), .malformed))
        #expect(rig.core.takeSettled() == nil, "it waits for its block")
        rig.publish("acme/b", [2], delivery: 4)
        try rig.endGulp(idle: true)
        #expect(Self.names(rig) == ["oversize acme/a 1", "malformed a/\\xFC 1"])
        #expect(rig.stream.records.map(\.topic) == ["acme/a", "acme/b"])
        #expect(rig.core.counters.shed == 2 && rig.core.newestStamp == Self.stamp(4))
    }

    @Test("what the policy keeps is no loss: topics that no rule exports, and payloads that its rule forbids")
    func kept() throws {
        let policy = ExportPolicy(rules: [
            .init(filter: try TopicFilter("acme/#"), maximumPayloadBytes: 100),
            .init(filter: try TopicFilter("big/#"), prefix: "plant"),
        ])
        let rig = try CoreRig { $0.policy = policy }
        #expect(lose(Array("other/a".utf8), .oversize, delivery: 1, in: rig) == .filtered(.notExported))
        #expect(lose([0x78, 0xFC], .malformed, in: rig) == .filtered(.notExported))
        #expect(lose(Array("acme/a".utf8), .oversize, in: rig) == .filtered(.tooLarge))
        #expect(rig.core.takeSettled() == DeliveryTicket(rawValue: 1))
        _ = lose(Array("big/a".utf8), .oversize, in: rig)
        // Of what has no topic nobody can say that it would have stayed.
        _ = lose([], .malformed, in: rig)
        try rig.endGulp(idle: true)
        #expect(Self.names(rig) == ["oversize plant/big/a 1", "malformed (no topic) 1"])
    }

    @Test(
        "P2 a retained value that is too large was not deleted, and each fetch names the same content no more than once"
    )
    func fetched() throws {
        let rig = try CoreRig()
        rig.publish("acme/a", [1], retain: true)
        for content in [7, 7, 8] {
            let began = rig.core.beginFetch()
            let outcome = lose(Array("acme/a".utf8), .oversize, content: content, isFetched: true, in: rig)
            #expect((outcome == .known) == (began.sequence.rawValue == 2 && content == 7))
            #expect(rig.core.unseenTopics(since: began, at: rig.time).topics.isEmpty)
        }
        #expect(rig.core.counters.shed == 2)
    }

    @Test("P8 names of shed records fit their blocks, however long the topics are")
    func longNames() throws {
        let rig = try CoreRig(mtu: 576) { $0.slots.topics = 1 }
        rig.publish("acme/first", [1])
        for number in 0..<70 {
            let topic = "acme/\(number % 35)/" + String(repeating: "x", count: number % 2 == 0 ? 60_000 : 9_000)
            rig.publish(topic, [1])
            rig.publish(topic, [2])
        }
        try rig.endGulp(idle: true)
        #expect(rig.stream.sheds.reduce(0) { $0 + $1.run.records } == 140)
        #expect(rig.core.newestStamp == Self.stamp(141))
    }

    @Test(
        "a name that is no topic is shown so that nothing obeys it",
        arguments: [
            ([0x61, 0xFC, 0x62], "a\\xFCb"), (Array("a/+/#".utf8), "a/\\x2B/\\x23"),
            ([0x61, 0, 0x1B, 0x7F], "a\\x00\\x1B\\x7F"),
            (Array("a\\b".utf8), "a\\x5Cb"), (Array("ä→\u{202E}".utf8), "ä→\\xE2\\x80\\xAE"), ([], "(no topic)"),
            ([0xE2, 0x82], "\\xE2\\x82"), ([0xED, 0xA0, 0x80], "\\xED\\xA0\\x80"),
        ] as [([UInt8], String)])
    func escaped(bytes: [UInt8], text: String) {
        #expect(EscapedTopic.text(bytes.span.bytes) == text)
        let isTopic = UTF8Rules.isTopicName(text.utf8.span.bytes)
        #expect(isTopic)
    }

    @Test("a long name is cut, and is still a topic name")
    func cut() {
        for byte in [0x61, 0xFC] as [UInt8] {
            let text = EscapedTopic.text(Array(repeating: byte, count: 65_535).span.bytes)
            #expect(text.utf8.count <= EscapedTopic.maximumBytes && text.hasSuffix("…"))
            let isTopic = UTF8Rules.isTopicName(text.utf8.span.bytes)
            #expect(isTopic)
        }
    }

    private static func stamp(_ sequence: UInt64) -> Stamp {
        Stamp(epoch: Epoch(rawValue: 7), sequence: SequenceNumber(rawValue: sequence))
    }
}
