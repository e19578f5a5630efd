internal import DiodeProtocol
public import FEC

/// How a packed block is cut so that its frames fit the path: K, T and N.
///
/// T is what the MTU leaves after IP, UDP and the frame's own overhead of 178 + 16 · ⌈log₂ N⌉ bytes; N follows from K,
/// K from T. The smallest path length that fits its own N is taken.
public struct BlockGeometry: Sendable, Equatable {
    /// K, T and N of one block.
    public struct Shape: Sendable, Equatable {
        /// K, 1…255.
        public let sourceSymbols: Int
        /// T, 1…65,000.
        public let symbolBytes: Int
        /// N, K…255.
        public let symbolCount: Int

        public init(sourceSymbols: Int, symbolBytes: Int, symbolCount: Int) {
            self.sourceSymbols = sourceSymbols
            self.symbolBytes = symbolBytes
            self.symbolCount = symbolCount
        }
    }

    public let framing: EthernetFraming
    public let repair: RepairRatio
    /// The largest K. The default leaves room for two disjoint transmissions with 20 % repair (ADR 0002).
    public let maximumSourceSymbols: Int
    /// The most packed bytes that one block holds.
    public let capacityBytes: Int

    /// - Parameter maximumSourceSymbols: 1…255.
    public init(framing: EthernetFraming, repair: RepairRatio, maximumSourceSymbols: Int = 104) {
        self.framing = framing
        self.repair = repair
        self.maximumSourceSymbols = maximumSourceSymbols
        let count = maximumSourceSymbols + repair.repairSymbols(sourceSymbols: maximumSourceSymbols)
        let longest = Self.symbolBytes(framing, pathLength: TransmissionHeader.pathLength(symbolCount: count))
        precondition(longest > 0, "an MTU of 576 bytes and more leaves room for a symbol")
        capacityBytes = min(longest * maximumSourceSymbols, WireLimits.maximumPackedBytes)
    }

    /// - Parameter packedBytes: 1…`capacityBytes`.
    /// - Returns: nil if the block is larger than that.
    public func shape(packedBytes: Int) -> Shape? {
        guard packedBytes <= capacityBytes else { return nil }
        for pathLength in 0...WireLimits.maximumPathLength {
            let longest = Self.symbolBytes(framing, pathLength: pathLength)
            guard longest > 0,
                let partition = SymbolPartition(
                    packedBytes: packedBytes, maximumSymbolBytes: longest, maximumSourceSymbols: maximumSourceSymbols)
            else { return nil }
            let sourceSymbols = partition.sourceSymbols
            let count = sourceSymbols + repair.repairSymbols(sourceSymbols: sourceSymbols)
            guard TransmissionHeader.pathLength(symbolCount: count) <= pathLength else { continue }
            return Shape(sourceSymbols: sourceSymbols, symbolBytes: partition.symbolBytes, symbolCount: count)
        }
        return nil
    }

    private static func symbolBytes(_ framing: EthernetFraming, pathLength: Int) -> Int {
        let rest = framing.datagramBytes - WireLimits.frameOverheadBytes - pathLength * WireLimits.pathNodeBytes
        return min(rest, WireLimits.maximumSymbolBytes)
    }
}
