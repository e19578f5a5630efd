import Testing

@testable import MQTT
@testable import MQTTProtocol

/// One breach: the packet, what is told of it, and what is counted.
struct Breach: Sendable, CustomTestStringConvertible {
    let name: String
    let packet: [UInt8]
    var told: [String] = []
    let fault: ProtocolFault
    var version = ProtocolVersion.v5
    var testDescription: String { name }
}

@Suite("Whatever packet a server sends, as long as its length is right, the session goes on behind it")
struct SessionToleranceTests {
    private static func message(_ properties: [UInt8], first: UInt8 = 0x32) -> [UInt8] {
        ServerPacket.packet(
            first,
            ServerPacket.string("acme/a") + [0, 9] + ServerPacket.variable(properties.count) + properties
                + Array("1".utf8))
    }

    private static func topic(_ bytes: [UInt8], version: ProtocolVersion = .v5) -> [UInt8] {
        ServerPacket.packet(
            0x32, ServerPacket.word(bytes.count) + bytes + [0, 9] + (version == .v5 ? [0] : []) + Array("1".utf8))
    }

    /// The message is fine but for something beside it: it is taken.
    static let harmless: [Breach] = [
        Breach(name: "alias above our maximum", packet: message([0x23, 0, 7]), fault: .topicAlias),
        Breach(name: "alias 0", packet: message([0x23, 0, 0]), fault: .topicAlias),
        Breach(name: "content type twice", packet: message([3, 0, 1, 0x61, 3, 0, 1, 0x62]), fault: .propertyRepeated),
        Breach(name: "payload format 2", packet: message([1, 2]), fault: .propertyValue),
        Breach(name: "subscription identifier 0", packet: message([0x0B, 0]), fault: .propertyValue),
        Breach(
            name: "user property with NUL", packet: message([0x26, 0, 1, 0x61, 0, 2, 0x62, 0]), fault: .propertyText),
        Breach(name: "content type in Latin-1", packet: message([3, 0, 1, 0xFC]), fault: .propertyText),
        Breach(name: "receive maximum in a PUBLISH", packet: message([0x21, 0, 1]), fault: .propertyMisplaced),
        Breach(name: "unknown property", packet: message([0x7E, 1, 2]), fault: .propertyUnknown),
        Breach(name: "a property without an end", packet: message([3, 0, 9, 0x61]), fault: .propertyCut),
    ].map { breach in
        var breach = breach
        breach.told = ["acme/a=1"]
        return breach
    }

    /// There is no message: it is told as lost.
    static let poison: [Breach] = [
        Breach(name: "Latin-1", packet: topic([0x61, 0xFC]), fault: .topicText),
        Breach(name: "NUL", packet: topic([0x61, 0]), fault: .topicText),
        Breach(name: "surrogate", packet: topic([0xED, 0xA0, 0x80]), fault: .topicText),
        Breach(name: "+", packet: topic(Array("acme/+/x".utf8)), fault: .topicWildcard),
        Breach(name: "#, 3.1.1", packet: topic([0x23], version: .v3_1_1), fault: .topicWildcard, version: .v3_1_1),
        Breach(name: "no topic", packet: topic([]), fault: .topicMissing),
        Breach(name: "no topic, 3.1.1", packet: topic([], version: .v3_1_1), fault: .topicMissing, version: .v3_1_1),
        Breach(
            name: "alias that was never set",
            packet: ServerPacket.publish("", "1", qos: 1, id: 9, properties: [0x23, 0, 7]), fault: .topicMissing),
        Breach(
            name: "properties beyond the end", packet: ServerPacket.packet(0x32, [0, 1, 0x61, 0, 9, 5, 1]),
            fault: .length),
    ]

    @Test("A breach beside topic and payload is counted, and the message is taken", arguments: harmless)
    func takes(_ breach: Breach) throws {
        let rig = SessionRig()
        try rig.connect()
        try rig.feed(breach.packet, ServerPacket.publish("b", "2", qos: 1, id: 10))
        #expect(rig.delivered() == breach.told + ["b=2"])
        #expect(rig.faults() == [breach.fault.word: 1])
        rig.session.acknowledge(through: try #require(rig.deliveries.last))
        #expect(rig.sent() == ["40020009", "4002000a"])
    }

    @Test("Of properties what is sound is kept, in order, and what is told is valid")
    func soundProperties() throws {
        let kept: [UInt8] = [3, 0, 1, 0x61, 0x26, 0, 1, 0x6B, 0, 1, 0x76, 8, 0, 1, 0x72]
        let bytes = Self.message(
            Array(kept[..<4]) + [3, 0, 1, 0x62] + Array(kept[4..<11]) + [1, 9] + Array(kept[11...]))
        let rig = SessionRig()
        try rig.connect()
        let taken = try rig.session.receive(bytes.span.bytes, now: rig.now, events: &rig.events)
        #expect(taken == bytes.count)
        let events = rig.events
        let message = events.batch(bytes: bytes.span.bytes, version: .v5).message(at: 0)
        var properties: [UInt8] = []
        properties.append(span: message.properties)
        #expect(properties == kept)
        #expect(rig.faults() == ["property_repeated": 1, "property_value": 1])
    }

    @Test(
        "What is no message is told as lost, in its place, acknowledged in order, and counted once", arguments: poison)
    func loses(_ breach: Breach) throws {
        let rig = SessionRig()
        rig.version = breach.version
        try rig.connect()
        try rig.feed(
            ServerPacket.publish("a", "0", qos: 1, id: 8, version: breach.version), breach.packet, breach.packet,
            ServerPacket.publish("b", "2", qos: 1, id: 10, version: breach.version))
        let told = rig.delivered()
        #expect(told.count == 3 && told[1].hasSuffix("<\(breach.fault.word)>"), "\(told)")
        #expect(rig.faults() == [breach.fault.word: 2])
        rig.session.acknowledge(through: try #require(rig.deliveries.last))
        #expect(rig.sent() == ["40020008", "40020009", "4002000a"])
    }

    @Test("At QoS 3, with identifier 0, or with DUP at QoS 0, a message is told though nothing acknowledges it")
    func unacknowledged() throws {
        let rig = SessionRig()
        try rig.connect()
        try rig.feed(
            [0x36, 7, 0, 1, 0x61, 0, 9, 0, 0x31], [0x32, 7, 0, 1, 0x61, 0, 0, 0, 0x31], [0x38, 5, 0, 1, 0x61, 0, 0x31],
            [0x32, 3, 0, 9, 0x61], ServerPacket.publish("b", "2"))
        #expect(rig.delivered() == ["a=<qos>", "a=1", "a=1", "=<length>", "b=2"])
        #expect(rig.faults() == ["qos": 1, "packet_identifier": 1, "duplicate_flag": 1, "length": 1])
        #expect(rig.deliveries.isEmpty && rig.sent().isEmpty)
    }

    @Test("Answers to nothing, or to something else, change nothing, and what is under way is answered")
    func answers() throws {
        let rig = SessionRig()
        try rig.connect()
        _ = rig.publish("a", qos: .atLeastOnce, token: 1)
        _ = rig.session.subscribe(
            [Subscription("a")], request: SubscriptionRequest(rawValue: 7), now: rig.now, events: &rig.events)
        _ = rig.sent()
        try rig.feed(
            ServerPacket.puback(9), ServerPacket.pubrec(9), ServerPacket.pubcomp(9), ServerPacket.suback(9, [0]),
            ServerPacket.puback(2), ServerPacket.suback(1, [0]), ServerPacket.unsuback(2, [0]), ServerPacket.pingresp,
            [0x40, 1, 0], [0x40, 2, 0, 0], [0x90, 0])
        #expect(rig.settled().isEmpty && rig.answered().isEmpty)
        #expect(rig.sent() == ["6203000992"], "the server may forget a message that we know nothing of")
        #expect(
            rig.faults() == [
                "acknowledgement": 7, "pingresp": 1, "field_length": 2, "packet_identifier": 1,
            ])
        // Reserved bits, bytes behind the end, a longer form of a length, an unknown property: what they say is plain.
        try rig.feed([0x41, 0x84, 0x00, 0, 1, 0, 0], ServerPacket.suback(2, [1, 1]))
        #expect(rig.settled() == [Settlement(token: 1, outcome: .delivered(.success))])
        #expect(rig.answered().map(\.outcome) == [.answered([.grantedQoS1])])
        #expect(rig.faults() == ["reserved_bits": 1, "reason_count": 1])
    }

    @Test("A filter without an answer, or with one that does not exist, is refused")
    func subscriptions() throws {
        let rig = SessionRig()
        try rig.connect()
        for (number, packet) in [ServerPacket.suback(1, [1]), ServerPacket.suback(2, [1, 0x30])].enumerated() {
            _ = rig.session.subscribe(
                [Subscription("a"), Subscription("b")], request: SubscriptionRequest(rawValue: UInt64(number)),
                now: rig.now, events: &rig.events)
            try rig.feed(packet)
        }
        #expect(
            rig.answered().map(\.outcome) == Array(repeating: .answered([.grantedQoS1, .unspecifiedError]), count: 2))
        #expect(rig.faults() == ["reason_count": 1, "reason_code": 1])
    }

    @Test("A PUBACK at QoS 2 settles, as RabbitMQ answers; a release before its PUBREC is left to come again")
    func otherQoS() throws {
        let rig = SessionRig()
        try rig.connect()
        _ = rig.publish("a", qos: .exactlyOnce, token: 1)
        try rig.feed(ServerPacket.puback(1), ServerPacket.publish("a", "1", qos: 2, id: 2), ServerPacket.pubrel(2))
        #expect(rig.settled() == [Settlement(token: 1, outcome: .delivered(.success))])
        #expect(rig.faults() == ["acknowledgement": 2])
        _ = rig.sent()
        rig.session.acknowledge(rig.deliveries[0])
        try rig.feed(ServerPacket.pubrel(2))
        #expect(rig.sent() == ["50020002", "70020002"])
    }

    @Test("A CONNACK is taken for what is sound of it")
    func connack() throws {
        let rig = SessionRig()
        rig.session.open(version: .v5, now: rig.now)
        // Maximum QoS 2 and Receive Maximum 0 do not exist; the keep alive is said twice.
        try rig.feed(ServerPacket.connack(properties: [0x24, 2, 0x21, 0, 0, 0x13, 0, 20, 0x13, 0, 99, 0x25, 0]))
        let grant = try #require(rig.session.grant)
        #expect(grant.maximumQoS == .exactlyOnce && grant.receiveMaximum == 65_535 && !grant.retainAvailable)
        #expect(grant.keepAliveSeconds == 20)
        #expect(rig.faults() == ["property_value": 2, "property_repeated": 1])
    }

    @Test(
        "A message that is too large to be kept is told as lost, acknowledged in order, however its bytes are cut",
        arguments: [ProtocolVersion.v5, .v3_1_1], [0, 1, 2] as [UInt8])
    func oversize(version: ProtocolVersion, qos: UInt8) throws {
        let large = ServerPacket.publish(
            "acme/large", String(repeating: "x", count: 400), qos: qos, id: 8,
            properties: version == .v5 ? [3, 0, 1, 0x61] : [], version: version)
        let all =
            ServerPacket.publish("a", "0", qos: 1, id: 7, version: version) + large
            + ServerPacket.publish("b", "2", qos: 1, id: 9, version: version)
        for step in [1, 2, 3, 7, 100, all.count] {
            let rig = SessionRig { $0.keptPacketBytes = 300 }
            rig.version = version
            try rig.connect()
            var waiting: [UInt8] = []
            for byte in all {
                waiting.append(byte)
                guard waiting.count % step == 0 || waiting.last == all.last else { continue }
                var taken = 0
                repeat {
                    taken = try rig.session.receive(waiting.span.bytes, now: rig.now, events: &rig.events)
                    rig.note(waiting)
                    waiting.removeFirst(taken)
                } while taken > 0
            }
            #expect(waiting.isEmpty && rig.delivered() == ["a=0", "acme/large=<400 bytes>", "b=2"], "step \(step)")
            #expect(rig.faults().isEmpty)
            rig.session.acknowledge(through: try #require(rig.deliveries.last))
            #expect(rig.sent() == ["40020007"] + [[], ["40020008"], ["50020008"]][Int(qos)] + ["40020009"])
        }
    }

    @Test("A large message that comes again, cut otherwise, is the same one; a malformed one is lost as such")
    func oversizeAgain() throws {
        let rig = SessionRig { $0.keptPacketBytes = 300 }
        try rig.connect()
        let large = ServerPacket.publish("a", String(repeating: "x", count: 400), qos: 2, id: 8)
        try rig.feed(large)
        rig.lose()
        try rig.connect(ServerPacket.connack(present: true))
        for part in [Array(large[..<350]), Array(large[350...])] {
            var rest = part
            while !rest.isEmpty {
                let taken = try rig.session.receive(rest.span.bytes, now: rig.now, events: &rig.events)
                rig.note(rest)
                if taken == 0 { rest = part } else { rest.removeFirst(taken) }
            }
        }
        #expect(rig.delivered() == ["a=<400 bytes>"])
        var broken = ServerPacket.publish("+", String(repeating: "x", count: 400), qos: 2, id: 9)
        try rig.feed(broken)
        broken[8] = 0xFF
        #expect(rig.delivered() == ["+=<topic_wildcard>"])
    }

    @Test("While a large packet comes, the server owes no answers; it owes them again at its end")
    func patience() throws {
        let rig = SessionRig {
            $0.keptPacketBytes = 300
            $0.keepAlive = .seconds(10)
            $0.responseTimeout = .seconds(5)
            $0.acknowledgementTimeout = .seconds(30)
        }
        try rig.connect()
        #expect(rig.publish("a", qos: .atLeastOnce, token: 1))
        let head = [0x30, 0xFF, 0xFF, 0xFF, 0x7F, 0, 1, 0x61, 0] + [UInt8](repeating: 0, count: 70_000)
        try rig.feed(head)
        for _ in 0..<100 {
            try rig.tick(after: .seconds(4))
            try rig.feed([0])
        }
        try rig.tick(after: .seconds(4))
        #expect(throws: SessionError.silent(.pingresp)) { try rig.tick(after: .seconds(1)) }
    }
}
