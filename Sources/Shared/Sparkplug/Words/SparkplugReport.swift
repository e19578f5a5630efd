/// What a side knows of the plant's edge nodes, for status.
public struct SparkplugReport: Sendable, Equatable {
    /// One node of which there is something to say.
    public struct Node: Sendable, Equatable {
        public let id: EdgeNodeID
        /// Its state is not sure: no birth, an unknown alias, a hole in its `seq`, or restored after a start.
        public let isIncomplete: Bool
        /// Something of it is beyond a limit.
        public let isLimited: Bool
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
    /// Nodes that have no place, or of which a birth, a device or a value is beyond a limit.
    public var limited = 0
    /// Nodes with faults, incomplete or limited, rather the latter two; at most `listed`, in no order.
    public var troubled: [Node] = []

    public init() {}

    /// Lists a node if there is something to say of it and room.
    mutating func note(_ id: EdgeNodeID, isIncomplete: Bool, isLimited: Bool = false, faults: FaultCounts) {
        guard isIncomplete || isLimited || !faults.isEmpty else { return }
        let node = Node(id: id, isIncomplete: isIncomplete, isLimited: isLimited, faults: faults.byKind)
        if troubled.count < Self.listed {
            troubled.append(node)
        } else if isIncomplete || isLimited,
            let place = troubled.firstIndex(where: { !$0.isIncomplete && !$0.isLimited })
        {
            troubled[place] = node
        }
    }
}
