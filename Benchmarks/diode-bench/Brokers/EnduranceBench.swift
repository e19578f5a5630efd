import Foundation
import TestKit

/// Whether memory stays where it is (promise P8), each phase of ENDURANCE_SECONDS (60): full rate over a link that loses frames; the same
/// with a forged and a replayed frame beside every second genuine one; with the IT broker gone. Then what a million topics cost.
func benchEndurance() async throws -> [BenchRow] {
    let seconds = ProcessInfo.processInfo.environment["ENDURANCE_SECONDS"].flatMap(Int.init) ?? 60
    return try await steadyRows(seconds) + absentBrokerRows(seconds) + millionTopicsRows()
}

/// 20,000 messages a second through 2 % of loss, then with strangers on the wire.
private func steadyRows(_ seconds: Int) async throws -> [BenchRow] {
    var faults = LinkFaults()
    faults.loss = 0.02
    let way = try await MessageWay.diode(faults: faults)
    try await way.waitUntilOpen()
    let load = try TopicLoad(port: way.entrance, topics: 10_000, perSecond: 20_000)
    // Caches fill first.
    _ = try load.run(seconds: max(10, seconds / 3)) {}
    var rows = try memoryRows("20,000 messages/s, 2 % loss", way, load, seconds)
    faults.forge = 0.5
    faults.replay = 0.5
    way.hurt(faults)
    let before = way.hostileFrames
    rows += try memoryRows("and hostile frames", way, load, seconds)
    rows.append(
        BenchRow("hostile frames", Double(way.hostileFrames - before) / Double(seconds), "frames/s"))
    try await way.stop()
    return rows
}

/// The outbox fills its disk; memory must not follow.
private func absentBrokerRows(_ seconds: Int) async throws -> [BenchRow] {
    let way = try await MessageWay.diode()
    try await way.waitUntilOpen()
    let load = try TopicLoad(port: way.entrance, topics: 10_000, perSecond: 50_000)
    _ = try load.run(seconds: max(10, seconds / 3)) {}
    try await way.stopExit()
    _ = try load.run(seconds: max(10, seconds / 6)) {}
    var rows = try memoryRows("50,000 messages/s, IT broker gone", way, load, seconds)
    rows.append(BenchRow("records in the outbox then", Double(try await way.receiverTotals().outbox), "records"))
    try await way.stop()
    return rows
}

/// Each of a million topics published twice.
private func millionTopicsRows() async throws -> [BenchRow] {
    let way = try await MessageWay.diode()
    try await way.waitUntilOpen()
    let load = try TopicLoad(port: way.entrance, topics: 1_000_000, perSecond: 50_000)
    let highest = try way.highestResidentBytes(during: load, seconds: 40)
    let topics = try await way.receiverTopics()
    try await way.stop()
    return [
        BenchRow("a million topics, in the replica", Double(topics), "topics"),
        BenchRow("a million topics, resident, diode-send", Double(highest.sender) / 1e6, "MB"),
        BenchRow("a million topics, resident, diode-recv", Double(highest.receiver) / 1e6, "MB"),
    ]
}

/// The highest resident memory in the last third of a load beside that in the first: a ratio above 1 is growth.
private func memoryRows(
    _ name: String, _ way: MessageWay, _ load: TopicLoad, _ seconds: Int
) throws -> [BenchRow] {
    var samples: [(sender: Int, receiver: Int)] = []
    _ = try load.run(seconds: seconds) { samples.append(way.residentBytes) }
    let third = max(1, samples.count / 3)
    func row(_ program: String, _ bytes: KeyPath<(sender: Int, receiver: Int), Int>) -> BenchRow {
        func highest(_ part: ArraySlice<(sender: Int, receiver: Int)>) -> Double {
            Double(part.map { $0[keyPath: bytes] }.max() ?? 0) / 1e6
        }
        return BenchRow(
            "\(name), \(program)", highest(samples.suffix(third)), "MB",
            peer: ("first third", highest(samples.prefix(third))))
    }
    return [row("diode-send", \.sender), row("diode-recv", \.receiver)]
}
