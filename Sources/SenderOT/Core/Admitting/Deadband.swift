internal import Collections
internal import JSON

/// How much a number has to change before it crosses again: `0.5`, or `{ field: "value", delta: 0.5 }` for payloads that are JSON objects.
///
/// What is no such number crosses always: it is not for a deadband to judge.
public struct Deadband: Sendable, Hashable {
    /// The longest payload that is looked into for a field.
    static let maximumObjectBytes = 64 << 10
    /// The longest text of a number.
    private static let maximumNumberBytes = 64

    /// A smaller change stays. Finite, above 0.
    public let delta: Double
    /// The member of the object that holds the number; nil if the payload is the number.
    public let field: String?

    public init(delta: Double, field: String? = nil) {
        precondition(delta > 0 && delta.isFinite, "a deadband is finite and above 0")
        self.delta = delta
        self.field = field
    }

    /// Whether the payload is too close to the one before it.
    func hides(_ payload: RawSpan, after last: RawSpan) -> Bool {
        guard let new = number(in: payload), let old = number(in: last) else { return false }
        return abs(new - old) < delta
    }

    /// The number that a payload stands for; nil if it is none.
    public func number(in payload: RawSpan) -> Double? {
        guard let field else { return Self.number(payload) }
        guard payload.byteCount <= Self.maximumObjectBytes else { return nil }
        do throws(JSON5Error) {
            switch try JSON5Reader.value(of: [UInt8](copying: payload))[field] {
            case .integer(let number)?: return Double(number)
            case .decimal(let number)?: return number
            default: return nil
            }
        } catch { return nil }
    }

    /// A JSON number (RFC 8259 §6) with nothing but space around it.
    private static func number(_ payload: RawSpan) -> Double? {
        guard payload.byteCount <= maximumNumberBytes else { return nil }
        let text = payload.withUnsafeBytes { bytes in
            let space: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) && $0 != 0x0B && $0 != 0x0C }
            let trimmed = bytes.drop(while: space)
            let end = trimmed.lastIndex { !space($0) }.map { $0 + 1 } ?? trimmed.startIndex
            return Array(trimmed[..<end])
        }
        guard isNumber(text), let number = Double(String(decoding: text, as: UTF8.self)), number.isFinite else {
            return nil
        }
        return number
    }

    /// `-? (0 | [1-9] digits) (. digits)? ([eE] [+-]? digits)?`
    private static func isNumber(_ text: [UInt8]) -> Bool {
        var rest = text[...]
        if rest.first == UInt8(ascii: "-") { rest.removeFirst() }
        let whole = digits(&rest)
        let leading = text.first == UInt8(ascii: "-") ? text.dropFirst().first : text.first
        guard whole == 1 || whole > 1 && leading != UInt8(ascii: "0") else { return false }
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            guard digits(&rest) > 0 else { return false }
        }
        if let byte = rest.first, byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
            rest.removeFirst()
            if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { rest.removeFirst() }
            guard digits(&rest) > 0 else { return false }
        }
        return rest.isEmpty
    }

    /// Takes the digits off the front.
    /// - Returns: how many there were.
    private static func digits(_ rest: inout ArraySlice<UInt8>) -> Int {
        let taken = rest.prefix { (0x30...0x39).contains($0) }
        rest = rest.dropFirst(taken.count)
        return taken.count
    }
}
