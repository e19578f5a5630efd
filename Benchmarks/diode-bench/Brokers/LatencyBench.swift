/// From publish to arrival at 1,000 messages a second, beside mosquitto's bridge and beside one broker alone.
func benchLatency() async throws -> [BenchRow] {
    let alone = try await MessageWay.broker()
    let bridge = try await MessageWay.bridge()
    let pair = try await MessageWay.diode()
    var rows: [BenchRow] = []
    for qos: UInt8 in [0, 1] {
        let runs = try [pair, bridge, alone].map {
            try LoadRun.measure($0, qos: qos, .pace(1_000, count: 3_000))
        }
        for (label, share) in [("p50", 0.5), ("p99", 0.99)] {
            let microseconds = runs.map { $0.latency(share) * 1e6 }
            rows.append(
                BenchRow("QoS \(qos), \(label), pair", microseconds[0], "µs", peer: ("bridge", microseconds[1])))
            rows.append(
                BenchRow("QoS \(qos), \(label), pair", microseconds[0], "µs", peer: ("one broker", microseconds[2])))
        }
        rows.append(
            BenchRow("QoS \(qos), lost", Double(runs[0].lost), "messages", peer: ("bridge", Double(runs[1].lost))))
    }
    for way in [pair, bridge, alone] { try await way.stop() }
    return rows
}
