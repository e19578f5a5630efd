/// Messages a second through both brokers, beside mosquitto's bridge; both ways stand all the time and take turns.
func benchBrokers() async throws -> [BenchRow] {
    let bridge = try await MessageWay.bridge()
    let pair = try await MessageWay.diode()
    var rows: [BenchRow] = []
    for qos: UInt8 in [0, 1] {
        let results = try Throughput.measure([pair, bridge], qos: qos)
        let (ours, peer) = (results[0], results[1])
        rows += [
            BenchRow("QoS \(qos), pair", ours.rate, "messages/s", peer: ("bridge", peer.rate)),
            BenchRow(
                "QoS \(qos), processor time", ours.processorSeconds * 1e6, "µs/message",
                peer: ("bridge", peer.processorSeconds * 1e6)),
            BenchRow("QoS \(qos), lost", Double(ours.lost), "messages", peer: ("bridge", Double(peer.lost))),
            BenchRow(
                "QoS \(qos), repeated", Double(ours.repeated), "messages", peer: ("bridge", Double(peer.repeated))),
        ]
        guard ours.overtaken == 0 else { throw WrongResult(name: "order at QoS \(qos): \(ours.overtaken) overtaken") }
    }
    try await pair.stop()
    try await bridge.stop()
    return rows
}

/// What several runs over one way came to.
private struct Throughput {
    private(set) var rate = 0.0
    /// Of all processes on the way, for one message.
    private(set) var processorSeconds = 0.0
    private(set) var lost = 0
    private(set) var repeated = 0
    private(set) var overtaken = 0

    /// Medians of rate and processor time, sums of the rest.
    static func measure(_ ways: [MessageWay], qos: UInt8, runs: Int = 3) throws -> [Throughput] {
        var results = ways.map { _ in Throughput() }
        var rates = ways.map { _ in [Double]() }
        var costs = ways.map { _ in [Double]() }
        for _ in 0..<runs {
            for (index, way) in ways.enumerated() {
                let before = way.processorSeconds
                let run = try LoadRun.measure(way, qos: qos, .flood(.seconds(3)))
                rates[index].append(run.rate)
                costs[index].append((way.processorSeconds - before) / Double(max(1, run.harvest.received)))
                results[index].lost += run.lost
                results[index].repeated += run.harvest.duplicates
                results[index].overtaken += run.harvest.overtaken
            }
        }
        for index in ways.indices {
            results[index].rate = rates[index].sorted()[runs / 2]
            results[index].processorSeconds = costs[index].sorted()[runs / 2]
        }
        return results
    }
}
