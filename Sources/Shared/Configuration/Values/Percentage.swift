/// A share, written `"20%"` or `"12.5%"`, exact to a hundredth of a percent.
public struct Percentage: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Hundredths of a percent: 2,000 is 20 %.
    public let basisPoints: Int

    public init(basisPoints: Int) { self.basisPoints = basisPoints }
    public static func percent(_ whole: Int) -> Percentage { Percentage(basisPoints: whole * 100) }

    /// As a fraction: 0.2 is 20 %.
    public var share: Double { Double(basisPoints) / 10_000 }

    public static func < (left: Percentage, right: Percentage) -> Bool { left.basisPoints < right.basisPoints }

    /// - Returns: nil for any other form.
    public init?(_ text: String) {
        guard text.hasSuffix("%"), text.utf8.count <= 10 else { return nil }
        let parts = text.dropLast().split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isDigit) }), let whole = Int(parts[0])
        else { return nil }
        guard parts.count == 2 else {
            basisPoints = whole * 100
            return
        }
        guard parts[1].count <= 2, let fraction = Int(parts[1]) else { return nil }
        basisPoints = whole * 100 + (parts[1].count == 1 ? fraction * 10 : fraction)
    }

    public var description: String {
        let (whole, rest) = basisPoints.quotientAndRemainder(dividingBy: 100)
        guard rest != 0 else { return "\(whole)%" }
        return rest % 10 == 0 ? "\(whole).\(rest / 10)%" : "\(whole).\(rest < 10 ? "0" : "")\(rest)%"
    }
}

extension ConfigKind where Value == Percentage {
    /// A share within bounds.
    public static func percentage(_ range: ClosedRange<Percentage>) -> ConfigKind {
        .init(
            allowed: "\(range.lowerBound)…\(range.upperBound), for example \"20%\"",
            text: { text throws(ConfigFault) in
                guard let share = Percentage(text) else { throw ConfigFault("\"\(text)\" is no percentage") }
                guard range.contains(share) else { throw ConfigFault("\"\(text)\" is out of range") }
                return share
            }, render: { $0.description })
    }
}
