import Account
import DiodeProtocol
import MQTT
import Outbox
import Testing

@testable import Republish
import Threading
import Time
import MQTTProtocol
import Deliveries

@Suite("TopicMapper")
struct TopicMapperTests {
    private func map(_ topic: String, prefix: String = "", own: [String] = ["#"]) throws -> String {
        var mapper = TopicMapper(prefix: prefix, own: try own.map { try TopicFilter($0) })
        switch mapper.map(topic.utf8.span.bytes) {
        case .unchanged: return topic
        case .prefixed: return String(decoding: mapper.prefixed, as: UTF8.self)
        case .refused(let reason): return "-\(reason.storedWord)"
        }
    }

    @Test(
        "Topics keep their names, or get the link's prefix",
        arguments: [
            ("acme/line/x", "", "acme/line/x"), ("acme/line/x", "plant-a", "plant-a/acme/line/x"),
            ("acme/line/x", "plant-a/", "plant-a/acme/line/x"), ("/x", "p", "p//x"), ("a b/ü", "", "a b/ü"),
        ])
    func prefix(topic: String, prefix: String, expected: String) throws {
        #expect(try map(topic, prefix: prefix) == expected)
    }

    @Test(
        "D14 the link cannot speak for the pair",
        arguments: [
            ("diode", ""), ("diode/plant-a/status", ""), ("diode/x", "p"), ("plant-a/status", "diode"), ("x", "diode/"),
        ])
    func reserved(topic: String, prefix: String) throws {
        #expect(try map(topic, prefix: prefix) == "-reserved_topic")
    }

    @Test("Names that only begin like the pair's own are ordinary", arguments: ["diodes/x", "diod", "a/diode/x"])
    func notReserved(topic: String) throws {
        #expect(try map(topic) == topic)
    }

    @Test(
        "P7 Sparkplug commands and host states are never written",
        arguments: [
            "spBv1.0/g/NCMD/n", "spBv1.0/g/DCMD/n/d", "spBv1.0/STATE/host", "spBv1.0/g/NCMD", "spBv1.0/STATE",
            "spBv1/0/g/NCMD/n",
        ])
    func commands(topic: String) throws {
        #expect(try map(topic) == "-sparkplug_command")
        #expect(try map(topic, prefix: "p") == "-sparkplug_command")
    }

    @Test("P7 the state of a host, as Sparkplug 2.2 had it, is never written; what a plant has below STATE passes")
    func hostStates() throws {
        func map(_ topic: String, _ payload: String) throws -> TopicMapper.Mapping {
            var mapper = TopicMapper(prefix: "", own: [try TopicFilter("#")])
            return mapper.map(topic.utf8.span.bytes, payload: payload.utf8.span.bytes)
        }
        #expect(try map("STATE/EMS", "ONLINE") == .refused(.sparkplugCommand))
        #expect(try map("STATE/EMS", "{\"online\": false, \"timestamp\": 1}") == .refused(.sparkplugCommand))
        #expect(try map("STATE/press1", "21") == .unchanged)
        #expect(try map("STATE/press1/temp", "ONLINE") == .unchanged)
        let mapper = TopicMapper(prefix: "", own: [try TopicFilter("#")])
        #expect(
            mapper.plantTopic(of: "STATE/EMS".utf8.span.bytes) == nil, "a host of the IT side may have its state there")
    }

    @Test(
        "Sparkplug data passes",
        arguments: [
            "spBv1.0/g/NDATA/n", "spBv1.0/g/NBIRTH/n", "spBv1.0/NCMD/x", "spBv1.0/g/NCMDX/n", "spBv1.0/STATES/x",
        ])
    func data(topic: String) throws {
        #expect(try map(topic) == topic)
    }

    @Test(
        "A record outside its link's own filters is a dead letter",
        arguments: [
            ("acme/x", "", ["acme/#"], "acme/x"), ("other/x", "", ["acme/#"], "-foreign_topic"),
            ("other/x", "", ["acme/#", "other/+"], "other/x"), ("$sys/x", "", ["#"], "-foreign_topic"),
            ("acme/x", "p", ["acme/#"], "-foreign_topic"), ("acme/x", "p", ["p/#"], "p/acme/x"),
            ("x", "", [], "-foreign_topic"),
        ])
    func own(topic: String, prefix: String, own: [String], expected: String) throws {
        #expect(try map(topic, prefix: prefix, own: own) == expected)
    }

    @Test(
        "A map gives topics other names, each from one topic alone, and leads every name back",
        arguments: [
            ("acme/old/a", "x/a"), ("acme/old", "x"), ("acme/older", "acme/older"), ("acme/old/", "x/"),
            ("b", "deep/c"),
            ("b/a", "b/a"), ("x/a", "-name_taken"), ("x", "-name_taken"), ("deep/c", "-name_taken"), ("xy", "xy"),
            ("acme/old/keep/a", "kept/a"), ("strip/a/b", "a/b"), ("strip", "-name_taken"),
            ("strip/diode/x", "-reserved_topic"), ("strip/spBv1.0/g/NCMD/n", "-name_taken"),
            ("spBv1.0/g/NDATA/n", "spBv1.0/g/NDATA/n"),
        ])
    func renamed(topic: String, expected: String) throws {
        let strip = topic.hasPrefix("strip")
        let entries: [(String, String)] =
            strip
            ? [("strip/#", "#")]
            : [("acme/old/keep/#", "kept/#"), ("acme/old/#", "x/#"), ("b", "deep/c"), ("spBv1.0/#", "y/#")]
        for prefix in ["", "p"] where !topic.contains("diode") || prefix.isEmpty {
            var mapper = TopicMapper(
                prefix: prefix, own: [try TopicFilter("#")],
                map: TopicMap(entries.map { .init(from: $0.0, to: $0.1) }, except: ["spBv1.0"]))
            guard case .refused(let reason) = mapper.map(topic.utf8.span.bytes) else {
                let name = mapper.map(topic.utf8.span.bytes) == .unchanged ? Array(topic.utf8) : mapper.prefixed
                #expect(String(decoding: name, as: UTF8.self) == (prefix.isEmpty ? expected : "p/\(expected)"))
                #expect(mapper.plantTopic(of: name.span.bytes) == Array(topic.utf8))
                continue
            }
            #expect("-\(reason.storedWord)" == expected)
        }
    }

    @Test("A topic that the prefix makes too long is a dead letter")
    func tooLong() throws {
        let topic = String(repeating: "x", count: 65_530)
        #expect(try map(topic, prefix: "abcd").utf8.count == 65_535)
        #expect(try map(topic, prefix: "abcde") == "-topic_too_long")
    }
}

@Suite("PropertyComposer")
struct PropertyComposerTests {
    private let now = MonotonicInstant(nanoseconds: 100_000_000_000)

    private func properties(_ build: (inout PropertyWriter) -> Void) -> [UInt8] {
        var writer = PropertyWriter()
        build(&writer)
        return writer.bytes
    }

    @Test("P7 the plant's properties come first, unaltered and in order, duplicates kept; ours follow")
    func order() throws {
        let plant = properties {
            $0.appendUser("b", "2")
            $0.append(.contentType, "text/plain")
            $0.appendUser("a", "1")
            $0.appendUser("b", "2")
        }
        var composer = PropertyComposer(link: "plant-a")
        let delivery = testDelivery("x", [1], sequence: 42, properties: plant, releasedAt: now)
        #expect(composer.compose(delivery, now: now) == .composed)
        #expect(Array(composer.bytes.prefix(plant.count)) == plant)
        #expect(
            try described(Array(composer.bytes.dropFirst(plant.count))) == [
                "diode-link=plant-a", "diode-ts=2025-11-21T09:06:40.042Z", "diode-seq=7:42",
            ])
        #expect(composer.renamed == 0)
    }

    @Test("P4 what the plant says under our names is renamed and counted, so that nobody takes its word for ours")
    func ours() throws {
        let plant = properties {
            $0.appendUser("diode-link", "forged")
            $0.appendUser("diode", "kept")
            $0.appendUser("diode-late", "1")
        }
        var composer = PropertyComposer(link: "plant-a")
        let delivery = testDelivery("x", [1], sequence: 42, properties: plant, releasedAt: now)
        #expect(composer.compose(delivery, now: now) == .composed)
        #expect(
            try described(composer.bytes) == [
                "plant-diode-link=forged", "diode=kept", "plant-diode-late=1", "diode-link=plant-a",
                "diode-ts=2025-11-21T09:06:40.042Z", "diode-seq=7:42",
            ])
        #expect(composer.renamed == 2)
    }

    @Test("A late record says so", arguments: [Delivery.Lateness.newest, .superseded])
    func late(lateness: Delivery.Lateness) throws {
        var composer = PropertyComposer(link: "l")
        _ = composer.compose(testDelivery("x", lateness: lateness, releasedAt: now), now: now)
        #expect(try described(composer.bytes).last == "diode-late=1")
    }

    @Test("P2 the deletion of an expired value is left to the IT broker only if that is known to end what lies there")
    func endings() {
        let now = MonotonicClock.now()
        let later = now.advanced(by: .seconds(10))
        func isLeft(
            _ version: ProtocolVersion = .v5, isExpiry: Bool = true, _ before: (EndingValues, RawSpan) -> Void
        ) -> Bool {
            let ending = EndingValues()
            let topic = Array("a/b".utf8)
            ending.connected(version, isOther: false)
            before(ending, topic.span.bytes)
            return ending.takeEnded(topic.span.bytes, isExpiry: isExpiry, now: later)
        }
        #expect(isLeft { $0.note($1, secondsLeft: 9, now: now) })
        #expect(isLeft { $0.wasRead($1, secondsLeft: 9, now: now) })
        #expect(!isLeft { _, _ in }, "nobody knows what lies there")
        #expect(!isLeft(.v3_1_1) { $0.note($1, secondsLeft: 9, now: now) }, "which knows no intervals")
        #expect(!isLeft(isExpiry: false) { $0.note($1, secondsLeft: 9, now: now) }, "the plant's own deletion")
        #expect(!isLeft { $0.note($1, secondsLeft: 60, now: now) }, "that value stays for longer")
        #expect(
            !isLeft {
                $0.note($1, secondsLeft: 9, now: now)
                $0.note($1, secondsLeft: nil, now: now)
                $0.forget($1)
            }, "an older value lies there")
        #expect(
            !isLeft {
                $0.note($1, secondsLeft: 0, now: now)
                _ = $0.takeEnded($1, isExpiry: true, now: now)
                $0.wasKept($1, now: now.advanced(by: .seconds(5)))
                $0.note($1, secondsLeft: 9, now: now)
            }, "the broker was found to keep what has ended")
    }

    @Test("P2 an older value, whose deletion was left to the broker by mistake, is found soon")
    func mistakenEnd() {
        let now = MonotonicClock.now()
        let ending = EndingValues()
        let topic = Array("a/b".utf8)
        func note(_ seconds: UInt32) { ending.note(topic.span.bytes, secondsLeft: seconds, now: now) }
        func isLeft() -> Bool { ending.takeEnded(topic.span.bytes, isExpiry: true, now: now) }
        ending.connected(.v5, isOther: false)
        note(1)
        let isOver = ending.isOver(topic.span.bytes, now: now)
        #expect(isOver && isLeft() && ending.takeCheck())
        #expect(!ending.takeCheck(), "once a connection")
        // What was to end there is put off by the broker, and has expired when it comes again.
        ending.forget(topic.span.bytes)
        #expect(ending.takeCheck())
        ending.wasKept(topic.span.bytes, now: now.advanced(by: .seconds(60)))
        note(0)
        #expect(isLeft(), "the broker has kept nothing that had ended")
        note(0)
        ending.connected(.v5, isOther: true)
        #expect(!isLeft(), "of another broker")
    }

    @Test(
        "P2 a deletion does not expire: its interval runs out, and what lies on the IT broker is deleted all the same")
    func lastingDeletion() throws {
        var composer = PropertyComposer(link: "plant-a")
        let now = MonotonicClock.now()
        let plant = properties { $0.append(.messageExpiryInterval, 5) }
        let deletion = testDelivery(
            "x", retain: true, properties: plant, releasedAt: now.advanced(by: .seconds(-10)))
        #expect(composer.compose(deletion, now: now) == .composed)
        #expect(try !described(composer.bytes).contains { $0.hasPrefix("messageExpiry") })
    }

    @Test(
        "The message expiry interval runs down while a record waits",
        arguments: [
            (10, 0, "messageExpiryInterval:10"), (10, 7, "messageExpiryInterval:3"), (10, 10, nil), (1, 60, nil),
        ])
    func expiry(seconds: UInt32, waited: Int, expected: String?) throws {
        let plant = properties { $0.append(.messageExpiryInterval, seconds) }
        let released = now.advanced(by: .zero - .seconds(waited))
        var composer = PropertyComposer(link: "l")
        let outcome = composer.compose(testDelivery("x", properties: plant, releasedAt: released), now: now)
        if let expected {
            #expect(try outcome == .composed && described(composer.bytes).first == expected)
        } else {
            #expect(outcome == .expired)
        }
    }

    @Test("Times and numbers are written whole", arguments: [0, 9, 10, 999, 1_000, 59_999, 86_399_999])
    func times(offset: UInt64) throws {
        var composer = PropertyComposer(link: "l")
        for sequence in [offset + 1, UInt64(1) << 62, 1] {
            let delivery = testDelivery("x", sequence: sequence, releasedAt: now)
            _ = composer.compose(delivery, now: now)
            let texts = try described(composer.bytes)
            #expect(texts[1] == "diode-ts=\(CalendarTime.text(delivery.sourceTime))")
            #expect(texts[2] == "diode-seq=7:\(sequence)")
        }
    }

    @Test("A broken list of properties is refused")
    func invalid() {
        var composer = PropertyComposer(link: "l")
        #expect(composer.compose(testDelivery("x", properties: [0x26, 0, 5, 1]), now: now) == .invalid)
    }
}
