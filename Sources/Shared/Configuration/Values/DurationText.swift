/// Durations as they stand in a configuration: `"2ms"`, `"10m"`, `"7d"`; us, ms, s, m, h or d, a whole number of them.
public enum DurationText {
    private static let units: [(name: String, factor: UInt64)] = [
        ("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000), ("us", 1),
    ]

    /// - Returns: nil for any other form, and beyond 100,000 years.
    public static func parse(_ text: String) -> Duration? {
        guard let microseconds = Quantity(text)?.scaled(by: units), microseconds < 1 << 61 else { return nil }
        return .microseconds(Int64(microseconds))
    }

    /// The shortest exact text of a duration of whole microseconds, not negative.
    public static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        guard seconds > 0 || attoseconds > 0 else { return "0s" }
        return Quantity.text(UInt64(seconds) * 1_000_000 + UInt64(attoseconds / 1_000_000_000_000), units: units)
    }
}

extension ConfigKind where Value == Duration {
    /// A duration within bounds.
    public static func duration(_ range: ClosedRange<Duration>) -> ConfigKind {
        .init(
            allowed:
                "\(DurationText.text(range.lowerBound))…\(DurationText.text(range.upperBound)), for example \"2s\"",
            text: { text throws(ConfigFault) in
                guard let duration = DurationText.parse(text) else { throw ConfigFault("\"\(text)\" is no duration") }
                guard range.contains(duration) else { throw ConfigFault("\"\(text)\" is out of range") }
                return duration
            }, render: { DurationText.text($0) })
    }
}
