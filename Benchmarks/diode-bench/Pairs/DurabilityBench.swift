import Foundation
import Glibc
import TestKit
import Threading

/// What it costs that nothing acknowledged is ever lost: the pair on a disk, beside the pair whose files lie in memory, where
/// a sync costs nothing; then the outbox with the IT broker away, and memory and disk with many topics.
func benchDurability() async throws -> [BenchRow] {
    try await acknowledgedRows() + outboxRows() + manyTopicsRows()
}

/// QoS 1 messages a second from broker to broker; the sender acknowledges each once its block is on the disk.
private func acknowledgedRows() async throws -> [BenchRow] {
    let memory = try TemporaryMemory()
    let onDisk = try await MessageWay.diode()
    let inMemory = try await MessageWay.diode(state: memory.path)
    var rates: [[Double]] = [[], []]
    for _ in 0..<3 {
        for (index, way) in [onDisk, inMemory].enumerated() {
            rates[index].append(try LoadRun.measure(way, qos: 1, .flood(.seconds(3))).rate)
        }
    }
    let journal = try await onDisk.status(.sender)["journal"] as? [String: Any]
    let records = try await onDisk.status(.sender)["records"] as? [String: Any]
    func micros(_ name: String, _ share: String) -> Double {
        ((journal?[name] as? [String: Any])?[share] as? NSNumber)?.doubleValue ?? .nan
    }
    let used = (journal?["used_bytes"] as? NSNumber)?.doubleValue ?? .nan
    let taken = (records?["taken"] as? NSNumber)?.doubleValue ?? .nan
    try await onDisk.stop()
    try await inMemory.stop()
    return [
        BenchRow(
            "acknowledged at QoS 1", rates[0].sorted()[1], "messages/s", peer: ("files in memory", rates[1].sorted()[1])
        ),
        BenchRow("commit, p50 below", micros("commit_us", "p50"), "µs"),
        BenchRow("commit, p99 below", micros("commit_us", "p99"), "µs"),
        BenchRow("sync, p50 below", micros("sync_us", "p50"), "µs"),
        BenchRow("sync, p99 below", micros("sync_us", "p99"), "µs"),
        BenchRow("journal on disk", used / taken, "bytes/record"),
    ]
}

/// Records a second into the outbox while the IT broker is away.
private func outboxRows() async throws -> [BenchRow] {
    let way = try await MessageWay.diode()
    try await way.waitUntilOpen()
    try await way.stopExit()
    let stream = try BrokerStream(port: way.entrance, client: "bench-outbox")
    let began = MonotonicClock.now()
    let before = try await way.receiverTotals()
    var sent = 0
    var packets = TopicPackets(topics: 100)
    while MonotonicClock.now() < began.advanced(by: .seconds(5)) {
        try stream.write(packets.next(500)[...])
        sent += 500
    }
    var after = before
    var lastMove = MonotonicClock.now()
    var lastChange = lastMove
    while MonotonicClock.now() < lastMove.advanced(by: .seconds(1)) {
        let now = try await way.receiverTotals()
        if now.outbox > after.outbox { lastMove = MonotonicClock.now(); lastChange = lastMove }
        after = now
    }
    let seconds = began.duration(to: lastChange) / .seconds(1)
    let stored = Double(after.outbox - before.outbox)
    let bytes = way.databaseBytes("recv.db")
    try await way.stop()
    return [
        BenchRow(
            "into the outbox, IT broker away", stored / seconds, "records/s",
            peer: ("published", Double(sent) / seconds)),
        BenchRow("outbox on disk", Double(bytes) / stored, "bytes/record"),
    ]
}

/// Resident memory of both at 100,000 topics and 20,000 messages a second.
private func manyTopicsRows() async throws -> [BenchRow] {
    let way = try await MessageWay.diode()
    try await way.waitUntilOpen()
    let load = try TopicLoad(port: way.entrance, topics: 100_000, perSecond: 20_000)
    let highest = try way.highestResidentBytes(during: load, seconds: 30)
    try await way.stop()
    return [
        BenchRow("100,000 topics, published", highest.rate, "messages/s"),
        BenchRow("100,000 topics, resident, diode-send", Double(highest.sender) / 1e6, "MB"),
        BenchRow("100,000 topics, resident, diode-recv", Double(highest.receiver) / 1e6, "MB"),
    ]
}

/// A folder in memory, as a disk that costs nothing.
private final class TemporaryMemory {
    let path = "/dev/shm/uns-diode-\(UInt64.random(in: .min ... .max))"

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }
}
