import DiodeProtocol
import FEC
import MQTT
import Testing

@testable import SenderOT
import Time

/// A record as a receiver reads it.
struct ReadRecord: Equatable {
    var topic: String
    var payload: [UInt8]
    var properties: [UInt8]
    var flags: RecordFlags
    var version: UInt64
    var sequence: UInt64
    var time: UInt64
}

/// What live blocks say, read as a receiver does: parts joined, items with their sequences.
struct ReadStream {
    var records: [ReadRecord] = []
    var sheds: [(sequence: UInt64, run: ShedRun)] = []
    var unobserved: [Unobserved] = []
    var drops: [BrokerDrop] = []
    var actions: [Action] = []
    /// With the last sequence before each.
    var checkpoints: [(after: UInt64, checkpoint: Checkpoint)] = []
    var lastSequence: UInt64 = 0
    var lastBlock: UInt64 = 0
    private var parts: [UInt8] = []

    /// Checks block and sequence continuity (WIRE W-09, W-24) and reads the items.
    mutating func read(_ block: ClosedBlock) throws {
        #expect(block.id.block.rawValue == lastBlock + 1)
        lastBlock = block.id.block.rawValue
        let isContinuation = block.partIndex > 0
        #expect(block.firstSequence.rawValue == (isContinuation ? lastSequence : lastSequence + 1))
        lastSequence = block.lastSequence.rawValue
        #expect(block.symbols.count == block.shape.sourceSymbols * block.shape.symbolBytes)
        #expect(block.symbols[block.packedBytes...].allSatisfy { $0 == 0 }, "W-14 padding is zero")
        var packing = BlockPacking()
        var plain: [UInt8] = []
        try packing.unpack(
            block.symbols.span.bytes.extracting(0..<block.packedBytes), flags: block.flags,
            plainBytes: block.plainBytes, into: &plain)
        if !isContinuation { #expect(parts.isEmpty, "all parts before were there") }
        try ContentParts.append(plain.span.bytes, to: &parts)
        guard block.partIndex == block.partCount - 1 else { return }
        let content = parts
        parts = []
        let first = block.firstSequence.rawValue
        let live = try LiveContent(
            decoding: content.span.bytes, sequenceCount: block.lastSequence.rawValue + 1 - first)
        var found = ReadStream()
        live.forEachItem { item, offset in
            switch item {
            case .record(let record):
                found.records.append(
                    ReadRecord(
                        topic: record.topic.withUnsafeBytes { String(decoding: $0, as: UTF8.self) },
                        payload: record.payload.withUnsafeBytes { Array($0) },
                        properties: record.properties.withUnsafeBytes { Array($0) }, flags: record.flags,
                        version: record.version.rawValue, sequence: first + offset, time: record.time.rawValue))
            case .shedRun(let run): found.sheds.append((first + offset, run))
            case .unobserved(let interval): found.unobserved.append(interval)
            case .action(let action): found.actions.append(action)
            case .checkpoint(let checkpoint): found.checkpoints.append((first + offset - 1, checkpoint))
            case .brokerDrop(let drop): found.drops.append(drop)
            default: Issue.record("an item that the sender does not make yet")
            }
        }
        records += found.records
        sheds += found.sheds
        unobserved += found.unobserved
        drops += found.drops
        actions += found.actions
        checkpoints += found.checkpoints
    }
}

/// A core with its virtual clock, and everything that came out of it.
struct CoreBench: ~Copyable {
    var core: SenderCore
    var now = MonotonicInstant(nanoseconds: 1_000_000_000)
    var blocks: [ClosedBlock] = []
    var beats: [ClosedBlock] = []
    var slices: [SnapshotSlice] = []
    var stream = ReadStream()

    init(
        exporting filters: [String] = ["#"], mtu: Int = 1_500, epoch: Epoch = Epoch(rawValue: 7),
        slots: consuming NamespaceSlots? = nil,
        _ change: (inout SenderCore.Settings) -> Void = { _ in }
    ) throws {
        let geometry = BlockGeometry(
            framing: EthernetFraming(mtuBytes: mtu), repair: .init(share: 0.2, minimum: 4))
        var settings = SenderCore.Settings(policy: try policy(filters), geometry: geometry)
        change(&settings)
        core = SenderCore(
            epoch: epoch, incarnation: Incarnation(rawValue: 99), settings: settings, slots: slots, now: now)
    }

    var time: UnixMilliseconds { UnixMilliseconds(rawValue: 1_700_000_000_000 + now.nanoseconds / 1_000_000) }

    @discardableResult
    mutating func publish(
        _ topic: String, _ payload: [UInt8], properties: [UInt8] = [], qos: QualityOfService = .atLeastOnce,
        retain: Bool = false, delivery: UInt64? = nil, packet: UInt16 = 0
    ) -> SenderCore.Outcome {
        let topic = Array(topic.utf8)
        let publication = SenderCore.Publication(
            topic: topic.span.bytes, payload: payload.span.bytes, properties: properties.span.bytes, qos: qos,
            retain: retain)
        return core.publish(
            publication, delivery: delivery.map { DeliveryTicket(rawValue: $0) }, packet: packet, now: now,
            time: time)
    }

    mutating func publishFetched(
        _ topic: String, _ payload: [UInt8], properties: [UInt8] = [], since: Stamp
    ) -> SenderCore.Outcome {
        let topic = Array(topic.utf8)
        let publication = SenderCore.Publication(
            topic: topic.span.bytes, payload: payload.span.bytes, properties: properties.span.bytes, qos: .atLeastOnce,
            retain: true)
        return core.publishFetched(publication, since: since, now: now, time: time)
    }

    mutating func endGulp(idle: Bool) throws {
        core.endGulp(idle: idle, now: now)
        try collect()
    }

    mutating func pass(_ duration: Duration) throws {
        now = now.advanced(by: duration)
        core.advance(now: now, time: time)
        try collect()
    }

    /// Lets time pass from deadline to deadline.
    mutating func run(_ duration: Duration) throws {
        let end = now.advanced(by: duration)
        while core.nextDeadline < end {
            now = max(now, core.nextDeadline)
            try pass(.zero)
        }
        now = end
        try pass(.zero)
    }

    mutating func collect() throws {
        while let slice = core.nextSlice() { slices.append(slice) }
        while let block = core.nextClosedBlock() {
            guard block.id.channel == .live else {
                beats.append(block)
                continue
            }
            try stream.read(block)
            blocks.append(block)
        }
    }
}

/// A slot as a slice tells of it, its topic aside.
struct ReadSlot: Equatable {
    var stamp: Stamp
    var version: UInt64
    var qos: QualityOfService
    var retain: Bool
    var time: UInt64
    var properties: [UInt8]
    var payload: [UInt8]
}

/// Which slot of which topic.
struct SlotName: Hashable {
    var topic: String
    var kind: SlotKind
}

/// A slice, read as a receiver does.
struct ReadSlice {
    let heading: SliceHeading
    var slots: [SlotName: ReadSlot] = [:]

    init(_ blocks: [ClosedBlock]) throws {
        var packing = BlockPacking()
        var plain: [UInt8] = []
        var content: [UInt8] = []
        for (index, block) in blocks.enumerated() {
            #expect(block.id.channel == .snapshot && block.partIndex == index && block.partCount == blocks.count)
            #expect(block.firstSequence.rawValue == 0 && block.lastSequence.rawValue == 0, "W-08")
            #expect(block.symbols[block.packedBytes...].allSatisfy { $0 == 0 }, "W-14 padding is zero")
            try packing.unpack(
                block.symbols.span.bytes.extracting(0..<block.packedBytes), flags: block.flags,
                plainBytes: block.plainBytes, into: &plain)
            try ContentParts.append(plain.span.bytes, to: &content)
        }
        var hasher = SymbolHasher()
        let slice = try SliceContent(decoding: content.span.bytes, with: &hasher)
        heading = slice.heading
        var found: [SlotName: ReadSlot] = [:]
        slice.forEachEntry { entry in
            let topic = entry.record.topic.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
            found[SlotName(topic: topic, kind: entry.kind)] = ReadSlot(
                stamp: entry.stamp, version: entry.record.version.rawValue, qos: entry.record.flags.qos,
                retain: entry.record.flags.retain, time: entry.record.time.rawValue,
                properties: entry.record.properties.withUnsafeBytes { Array($0) },
                payload: entry.record.payload.withUnsafeBytes { Array($0) })
        }
        slots = found
    }
}

func policy(_ filters: [String]) throws -> ExportPolicy {
    try ExportPolicy(rules: filters.map { .init(filter: try .init($0)) })
}
