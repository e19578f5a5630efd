import Crypto
import DiodeProtocol
import TestKit
import Testing
import Time

@Suite("Live content")
struct LiveContentTests {
    struct Accepted: Decodable {
        let bytes: Hex
        let sequences: UInt64
        let items: [ItemRead]
    }

    struct Refused: Decodable {
        let rule: String
        let counter: String
        let bytes: Hex
        let sequences: UInt64
    }

    static let accepted = VectorFile.names(in: "contents", "live-accept-")

    @Test("W-28, W-29, W-30, W-31, W-32 a live content is read item by item", arguments: accepted)
    func reading(name: String) throws {
        let vector = try VectorFile.read(Accepted.self, "contents", name)
        let read = try LiveRead(vector.bytes.bytes, sequences: vector.sequences)
        #expect(read.items == vector.items)
        #expect(read.skipped || read.encoded == vector.bytes.bytes)
    }

    @Test(
        "W-28, W-29, W-30, W-31, W-32 a live content that breaks one rule is refused whole, by that rule",
        arguments: VectorFile.names(in: "contents", "live-W-"))
    func refused(name: String) throws {
        let vector = try VectorFile.read(Refused.self, "contents", name)
        let error = try #require(LiveRead.error(vector.bytes.bytes, sequences: vector.sequences))
        #expect(error.rules.contains(vector.rule), "\(error)")
        #expect(vector.counter == "\(error.counter)")
    }

    @Test("W-31 no truncation of a content is a content, and no byte may follow", arguments: accepted)
    func truncation(name: String) throws {
        let vector = try VectorFile.read(Accepted.self, "contents", name)
        let bytes = vector.bytes.bytes
        for count in 0..<bytes.count {
            #expect(LiveRead.error(Array(bytes[..<count]), sequences: vector.sequences) != nil, "\(count) bytes")
        }
        #expect(LiveRead.error(bytes + [0], sequences: vector.sequences) == .trailing(at: bytes.count))
    }

    @Test("W-31 a content with any bit flipped is refused or encodes to the same bytes", arguments: accepted)
    func flips(name: String) throws {
        let vector = try VectorFile.read(Accepted.self, "contents", name)
        var bytes = vector.bytes.bytes
        for bit in 0..<bytes.count * 8 {
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            if let read = try? LiveRead(bytes, sequences: vector.sequences), !read.skipped {
                #expect(read.encoded == bytes, "bit \(bit)")
            }
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        }
    }

    @Test("W-30 the items say how many sequences the header must name")
    func sequenceCount() throws {
        let vector = try VectorFile.read(Accepted.self, "contents", "live-accept-shed-run")
        for sequences: UInt64 in [0, 5, 7, .max] {
            #expect(
                LiveRead.error(vector.bytes.bytes, sequences: sequences) == .sequences(sequences, items: 6))
        }
    }

    @Test("W-26 a content above 2^23 bytes is not looked at")
    func contentBytes() {
        let bytes = [UInt8](repeating: 0xFF, count: WireLimits.maximumContentBytes + 1)
        #expect(LiveRead.error(bytes, sequences: 0) == .contentBytes(bytes.count))
        #expect(LiveRead.error(Array(bytes.dropLast()), sequences: 0) != .contentBytes(bytes.count - 1))
    }

    @Test("Random items are read as they were written, and their size is known before")
    func roundTrip() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        // One encoder for all: nothing of a block may show in the next one.
        var encoder = LiveContentEncoder()
        for round in 0..<200 {
            var expected: [ItemRead] = []
            let topics = (0..<Int.random(in: 1...40, using: &random)).map { _ in Self.randomTopic(&random) }
            for _ in 0..<Int.random(in: 1...60, using: &random) {
                let bound = Self.append(topics, to: &encoder, &expected, &random)
                let size = encoder.byteCount
                #expect(size <= bound, "seed \(seed)")
            }
            let (size, count, sequences) = (encoder.byteCount, encoder.itemCount, encoder.sequenceCount)
            #expect(count == expected.count)
            var content = [UInt8](repeating: 7, count: 3)
            encoder.finish(into: &content)
            let isEmpty = encoder.isEmpty
            #expect(isEmpty && content.count == size, "seed \(seed), round \(round)")
            let read = try LiveRead(content, sequences: sequences)
            #expect(read.items == expected, "seed \(seed), round \(round)")
            #expect(read.encoded == content, "seed \(seed), round \(round)")
        }
    }

    private static func randomTopic(_ random: inout SeededGenerator) -> String {
        let alphabet = Array("abcdefghij/_°ß中𝄞")
        return String(
            (0..<Int.random(in: 1...30, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? "a" })
    }

    /// Appends a record, now and then a control item.
    /// - Returns: the size that was foretold.
    private static func append(
        _ topics: [String], to encoder: inout LiveContentEncoder, _ expected: inout [ItemRead],
        _ random: inout SeededGenerator
    ) -> Int {
        let topic = topics.randomElement(using: &random) ?? "a"
        let time = UnixMilliseconds(rawValue: UInt64.random(in: 0..<1 << 63, using: &random))
        let offset = encoder.sequenceCount
        switch Int.random(in: 0..<10, using: &random) {
        case 0:
            let entries = topics.prefix(3).map {
                ShedRun.Entry(
                    topic: $0, records: .random(in: 1..<1 << 20, using: &random),
                    lastVersion: TopicVersion(rawValue: .random(in: 0..<1 << 63, using: &random)))
            }
            let run = ShedRun(reason: .expired, from: time, to: time, entries: entries)
            encoder.append(run)
            expected.append(ItemRead(.shedRun(run), at: offset))
            return .max
        case 1:
            let action = Action(at: time, what: "resend", detail: topic)
            encoder.append(action)
            expected.append(ItemRead(.action(action), at: offset))
            return .max
        default:
            let properties = [UInt8](
                repeating: 1, count: Bool.random(using: &random) ? 0 : .random(in: 1...300, using: &random))
            let payload = [UInt8](repeating: 2, count: .random(in: 0...20_000, using: &random) / 50)
            let flags = RecordFlags(
                qos: QualityOfService.allCases.randomElement(using: &random) ?? .atMostOnce,
                retain: .random(using: &random), hasProperties: !properties.isEmpty,
                isUnjournalled: .random(using: &random), isReconciled: .random(using: &random))
            let version = TopicVersion(rawValue: .random(in: 1..<1 << 63, using: &random))
            let name = Array(topic.utf8)
            let bound = encoder.byteCount(addingTopic: name.count, properties: properties.count, payload: payload.count)
            encoder.append(
                topic: name.span.bytes, flags: flags, version: version, time: time, properties: properties.span.bytes,
                payload: payload.span.bytes)
            var item = ItemRead(kind: "record", at: offset)
            item.topic = topic
            item.qos = flags.qos.rawValue
            item.retain = flags.retain
            item.unjournalled = flags.isUnjournalled
            item.reconciled = flags.isReconciled
            item.version = Decimal64(version.rawValue)
            item.time = Decimal64(time.rawValue)
            item.properties = Hex(properties)
            item.payload = Hex(payload)
            expected.append(item)
            return bound
        }
    }

    @Test("W-28 thousands of topics keep their order, and each is carried once")
    func manyTopics() throws {
        var encoder = LiveContentEncoder()
        let flags = RecordFlags(qos: .atLeastOnce, retain: true, hasProperties: false)
        let time = UnixMilliseconds(rawValue: 1)
        for round in 1...2 {
            for index in 0..<5_000 {
                let topic = Array("acme/line/\(index)".utf8)
                encoder.append(
                    topic: topic.span.bytes, flags: flags, version: TopicVersion(rawValue: UInt64(round)), time: time,
                    properties: [UInt8]().span.bytes, payload: topic.span.bytes)
            }
        }
        var content: [UInt8] = []
        encoder.finish(into: &content)
        let read = try LiveRead(content, sequences: 10_000)
        #expect(read.items.count == 10_000)
        #expect(read.items.allSatisfy { $0.payload == Hex(Array(($0.topic ?? "").utf8)) })
        #expect(read.items[5_000].topic == "acme/line/0")
        #expect(read.encoded == content)
    }

    @Test("A topic of 65,535 bytes and a record of 1 MiB are carried")
    func largest() throws {
        var encoder = LiveContentEncoder()
        let topic = [UInt8](repeating: 0x61, count: 65_535)
        let payload = [UInt8](repeating: 9, count: 1 << 20)
        encoder.append(
            topic: topic.span.bytes, flags: RecordFlags(qos: .atMostOnce, retain: false, hasProperties: false),
            version: TopicVersion(rawValue: 1 << 63 - 1), time: UnixMilliseconds(rawValue: 1 << 63 - 1),
            properties: [UInt8]().span.bytes, payload: payload.span.bytes)
        var content: [UInt8] = []
        encoder.finish(into: &content)
        let read = try LiveRead(content, sequences: 1)
        #expect(read.items[0].payload?.bytes.count == 1 << 20)
        #expect(read.items[0].topic?.utf8.count == 65_535)
        // The same with a byte more in the topic, by hand: W-28.
        let long = content[..<9] + [0x80, 0x80, 0x04] + [0x61] + content[12...]
        #expect(LiveRead.error(Array(long), sequences: 1) == .topicInvalid(0))
    }

    @Test("W-31 texts that are too long are cut where a character ends, and a claim of too many losses is capped")
    func cutTexts() throws {
        var encoder = LiveContentEncoder()
        let time = UnixMilliseconds(rawValue: 5)
        encoder.append(
            Action(
                at: time, what: String(repeating: "w", count: 70), detail: "a" + String(repeating: "ß", count: 3_000)))
        encoder.append(
            Unobserved(
                from: time, to: time, sessionResumed: false, dropped: .max, reason: String(repeating: "中", count: 100)))
        var content: [UInt8] = []
        encoder.finish(into: &content)
        let items = try LiveRead(content, sequences: 0).items
        #expect(items[0].what?.utf8.count == 64)
        #expect(items[0].detail == "a" + String(repeating: "ß", count: 2_047))
        #expect(items[1].reason == .text(String(repeating: "中", count: 85)))
        #expect(items[1].dropped == Decimal64(1 << 62))
    }
}
