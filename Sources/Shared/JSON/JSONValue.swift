/// A JSON value (RFC 8259). An object keeps the order of its members and has none twice.
public enum JSONValue: Hashable, Sendable {
    case null
    case flag(Bool)
    /// A number without a fraction that fits into 64 bits.
    case integer(Int64)
    /// Any other number; always finite.
    case decimal(Double)
    case text(String)
    case array([JSONValue])
    case object([Member])

    /// A name and its value.
    public struct Member: Hashable, Sendable {
        public let name: String
        public let value: JSONValue

        public init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// Any integer; one that does not fit is clamped, as counters never reach that far.
    public static func number(_ value: some BinaryInteger) -> JSONValue { .integer(Int64(clamping: value)) }

    /// A text, or null where there is none.
    public static func optional(_ text: String?) -> JSONValue { text.map { .text($0) } ?? .null }

    /// The member of an object by name; nil where there is none, and for what is no object.
    public subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// The text, if it is one.
    public var text: String? { if case .text(let value) = self { value } else { nil } }
    /// The integer, if it is one.
    public var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    /// The flag, if it is one.
    public var flag: Bool? { if case .flag(let value) = self { value } else { nil } }
    /// The elements, if it is an array.
    public var elements: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    /// The members, if it is an object.
    public var members: [Member]? { if case .object(let value) = self { value } else { nil } }

    /// What kind of value it is, for messages: `text`, `object`, …
    public var kind: String {
        switch self {
        case .null: "null"
        case .flag: "true or false"
        case .integer, .decimal: "number"
        case .text: "text"
        case .array: "list"
        case .object: "object"
        }
    }
}

extension JSONValue: ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    public init(stringLiteral value: String) { self = .text(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(booleanLiteral value: Bool) { self = .flag(value) }
    public init(nilLiteral: ()) { self = .null }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(elements.map { Member($0.0, $0.1) })
    }
}
