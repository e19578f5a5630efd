/// Messages in a time, written `"2/s"`, `"10/min"` or `"1/h"`: a whole number of them, then s, min or h.
public struct MessageRate: Hashable, Sendable, CustomStringConvertible {
    private static let units: [(name: String, seconds: Int64)] = [("s", 1), ("min", 60), ("h", 3_600)]

    /// The most messages in one unit.
    public static let maximumMessages = 1_000

    public let description: String
    /// The least time between two of them.
    public let interval: Duration

    /// - Returns: nil for any other form, and beyond 1…1,000 of a unit.
    public init?(_ text: String) {
        guard let quantity = Quantity(text), (1...UInt64(Self.maximumMessages)).contains(quantity.number),
            let unit = Self.units.first(where: { quantity.unit == "/\($0.name)" })
        else { return nil }
        description = "\(quantity.number)/\(unit.name)"
        interval = .microseconds(unit.seconds * 1_000_000 / Int64(quantity.number))
    }
}

extension ConfigKind where Value == MessageRate {
    /// So many messages in a time.
    public static var messageRate: ConfigKind {
        .init(
            allowed: "1…\(MessageRate.maximumMessages) of /s, /min or /h, for example \"2/s\"",
            text: { text throws(ConfigFault) in
                guard let rate = MessageRate(text) else { throw ConfigFault("\"\(text.prefix(60))\" is no such rate") }
                return rate
            }, render: { $0.description })
    }
}
