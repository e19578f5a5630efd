/// What the proxy has done since its start, for status.
public struct ProxyReport: Sendable, Equatable {
    public var plant = SparkplugReport()
    /// Births of nodes, whatever their reason.
    public var births: UInt64 = 0
    /// Births because a state told of something that was missing.
    public var healed: UInt64 = 0
    public var deaths: UInt64 = 0
    /// Requests of hosts for a rebirth; and births that answered them.
    public var rebirthRequests: UInt64 = 0
    public var rebirths: UInt64 = 0
    /// Commands that were ignored.
    public var commandsIgnored: UInt64 = 0
    /// Metrics that went out as historical.
    public var historical: UInt64 = 0
    /// Records that wait for a birth, and those that waited in vain.
    public var waiting = 0
    public var waitedInVain: UInt64 = 0
    /// A node found no place lately, or a birth is beyond a limit.
    public var isLimited = false
    /// Nodes that live in the plant and get no connection to the IT broker, or none that lasts; and what the last of them was told.
    public var unconnected = 0
    public var unconnectedReason = ""
    /// The first of them.
    public var unconnectedNames: [String] = []
    /// Whether the primary host is online; nil without one.
    public var primaryHostOnline: Bool?

    public init() {}

    /// The longest list of names.
    public static let named = 10

    /// Why hosts do not get all of the plant's edge nodes; nil: they do.
    public var trouble: String? {
        if unconnected > 0 {
            let more = unconnected > unconnectedNames.count ? ", …" : ""
            return "\(unconnected) edge node\(unconnected == 1 ? "" : "s") cannot connect (\(unconnectedReason)): "
                + unconnectedNames.joined(separator: ", ") + more
        }
        return isLimited ? "edge nodes, devices or births lie beyond the limits (sparkplug)" : nil
    }
}
