/// How often which fault was seen.
struct FaultCounts: Sendable, Equatable {
    private(set) var byKind: [SparkplugFault: UInt64] = [:]

    var isEmpty: Bool { byKind.isEmpty }

    mutating func add(_ fault: SparkplugFault) { byKind[fault, default: 0] += 1 }

    mutating func add(_ others: FaultCounts) { byKind.merge(others.byKind, uniquingKeysWith: +) }
}
