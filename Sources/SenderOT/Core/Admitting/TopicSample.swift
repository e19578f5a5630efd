/// Topics, all counted and the first of them named.
public struct TopicSample: Sendable {
    /// Topics that are named.
    public static let limit = 100

    public private(set) var count = 0
    public private(set) var names: [String] = []

    public init() {}

    /// Takes back what somebody else has counted.
    public init(count: Int, names: [String]) {
        self.count = count
        self.names = names
    }

    public mutating func add(_ topic: [UInt8]) {
        count += 1
        if names.count < Self.limit { names.append(String(decoding: topic, as: UTF8.self)) }
    }
}
