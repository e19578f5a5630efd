/// How much of what a plant says is kept. What lies beyond is not folded and counts as `SparkplugFault.overLimit`.
public struct SparkplugLimits: Sendable, Equatable {
    /// Edge nodes, 1…100,000. Each costs about 1 KiB beside its metrics.
    public var nodes: Int
    /// Devices of one edge node, 0…100,000. Each costs about 300 bytes beside its metrics.
    public var devicesPerNode: Int
    /// Metrics of one birth, 1…1,000,000.
    public var metricsPerBirth: Int
    /// All metrics together, in bytes: as encoded, and 200 bytes for each.
    public var bytes: Int

    public init(
        nodes: Int = 1_000, devicesPerNode: Int = 1_000, metricsPerBirth: Int = 50_000, bytes: Int = 256 << 20
    ) {
        self.nodes = nodes
        self.devicesPerNode = devicesPerNode
        self.metricsPerBirth = metricsPerBirth
        self.bytes = bytes
    }
}
