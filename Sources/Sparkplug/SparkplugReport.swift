/// What a side knows of the plant's edge nodes, for status.
public struct SparkplugReport: Sendable, Equatable {
    /// One node of which there is something to say.
    public struct Node: Sendable, Equatable {
        public let id: EdgeNodeID
        /// Its state is not sure: no birth, an unknown alias, a hole in its `seq`, or restored after a start.
        public let isIncomplete: Bool
        public let faults: [SparkplugFault: UInt64]
    }

    /// Longest list of `troubled`.
    public static let listed = 32

    public var nodes = 0
    /// Nodes that are alive: born in the plant (sender) or on the IT broker (proxy).
    public var born = 0
    public var devices = 0
    public var metrics = 0
    /// Bytes of all metrics, as `SparkplugLimits.bytes` counts them.
    public var bytes = 0
    /// Since the start.
    public var faults: [SparkplugFault: UInt64] = [:]
    public var incomplete = 0
    /// Nodes with faults or incomplete, the incomplete ones first; at most `listed`.
    public var troubled: [Node] = []

    public init() {}
}
