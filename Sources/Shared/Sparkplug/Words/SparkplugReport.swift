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
    /// Nodes with faults or incomplete, rather the incomplete ones; at most `listed`, in no order.
    public var troubled: [Node] = []

    public init() {}

    /// Lists a node if there is something to say of it and room.
    mutating func note(_ id: EdgeNodeID, isIncomplete: Bool, faults: FaultCounts) {
        guard isIncomplete || !faults.isEmpty else { return }
        let node = Node(id: id, isIncomplete: isIncomplete, faults: faults.byKind)
        if troubled.count < Self.listed {
            troubled.append(node)
        } else if isIncomplete, let place = troubled.firstIndex(where: { !$0.isIncomplete }) {
            troubled[place] = node
        }
    }
}
