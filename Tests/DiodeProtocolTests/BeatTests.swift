import Crypto
import DiodeProtocol
import Testing
import Time

@Suite("Beat")
struct BeatTests {
    struct Fields: Decodable {
        struct Summary: Decodable { let epoch, incarnation, first, last, block: Decimal64 }

        let clock, lastSequence, lastLiveBlock, lastSnapshotBlock, period: Decimal64
        let software: String?
        let configuration: Hex?
        let durable: Bool?
        let floorEpoch, floorSequence, topicsHeld, topicsLimit, round, olderEpochs, olderRecords: Decimal64?
        let epochs: [Summary]
        let counters: [String: Decimal64]
        let brokerOnline: Bool?
        let brokerSince: Decimal64?
        let brokerReason: String?
        let alarms: [String]
        let uptime: Decimal64?
        let standsBy: Bool?

        var beat: Beat {
            var beat = Beat(
                clock: UnixMilliseconds(rawValue: clock.value), lastSequence: lastSequence.value,
                lastLiveBlock: lastLiveBlock.value, lastSnapshotBlock: lastSnapshotBlock.value,
                periodMilliseconds: period.value)
            beat.software = software
            beat.configuration = configuration.map { Digest32(loading: $0.bytes.span.bytes) }
            beat.isDurable = durable
            if let floorEpoch, let floorSequence {
                beat.floor = Stamp(
                    epoch: Epoch(rawValue: floorEpoch.value), sequence: SequenceNumber(rawValue: floorSequence.value))
            }
            if let topicsHeld, let topicsLimit { beat.topics = Beat.Pair(topicsHeld.value, topicsLimit.value) }
            beat.snapshotRoundMilliseconds = round?.value
            beat.epochs = epochs.map {
                Beat.EpochSummary(
                    epoch: Epoch(rawValue: $0.epoch.value), incarnation: Incarnation(rawValue: $0.incarnation.value),
                    firstSequence: SequenceNumber(rawValue: $0.first.value),
                    lastCommitted: SequenceNumber(rawValue: $0.last.value),
                    lastBlock: BlockNumber(rawValue: $0.block.value))
            }
            if let olderEpochs, let olderRecords { beat.older = Beat.Pair(olderEpochs.value, olderRecords.value) }
            for (id, value) in counters {
                guard let counter = UInt8(id).flatMap(Beat.Counter.init(rawValue:)) else { continue }
                beat.counters[counter] = value.value
            }
            if let brokerOnline, let brokerSince, let brokerReason {
                beat.broker = Beat.BrokerState(
                    isOnline: brokerOnline, since: UnixMilliseconds(rawValue: brokerSince.value), reason: brokerReason)
            }
            beat.alarms = alarms
            beat.uptimeMilliseconds = uptime?.value
            beat.standsBy = standsBy ?? false
            return beat
        }
    }

    struct Accepted: Decodable {
        let bytes: Hex
        let fields: Fields
        let skips: Bool?
    }

    private static func decoded(_ bytes: [UInt8]) throws(ContentError) -> Beat { try Beat(decoding: bytes.span.bytes) }

    private static func error(_ bytes: [UInt8]) -> ContentError? {
        do throws(ContentError) {
            _ = try decoded(bytes)
            return nil
        } catch {
            return error
        }
    }

    static let accepted = VectorFile.names(in: "contents", "beat-accept-")

    @Test("W-29, W-31, W-34, W-52 a beat is read field by field", arguments: accepted)
    func reading(name: String) throws {
        let vector = try VectorFile.read(Accepted.self, "contents", name)
        let beat = try Self.decoded(vector.bytes.bytes)
        #expect(beat == vector.fields.beat)
        #expect(vector.skips == true || beat.encode() == vector.bytes.bytes)
        #expect(try Self.decoded(beat.encode()) == beat)
    }

    @Test(
        "W-29, W-31, W-34 a beat that breaks one rule is refused by that rule",
        arguments: VectorFile.names(in: "contents", "beat-W-"))
    func refused(name: String) throws {
        let vector = try VectorFile.read(Refusal.self, "contents", name)
        let error = try #require(Self.error(vector.bytes.bytes))
        #expect(error.rules.contains(vector.rule), "\(error)")
        #expect(vector.counter == "\(error.counter)")
    }

    /// What the largest vector says, without what only a later release knows: its encoding is the only one.
    private static func fullBeat() throws -> [UInt8] {
        try VectorFile.read(Accepted.self, "contents", "beat-accept-all").fields.beat.encode()
    }

    @Test("W-31 a truncated beat is refused, or ends before an optional field")
    func truncation() throws {
        let bytes = try Self.fullBeat()
        for count in 0..<bytes.count {
            let part = Array(bytes[..<count])
            if let beat = try? Self.decoded(part) { #expect(beat.encode() == part, "\(count) bytes") }
        }
        #expect(Self.error(bytes + [0]) == .fieldOrder(0))
    }

    @Test("W-31 a beat with any bit flipped is refused or encodes to the same bytes")
    func flips() throws {
        var bytes = try Self.fullBeat()
        for bit in 0..<bytes.count * 8 {
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            // A flipped top bit makes a tag or a counter one that may be skipped, and its field is not read then.
            if let beat = try? Self.decoded(bytes), beat.encode() != bytes {
                #expect(beat.encode().count < bytes.count && bit % 8 == 7, "bit \(bit)")
            }
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        }
    }

    @Test("W-31 what comes from outside is cut to its limits before it is sent")
    func limits() throws {
        var beat = Beat(
            clock: UnixMilliseconds(rawValue: 1), lastSequence: 0, lastLiveBlock: 0, lastSnapshotBlock: 0,
            periodMilliseconds: 1)
        beat.software = String(repeating: "v", count: 100)
        beat.counters[.brokerDropped] = .max
        beat.broker = Beat.BrokerState(
            isOnline: false, since: UnixMilliseconds(rawValue: 1), reason: String(repeating: "中", count: 200))
        beat.alarms = [String(repeating: "a", count: 300)]
        let read = try Self.decoded(beat.encode())
        #expect(read.software?.utf8.count == 64)
        #expect(read.counters[.brokerDropped] == UInt64(Int64.max))
        #expect(read.broker?.reason == String(repeating: "中", count: 85))
        #expect(read.alarms == [String(repeating: "a", count: 256)])
    }
}
