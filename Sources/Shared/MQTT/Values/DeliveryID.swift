/// Names one inbound QoS 1 or 2 delivery until it is acknowledged. Grows by one with each delivery of a `Connection`,
/// over reconnections too, and is never used twice.
public struct DeliveryID: RawRepresentable, Sendable, Hashable, Comparable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public static func < (a: DeliveryID, b: DeliveryID) -> Bool { a.rawValue < b.rawValue }
}
