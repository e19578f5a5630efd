import Crypto
import DiodeProtocol
import TestKit
import Testing
import Time

@Suite("Slice")
struct SliceTests {
    struct Heading: Decodable, Equatable {
        let captureEpoch, captureSequence, round, slice, from, to: Decimal64
        let last: Bool

        init(_ heading: SliceHeading) {
            captureEpoch = Decimal64(heading.capture.epoch.rawValue)
            captureSequence = Decimal64(heading.capture.sequence.rawValue)
            round = Decimal64(heading.round)
            slice = Decimal64(heading.slice)
            from = Decimal64(heading.from.rawValue)
            to = Decimal64(heading.to.rawValue)
            last = heading.isLast
        }
    }

    /// A slot as a value: its record's fields have the record's names.
    struct Entry: Decodable, Equatable {
        var record: ItemRead
        var kind: UInt8
        var hash, epoch, sequence: Decimal64

        enum CodingKeys: CodingKey { case kind, hash, epoch, sequence }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            kind = try container.decode(UInt8.self, forKey: .kind)
            hash = try container.decode(Decimal64.self, forKey: .hash)
            epoch = try container.decode(Decimal64.self, forKey: .epoch)
            sequence = try container.decode(Decimal64.self, forKey: .sequence)
            record = try Fields(from: decoder).record
        }

        init(_ entry: borrowing SliceEntryView) {
            kind = entry.kind.rawValue
            hash = Decimal64(entry.topicHash.rawValue)
            epoch = Decimal64(entry.stamp.epoch.rawValue)
            sequence = Decimal64(entry.stamp.sequence.rawValue)
            record = ItemRead(entry.record, at: nil)
        }

        private struct Fields: Decodable {
            let topic: String
            let qos: UInt8
            let retain, unjournalled, reconciled: Bool
            let version, time: Decimal64
            let properties, payload: Hex

            var record: ItemRead {
                var item = ItemRead(kind: "record", at: nil)
                item.topic = topic
                item.qos = qos
                item.retain = retain
                item.unjournalled = unjournalled
                item.reconciled = reconciled
                item.version = version
                item.time = time
                item.properties = properties
                item.payload = payload
                return item
            }
        }
    }

    struct Accepted: Decodable {
        let bytes: Hex
        let heading: Heading
        let entries: [Entry]
        let skipped: Int
    }

    /// A slice, read and written again.
    struct Read {
        var heading: Heading
        var entries: [Entry] = []
        var skipped: Int
        var encoded: [UInt8] = []

        init(_ bytes: [UInt8]) throws(ContentError) {
            var hasher = SymbolHasher()
            let content = try SliceContent(decoding: bytes.span.bytes, with: &hasher)
            heading = Heading(content.heading)
            var encoder = SliceEncoder()
            var entries: [Entry] = []
            skipped = content.forEachEntry { entry in
                entries.append(Entry(entry))
                encoder.append(
                    entry.kind, topic: entry.record.topic, hash: entry.topicHash, stamp: entry.stamp,
                    flags: entry.record.flags, version: entry.record.version, time: entry.record.time,
                    properties: entry.record.properties, payload: entry.record.payload)
            }
            self.entries = entries
            encoder.finish(content.heading, into: &encoded)
        }

        static func error(_ bytes: [UInt8]) -> ContentError? {
            do throws(ContentError) {
                _ = try Read(bytes)
                return nil
            } catch {
                return error
            }
        }
    }

    static let accepted = VectorFile.names(in: "contents", "slice-accept-")

    @Test("W-28, W-29, W-31, W-33 a slice is read slot by slot", arguments: accepted)
    func reading(name: String) throws {
        let vector = try VectorFile.read(Accepted.self, "contents", name)
        let read = try Read(vector.bytes.bytes)
        #expect(read.heading == vector.heading)
        #expect(read.entries == vector.entries)
        #expect(read.skipped == vector.skipped)
        #expect(read.skipped > 0 || read.encoded == vector.bytes.bytes)
    }

    @Test(
        "W-28, W-29, W-31, W-32, W-33 a slice that breaks one rule is refused whole, by that rule",
        arguments: VectorFile.names(in: "contents", "slice-W-"))
    func refused(name: String) throws {
        let vector = try VectorFile.read(Refusal.self, "contents", name)
        let error = try #require(Read.error(vector.bytes.bytes))
        #expect(error.rules.contains(vector.rule), "\(error)")
        #expect(vector.counter == "\(error.counter)")
    }

    @Test("W-31 no truncation of a slice is a slice, and no byte may follow", arguments: accepted)
    func truncation(name: String) throws {
        let bytes = try VectorFile.read(Accepted.self, "contents", name).bytes.bytes
        for count in 0..<bytes.count { #expect(Read.error(Array(bytes[..<count])) != nil, "\(count) bytes") }
        #expect(Read.error(bytes + [0]) == .trailing(at: bytes.count))
    }

    @Test("W-31 a slice with any bit flipped is refused or encodes to the same bytes", arguments: accepted)
    func flips(name: String) throws {
        var bytes = try VectorFile.read(Accepted.self, "contents", name).bytes.bytes
        for bit in 0..<bytes.count * 8 {
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            if let read = try? Read(bytes), read.skipped == 0 { #expect(read.encoded == bytes, "bit \(bit)") }
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        }
    }

    @Test("W-26 a slice above 2^23 bytes is not looked at")
    func contentBytes() {
        let bytes = [UInt8](repeating: 1, count: WireLimits.maximumContentBytes + 1)
        #expect(Read.error(bytes) == .contentBytes(bytes.count))
    }

    @Test("W-33 random slots are read as they were written, in the order of the carousel")
    func roundTrip() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        var hasher = SymbolHasher()
        var encoder = SliceEncoder()
        for round in 0..<100 {
            let names = Set((0..<Int.random(in: 0...50, using: &random)).map { _ in "acme/\(random.next() % 1_000)" })
            let topics = names.map { ($0, hasher.topicHash(Array($0.utf8).span.bytes)) }.sorted { $0.1 < $1.1 }
            var count = 0
            for (topic, hash) in topics {
                let kinds = SlotKind.allCases.filter { _ in Bool.random(using: &random) }
                for kind in kinds.isEmpty ? [.retained] : kinds {
                    let bound = Self.append(kind, topic, hash, to: &encoder, &random)
                    let size = encoder.byteCount
                    #expect(size <= bound, "seed \(seed)")
                    count += 1
                }
            }
            let heading = SliceHeading(
                capture: Stamp(epoch: Epoch(rawValue: 1 << 40), sequence: SequenceNumber(rawValue: 1 << 40)),
                round: random.next() >> 1, slice: UInt64(round), isLast: round == 99,
                from: topics.first?.1 ?? TopicHash(rawValue: 0), to: topics.last?.1 ?? TopicHash(rawValue: .max))
            let size = encoder.byteCount
            var content: [UInt8] = [1]
            encoder.finish(heading, into: &content)
            #expect(content.count <= size)
            let read = try Read(content)
            #expect(read.heading == Heading(heading), "seed \(seed), round \(round)")
            #expect(read.entries.count == count && read.skipped == 0)
            #expect(read.encoded == content, "seed \(seed), round \(round)")
            #expect(read.entries.map(\.hash.value) == read.entries.map(\.hash.value).sorted())
        }
    }

    /// - Returns: the size that was foretold.
    private static func append(
        _ kind: SlotKind, _ topic: String, _ hash: TopicHash, to encoder: inout SliceEncoder,
        _ random: inout SeededGenerator
    ) -> Int {
        let bare = kind == .tombstone
        let properties = [UInt8](repeating: 1, count: bare ? 0 : .random(in: 0...40, using: &random))
        let payload = [UInt8](repeating: 2, count: bare ? 0 : .random(in: 0...400, using: &random))
        let name = Array(topic.utf8)
        let bound = encoder.byteCount(addingTopic: name.count, properties: properties.count, payload: payload.count)
        encoder.append(
            kind, topic: name.span.bytes, hash: hash,
            stamp: Stamp(
                epoch: Epoch(rawValue: .random(in: 1..<1 << 40, using: &random)),
                sequence: SequenceNumber(rawValue: .random(in: 1..<1 << 63, using: &random))),
            flags: RecordFlags(qos: .exactlyOnce, retain: kind == .retained, hasProperties: !properties.isEmpty),
            version: TopicVersion(rawValue: .random(in: 1..<1 << 63, using: &random)),
            time: UnixMilliseconds(rawValue: .random(in: 0..<1 << 63, using: &random)),
            properties: properties.span.bytes, payload: payload.span.bytes)
        return bound
    }

    @Test("A topic's place in the carousel is the start of SHA-256 of its name")
    func topicHash() {
        var hasher = SymbolHasher()
        // FIPS 180-2, appendix B.1: SHA-256("abc") begins with ba7816bf 8f01cfea.
        let topic = Array("abc".utf8)
        let hash = hasher.topicHash(topic.span.bytes)
        #expect(hash.rawValue == 0xBA78_16BF_8F01_CFEA)
    }
}
