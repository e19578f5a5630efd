/// How many filters one SUBSCRIBE may carry, learnt from the server: MQTT has no way to announce it, and a server that takes fewer
/// ends the connection (AWS IoT takes eight).
public struct SubscribeSize: Sendable, Equatable {
    /// What no known server refuses.
    private static let careful = 8
    /// What stands before the filters, at most: header, packet identifier, properties.
    private static let headBytes = 16
    /// What stands around each filter: its length and its options.
    private static let frameBytes = 3
    /// The most bytes of one SUBSCRIBE, whatever the server allows.
    private static let maximumBytes = 16 << 10

    /// How many filters the next SUBSCRIBE may carry, 1…256.
    public private(set) var maximumFilters: Int

    public init(maximumFilters: Int = 256) { self.maximumFilters = max(1, maximumFilters) }

    /// How many filters from the front go into the next SUBSCRIBE.
    /// - Parameter limitBytes: the server's Maximum Packet Size.
    /// - Returns: 0 if the first one alone does not fit.
    public func count(of filters: some Sequence<String>, limitBytes: Int) -> Int {
        var bytes = Self.headBytes
        var count = 0
        for filter in filters {
            bytes += Self.frameBytes + filter.utf8.count
            let fits = bytes <= limitBytes && (count == 0 || bytes <= Self.maximumBytes)
            guard fits, count < maximumFilters else { break }
            count += 1
        }
        return count
    }

    /// The server did not take a SUBSCRIBE of so many filters: the next one carries fewer.
    public mutating func shrink(below count: Int) {
        maximumFilters = min(maximumFilters, count > Self.careful ? Self.careful : max(1, count / 2))
    }
}
