import Simulator

/// The share of records that arrives without an operator, by outage and loss, for what heals: a table as docs/RECOVERY.md has it. Nothing
/// of it is measured on this machine: both cores live through hours of virtual time.
func benchRecovery() async throws -> [BenchRow] {
    let outages: [(name: String, length: Duration)] = [
        ("1 s", .seconds(1)), ("10 s", .seconds(10)), ("1 min", .seconds(60)), ("10 min", .seconds(600)),
        ("30 min", .seconds(1_800)), ("1 h", .seconds(3_600)), ("2 h", .seconds(7_200)),
    ]
    let shares = [0.01, 0.05, 0.2, 0.4, 0.6]
    let losses = [false, true].flatMap { isBursty in
        shares.map { RecoveryRun.Loss(share: $0, inBursts: isBursty) }
    }
    let cells = try await withThrowingTaskGroup(of: (Int, String).self) { group in
        for (row, loss) in losses.enumerated() {
            for (column, outage) in outages.enumerated() {
                group.addTask {
                    let seed = UInt64(row * outages.count + column)
                    let shares = try RecoveryRun.Means.allCases.map { means in
                        try RecoveryRun(outage: outage.length, loss: loss, means: means).share(seed: seed)
                    }
                    return (Int(seed), shares.map(percent).joined(separator: " / "))
                }
            }
        }
        return try await group.reduce(into: [Int: String]()) { $0[$1.0] = $1.1 }
    }
    print("| loss | " + outages.map(\.name).joined(separator: " | ") + " |")
    print("|---|" + String(repeating: "---|", count: outages.count))
    for (row, loss) in losses.enumerated() {
        let name = "\(Int((loss.share * 100).rounded())) % \(loss.inBursts ? "in bursts" : "random")"
        let columns = outages.indices.map { cells[row * outages.count + $0] ?? "" }
        print("| \(name) | " + columns.joined(separator: " | ") + " |")
    }
    return []
}

/// Rounded down, so that 100 means all.
private func percent(_ share: Double) -> String {
    let tenths = Int(share * 1_000)
    return tenths == 1_000 ? "100" : "\(tenths / 10).\(tenths % 10)"
}
