import DiodeProtocol
import FEC
import Foundation
import MQTT
import SenderOT
import Time
import MQTTProtocol
import SenderOTCore

/// What the whole state costs the sender, with 100,000 and 1,000,000 topics of 100 bytes: memory, a round of slices, and
/// checkpoints. The longest step is what a record may have to wait for.
func benchSnapshot() throws -> [BenchRow] { try [100_000, 1_000_000].flatMap(snapshotRows) }

private func snapshotRows(_ topics: Int) throws -> [BenchRow] {
    var state = try StateUnderTest(topics: topics)
    let label = topics >= 1_000_000 ? "\(topics / 1_000_000) M topics" : "\(topics / 1_000) k topics"
    let before = residentBytes()
    let filling = state.publish(0..<topics)
    let memory = Double(residentBytes() - before) / Double(topics)
    let first = state.turnRound()
    let second = state.turnRound()
    guard second.entries >= topics, state.checkpoints > 0 else { throw WrongResult(name: "a round of \(label)") }
    let idle = state.turnRound()
    _ = state.publish(0..<topics / 100)
    let changed = state.turnRound()
    return [
        BenchRow("\(label): memory", memory, "bytes/topic"),
        BenchRow("\(label): a new topic", filling.total / Double(topics) * 1e9, "ns"),
        BenchRow("\(label): the longest of them", filling.longest * 1e3, "ms"),
        BenchRow("\(label): a round", idle.total, "s"),
        BenchRow("\(label): a round on the link, before repair", Double(idle.bytes) / 1e6, "MB"),
        BenchRow("\(label): slices of a round", Double(idle.slices), ""),
        BenchRow("\(label): the longest step of a round", idle.longest * 1e3, "ms"),
        BenchRow("\(label): a round, all topics hashed", first.total, "s"),
        BenchRow("\(label): the longest step of that", first.longest * 1e3, "ms"),
        BenchRow("\(label): a round, 1 % hashed", changed.total, "s"),
    ]
}

/// Bytes of this process in memory.
private func residentBytes() -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4_096
}

/// A sender's core with its own clock, which jumps from deadline to deadline.
private struct StateUnderTest: ~Copyable {
    struct Cost {
        /// Seconds.
        var total = 0.0
        var longest = 0.0
        var slices = 0
        var bytes = 0
        var entries = 0
    }

    private var core: SenderCore
    private var now = MonotonicInstant(nanoseconds: 1_000_000_000)
    private let payload = Array(
        "{\"value\": 21.5, \"unit\": \"°C\", \"quality\": \"good\", \"at\": \"2026-11-21T09:30:00.000Z\", \"n\": 0}"
            .utf8)
    private(set) var checkpoints = 0

    init(topics: Int) throws {
        let geometry = BlockGeometry(
            framing: EthernetFraming(mtuBytes: 1_500), repair: RepairRatio(share: 0.2, minimum: 4))
        let policy = ExportPolicy(rules: [ExportPolicy.Rule(filter: try TopicFilter("acme/#"))])
        var settings = SenderCore.Settings(policy: policy, geometry: geometry)
        settings.slots.topics = max(topics, 1_000_000)
        core = SenderCore(
            epoch: Epoch(rawValue: 1_763_716_000_000), incarnation: Incarnation(rawValue: 1), settings: settings,
            now: now)
        core.beginSnapshots(now: now)
    }

    private var time: UnixMilliseconds { UnixMilliseconds(rawValue: 1_763_716_000_000 + now.nanoseconds / 1_000_000) }

    /// Publishes a retained value of each topic.
    mutating func publish(_ topics: Range<Int>) -> Cost {
        var cost = Cost()
        for topic in topics {
            let name = Array("acme/site-7/area-\(topic % 40)/line-\(topic % 400)/cell-\(topic)".utf8)
            let payload = payload
            measure(&cost) { state in
                state.core.accept(
                    SenderCore.Publication(
                        topic: name.span.bytes, payload: payload.span.bytes, qos: .atLeastOnce,
                        retain: true), delivery: nil, now: state.now, time: state.time)
                state.core.endGulp(idle: false, now: state.now)
            }
            while core.nextClosedBlock() != nil {}
        }
        return cost
    }

    /// Lets time pass for one round of the carousel, checkpoints included.
    mutating func turnRound() -> Cost {
        var cost = Cost()
        while true {
            now = max(now, core.nextDeadline)
            measure(&cost) { $0.core.advance(now: $0.now, time: $0.time) }
            while let block = core.nextClosedBlock() { if block.id.channel == .live { checkpoints += 1 } }
            guard let slice = core.nextSlice() else { continue }
            cost.slices += 1
            cost.bytes += slice.blocks.reduce(0) { $0 + $1.packedBytes }
            cost.entries += Self.entries(slice)
            if slice.heading.isLast { return cost }
        }
    }

    private mutating func measure(_ cost: inout Cost, _ body: (inout StateUnderTest) -> Void) {
        let began = ContinuousClock.now
        body(&self)
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        cost.total += seconds
        cost.longest = max(cost.longest, seconds)
    }

    private static func entries(_ slice: SnapshotSlice) -> Int {
        var packing = BlockPacking()
        var (plain, content) = ([UInt8](), [UInt8]())
        var hasher = SymbolHasher()
        do {
            for block in slice.blocks {
                try packing.unpack(
                    block.symbols.span.bytes.extracting(0..<block.packedBytes), flags: block.flags,
                    plainBytes: block.plainBytes, into: &plain)
                content += plain
            }
            return try SliceContent(decoding: content.span.bytes, with: &hasher).entryCount
        } catch { return 0 }
    }
}
