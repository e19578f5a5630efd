/// How much of what a plant says is kept. What lies beyond is not folded and counts as `SparkplugFault.overLimit`.
public struct SparkplugLimits: Sendable, Equatable {
    /// Edge nodes, 1…100,000, of which one group has at most three quarters. Each costs about 1 KiB beside its metrics.
    public var nodes: Int
    /// Devices of one edge node, 0…100,000. Each costs about 300 bytes beside its metrics.
    public var devicesPerNode: Int
    /// Metrics of one birth, 1…1,000,000.
    public var metricsPerBirth: Int
    /// All metrics together, in bytes: as encoded, and 200 bytes for each.
    public var bytes: Int
    /// The folded birth of one node or device, in bytes. What would make it larger is told as null.
    public var birthBytes: Int

    public init(
        nodes: Int = 1_000, devicesPerNode: Int = 1_000, metricsPerBirth: Int = 50_000, bytes: Int = 256 << 20,
        birthBytes: Int = .max
    ) {
        self.nodes = nodes
        self.devicesPerNode = devicesPerNode
        self.metricsPerBirth = metricsPerBirth
        self.bytes = bytes
        self.birthBytes = birthBytes
    }
}
