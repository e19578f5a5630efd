/// Bits a second, written `"800Mbit/s"`: bit/s, kbit/s, Mbit/s or Gbit/s (powers of 1,000).
public struct BitRate: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let bitsPerSecond: UInt64

    public init(bitsPerSecond: UInt64) { self.bitsPerSecond = bitsPerSecond }

    public static func < (left: BitRate, right: BitRate) -> Bool { left.bitsPerSecond < right.bitsPerSecond }

    private static let units: [(name: String, factor: UInt64)] = [
        ("Gbit/s", 1_000_000_000), ("Mbit/s", 1_000_000), ("kbit/s", 1_000), ("bit/s", 1),
    ]

    /// - Returns: nil for any other form.
    public init?(_ text: String) {
        guard let bits = Quantity(text)?.scaled(by: Self.units) else { return nil }
        bitsPerSecond = bits
    }

    public var description: String { Quantity.text(bitsPerSecond, units: Self.units) }
}

extension ConfigKind where Value == BitRate {
    /// A bit rate within bounds.
    public static func rate(_ range: ClosedRange<BitRate>) -> ConfigKind {
        .init(
            allowed: "\(range.lowerBound)…\(range.upperBound), for example \"800Mbit/s\"",
            text: { text throws(ConfigFault) in
                guard let rate = BitRate(text) else { throw ConfigFault("\"\(text)\" is no rate") }
                guard range.contains(rate) else { throw ConfigFault("\"\(text)\" is out of range") }
                return rate
            }, render: { $0.description })
    }
}
