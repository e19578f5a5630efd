extension JSONValue {
    /// The value on one line, for machines.
    public var line: String {
        var text = ""
        write(to: &text, indentation: nil, depth: 0)
        return text
    }

    /// The value on several lines, two spaces a level, for people.
    public var page: String {
        var text = ""
        write(to: &text, indentation: 2, depth: 0)
        return text
    }

    /// A text as a JSON string (RFC 8259 §7), printable as in `printable(_:)`.
    public static func quoted(_ text: String) -> String {
        var result = ""
        appendQuoted(text, to: &result)
        return result
    }

    private static func appendQuoted(_ text: String, to result: inout String) {
        result += "\""
        if isPlain(text) {
            result += text
        } else {
            for scalar in text.unicodeScalars {
                if scalar == "\"" || scalar == "\\" { result += "\\" }
                append(scalar, to: &result)
            }
        }
        result += "\""
    }

    /// Appends the value on one line, for texts of many.
    public func appendLine(to text: inout String) { write(to: &text, indentation: nil, depth: 0) }

    /// Whether it is its own JSON string, as nearly every text is.
    private static func isPlain(_ text: String) -> Bool {
        text.utf8.allSatisfy { 0x20..<0x7F ~= $0 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
    }

    /// A text with control characters, and the line ends that only JavaScript knows, escaped as in JSON, so that it is
    /// one harmless line wherever it is printed.
    public static func printable(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars { append(scalar, to: &result) }
        return result
    }

    private static func append(_ scalar: Unicode.Scalar, to text: inout String) {
        switch scalar.value {
        case 0x0A: text += "\\n"
        case 0x0D: text += "\\r"
        case 0x09: text += "\\t"
        case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029:
            let digits = String(scalar.value, radix: 16)
            text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: text.unicodeScalars.append(scalar)
        }
    }

    private func write(to text: inout String, indentation: Int?, depth: Int) {
        switch self {
        case .null: text += "null"
        case .flag(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .decimal(let value): text += value.isFinite ? "\(value)" : "null"
        case .text(let value): Self.appendQuoted(value, to: &text)
        case .array(let elements):
            Self.write(elements.count, "[", "]", to: &text, indentation, depth) { index, text in
                elements[index].write(to: &text, indentation: indentation, depth: depth + 1)
            }
        case .object(let members):
            Self.write(members.count, "{", "}", to: &text, indentation, depth) { index, text in
                Self.appendQuoted(members[index].name, to: &text)
                text += indentation == nil ? ":" : ": "
                members[index].value.write(to: &text, indentation: indentation, depth: depth + 1)
            }
        }
    }

    private static func write(
        _ count: Int, _ opening: String, _ closing: String, to text: inout String, _ indentation: Int?, _ depth: Int,
        _ element: (Int, inout String) -> Void
    ) {
        text += opening
        for index in 0..<count {
            if index > 0 { text += "," }
            if let indentation { text += "\n" + String(repeating: " ", count: indentation * (depth + 1)) }
            element(index, &text)
        }
        if let indentation, count > 0 { text += "\n" + String(repeating: " ", count: indentation * depth) }
        text += closing
    }
}
