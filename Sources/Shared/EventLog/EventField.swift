/// A value beside the message: `["link": "plant-a", "gap": .number(12)]`.
public enum EventField: Hashable, Sendable, ExpressibleByStringLiteral, ExpressibleByStringInterpolation,
    ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral
{
    case text(String)
    case number(Int64)
    case flag(Bool)

    /// Any integer; one that does not fit is clamped.
    public static func number(_ value: some BinaryInteger) -> EventField { .number(Int64(clamping: value)) }

    public init(stringLiteral value: String) { self = .text(value) }
    public init(integerLiteral value: Int64) { self = .number(value) }
    public init(booleanLiteral value: Bool) { self = .flag(value) }
}
