/// An amount of bytes, written `"64MiB"`: B, kB, MB, GB, TB (powers of 1,000) or KiB, MiB, GiB, TiB (powers of 1,024).
public struct ByteSize: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let bytes: UInt64

    public init(bytes: UInt64) { self.bytes = bytes }
    public static func kibibytes(_ count: UInt64) -> ByteSize { ByteSize(bytes: count << 10) }
    public static func mebibytes(_ count: UInt64) -> ByteSize { ByteSize(bytes: count << 20) }
    public static func gibibytes(_ count: UInt64) -> ByteSize { ByteSize(bytes: count << 30) }
    public static func tebibytes(_ count: UInt64) -> ByteSize { ByteSize(bytes: count << 40) }

    public static func < (left: ByteSize, right: ByteSize) -> Bool { left.bytes < right.bytes }

    private static let units: [(name: String, factor: UInt64)] = [
        ("TiB", 1 << 40), ("TB", 1_000_000_000_000), ("GiB", 1 << 30), ("GB", 1_000_000_000), ("MiB", 1 << 20),
        ("MB", 1_000_000), ("KiB", 1 << 10), ("kB", 1_000), ("B", 1),
    ]

    /// - Returns: nil for any other form.
    public init?(_ text: String) {
        guard let bytes = Quantity(text)?.scaled(by: Self.units) else { return nil }
        self.bytes = bytes
    }

    public var description: String { Quantity.text(bytes, units: Self.units) }
}

extension ConfigKind where Value == ByteSize {
    /// An amount of bytes within bounds.
    public static func bytes(_ range: ClosedRange<ByteSize>) -> ConfigKind {
        .init(
            allowed: "\(range.lowerBound)…\(range.upperBound), for example \"64MiB\"",
            text: { text throws(ConfigFault) in
                guard let size = ByteSize(text) else { throw ConfigFault("\"\(text)\" is no size") }
                guard range.contains(size) else { throw ConfigFault("\"\(text)\" is out of range") }
                return size
            }, render: { $0.description })
    }
}
