public import JSON

/// Why a value was refused; the section adds file, place, key and what is allowed.
public struct ConfigFault: Error, Sendable {
    public let reason: String
    public init(_ reason: String) { self.reason = reason }
}

/// How a value is written, and which values are allowed.
public struct ConfigKind<Value: Sendable>: Sendable {
    /// What is allowed, for messages: `0%…100%, for example "20%"`.
    public let allowed: String
    let parse: @Sendable (JSONValue, _ file: String) throws(ConfigFault) -> Value
    let render: @Sendable (Value) -> JSONValue

    /// - Parameters:
    ///   - allowed: what is allowed, for messages.
    ///   - parse: reads a value; the second argument is the path of the configuration file.
    ///   - render: writes a value as it could stand in the file.
    public init(
        allowed: String, parse: @escaping @Sendable (JSONValue, _ file: String) throws(ConfigFault) -> Value,
        render: @escaping @Sendable (Value) -> JSONValue
    ) {
        self.allowed = allowed
        self.parse = parse
        self.render = render
    }

    /// A kind that is written as text.
    public init(
        allowed: String, text parse: @escaping @Sendable (String) throws(ConfigFault) -> Value,
        render: @escaping @Sendable (Value) -> String
    ) {
        self.init(
            allowed: allowed,
            parse: { value, _ throws(ConfigFault) in
                guard case .text(let text) = value else { throw ConfigFault("a \(value.kind) stands here") }
                return try parse(text)
            }, render: { .text(render($0)) })
    }
}

extension ConfigKind where Value == Int {
    /// A whole number.
    public static func integer(_ range: ClosedRange<Int>) -> ConfigKind {
        .init(
            allowed: "\(range.lowerBound)…\(range.upperBound)",
            parse: { value, _ throws(ConfigFault) in
                guard case .integer(let number) = value else { throw ConfigFault("\(shown(value)) is no whole number") }
                guard let number = Int(exactly: number), range.contains(number) else {
                    throw ConfigFault("\(number) is out of range")
                }
                return number
            }, render: { .number($0) })
    }
}

extension ConfigKind where Value == Bool {
    /// `true` or `false`.
    public static var flag: ConfigKind {
        .init(
            allowed: "true or false",
            parse: { value, _ throws(ConfigFault) in
                guard case .flag(let flag) = value else {
                    throw ConfigFault("\(shown(value)) is neither true nor false")
                }
                return flag
            }, render: { .flag($0) })
    }
}

extension ConfigKind where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
    /// One of a few words, which are the raw values of an enum.
    public static var oneOf: ConfigKind {
        let words = Value.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " or ")
        return .init(
            allowed: words,
            text: { text throws(ConfigFault) in
                guard let choice = Value(rawValue: text) else { throw ConfigFault("\"\(text)\" is none of them") }
                return choice
            }, render: { $0.rawValue })
    }
}

extension ConfigKind where Value == String {
    /// A text, bounded in UTF-8 bytes, without control characters.
    public static func text(_ bytes: ClosedRange<Int>) -> ConfigKind {
        .init(
            allowed: "a text of \(bytes.lowerBound)…\(bytes.upperBound) bytes without control characters",
            text: { text throws(ConfigFault) in
                guard bytes.contains(text.utf8.count) else { throw ConfigFault("has \(text.utf8.count) bytes") }
                guard text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
                    throw ConfigFault("has a control character")
                }
                return text
            }, render: { $0 })
    }

    /// The name of a link: it is part of topics, file names and cards.
    public static var linkName: ConfigKind {
        .init(
            allowed: "1…64 of A–Z a–z 0–9 . _ -",
            text: { text throws(ConfigFault) in
                guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy(isNameByte) else {
                    throw ConfigFault("\"\(text)\" is no link name")
                }
                return text
            }, render: { $0 })
    }

    /// One level of a topic: 1…64 bytes that are no separator or wildcard, and do not begin with `$`.
    public static var topicLevel: ConfigKind {
        .init(
            allowed: "1…64 bytes without / + #, not beginning with $",
            text: { text throws(ConfigFault) in
                guard (1...64).contains(text.utf8.count), !text.hasPrefix("$"), text != "diode",
                    !text.utf8.contains(where: { $0 < 0x20 || "/+#".utf8.contains($0) })
                else { throw ConfigFault("\"\(text.prefix(60))\" is no topic level") }
                return text
            }, render: { $0 })
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }
}

/// A value as it could stand in the file, for messages; a long one is cut.
func shown(_ value: JSONValue) -> String {
    let line = value.line
    return line.count > 60 ? line.prefix(60) + "…" : line
}
