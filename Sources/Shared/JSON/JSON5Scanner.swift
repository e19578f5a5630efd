/// Reads the tokens of JSON5 and knows where it stands.
struct JSON5Scanner {
    private let bytes: [UInt8]
    private var index = 0
    private var line = 1
    private var lineStart = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        // A byte order mark is white space (json5.org §8).
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
    }

    var isAtEnd: Bool { index >= bytes.count }
    var next: UInt8? { index < bytes.count ? bytes[index] : nil }
    var position: JSON5Document.Position { .init(line: line, column: index - lineStart + 1) }

    func fault(_ reason: String) -> JSON5Error { JSON5Error(position: position, reason: reason) }

    func validateEncoding() throws(JSON5Error) {
        // Most texts are ASCII, which needs no copy to find out.
        guard !bytes.allSatisfy({ $0 < 0x80 }) else { return }
        guard String(validating: bytes, as: UTF8.self) != nil else { throw fault("the text is not UTF-8") }
    }

    mutating func advance() {
        if next == 0x0A {
            line += 1
            lineStart = index + 1
        }
        index += 1
    }

    mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        advance()
        return true
    }

    /// Skips white space and comments.
    mutating func skipSpace() throws(JSON5Error) {
        while let byte = next {
            switch byte {
            case 0x09...0x0D, 0x20: advance()
            case 0xC2 where follows([0xC2, 0xA0]): index += 2
            case 0xE2 where follows([0xE2, 0x80, 0xA8]) || follows([0xE2, 0x80, 0xA9]): index += 3
            case 0xEF where follows([0xEF, 0xBB, 0xBF]): index += 3
            case UInt8(ascii: "/") where follows(Array("//".utf8)):
                while let byte = next, byte != 0x0A { advance() }
            case UInt8(ascii: "/") where follows(Array("/*".utf8)): try skipComment()
            default: return
            }
        }
    }

    private mutating func skipComment() throws(JSON5Error) {
        let start = position
        index += 2
        while !follows(Array("*/".utf8)) {
            guard !isAtEnd else { throw JSON5Error(position: start, reason: "this comment has no end") }
            advance()
        }
        index += 2
    }

    private func follows(_ expected: [UInt8]) -> Bool { bytes[index...].starts(with: expected) }

    static func beginsName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
            UInt8(ascii: "$"):
            true
        default: false
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    /// A name without quotes.
    mutating func name() throws(JSON5Error) -> String {
        let start = index
        while let byte = next, Self.beginsName(byte) || index > start && Self.isDigit(byte) { index += 1 }
        guard index > start else { throw fault("a name is missing here") }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    mutating func memberName() throws(JSON5Error) -> String {
        guard next == UInt8(ascii: "\"") || next == UInt8(ascii: "'") else { return try name() }
        return try string()
    }

    /// A text in single or double quotes.
    mutating func string() throws(JSON5Error) -> String {
        if let text = plainString() { return text }
        let start = position
        let quote = next
        advance()
        var text: [UInt8] = []
        while let byte = next {
            if byte == quote {
                advance()
                return String(decoding: text, as: UTF8.self)
            }
            guard byte != 0x0A, byte != 0x0D else { break }
            advance()
            if byte == UInt8(ascii: "\\") { try escape(into: &text) } else { text.append(byte) }
        }
        throw JSON5Error(position: start, reason: "this text has no closing quote")
    }

    /// A text without escapes, as nearly every one is; nil, and nothing is taken, for any other.
    private mutating func plainString() -> String? {
        guard let quote = next else { return nil }
        var end = index + 1
        while end < bytes.count, bytes[end] != quote {
            guard bytes[end] != UInt8(ascii: "\\"), bytes[end] != 0x0A, bytes[end] != 0x0D else { return nil }
            end += 1
        }
        guard end < bytes.count else { return nil }
        defer { index = end + 1 }
        return String(decoding: bytes[index + 1..<end], as: UTF8.self)
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSON5Error) {
        guard let byte = next else { throw fault("the text ends within an escape") }
        advance()
        switch byte {
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "v"): text.append(0x0B)
        case UInt8(ascii: "x"): append(try hexadecimal(digits: 2), to: &text)
        case UInt8(ascii: "u"): append(try unicodeEscape(), to: &text)
        case 0x0D: _ = take(0x0A)
        case 0x0A: break
        case UInt8(ascii: "0"):
            guard next.map(Self.isDigit) != true else { throw fault("an octal escape is not allowed") }
            text.append(0)
        case UInt8(ascii: "1")...UInt8(ascii: "9"): throw fault("an octal escape is not allowed")
        default: text.append(byte)
        }
    }

    private mutating func unicodeEscape() throws(JSON5Error) -> UInt32 {
        let first = try hexadecimal(digits: 4)
        guard (0xD800..<0xE000).contains(first) else { return first }
        guard first < 0xDC00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
            throw fault("half of a surrogate pair")
        }
        let second = try hexadecimal(digits: 4)
        guard (0xDC00..<0xE000).contains(second) else { throw fault("half of a surrogate pair") }
        return 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
    }

    private func append(_ value: UInt32, to text: inout [UInt8]) {
        guard let scalar = Unicode.Scalar(value) else { return }
        text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }

    private mutating func hexadecimal(digits: Int) throws(JSON5Error) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<digits {
            guard let byte = next, let digit = Self.hexadecimalDigit(byte) else {
                throw fault("\(digits) hexadecimal digits are missing here")
            }
            value = value << 4 | digit
            advance()
        }
        return value
    }

    private static func hexadecimalDigit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case 0x30...0x39: UInt32(byte - 0x30)
        case 0x41...0x46: UInt32(byte - 0x37)
        case 0x61...0x66: UInt32(byte - 0x57)
        default: nil
        }
    }

    /// A number: decimal, hexadecimal, with a sign, with a leading or trailing point.
    mutating func number() throws(JSON5Error) -> JSONValue {
        if let number = wholeNumber() { return .integer(number) }
        let start = position
        let from = index
        while let byte = next, Self.mayStandInNumber(byte) { index += 1 }
        let text = String(decoding: bytes[from..<index], as: UTF8.self)
        guard !text.isEmpty else { throw fault("this is no value") }
        let isNegative = text.hasPrefix("-")
        let digits = isNegative || text.hasPrefix("+") ? text.dropFirst() : text[...]
        if digits.hasPrefix("0x") || digits.hasPrefix("0X") {
            let sign = isNegative ? "-" : ""
            if digits.utf8.dropFirst(2).allSatisfy({ Self.hexadecimalDigit($0) != nil }),
                let value = Int64(sign + digits.dropFirst(2), radix: 16)
            {
                return .integer(value)
            }
        } else if Self.isDecimal(digits) {
            if let value = Int64(text) { return .integer(value) }
            if let value = Double((isNegative ? "-0" : "0") + padded(digits)), value.isFinite { return .decimal(value) }
        }
        throw JSON5Error(position: start, reason: "\"\(text)\" is no number")
    }

    /// At most 18 decimal digits, as nearly every number is; nil, and nothing is taken, for any other.
    private mutating func wholeNumber() -> Int64? {
        let isNegative = next == UInt8(ascii: "-")
        let first = isNegative ? index + 1 : index
        var end = first
        var value: Int64 = 0
        while end < bytes.count, end - first < 18, Self.isDigit(bytes[end]) {
            value = value * 10 + Int64(bytes[end] - 0x30)
            end += 1
        }
        guard end > first, end == bytes.count || !Self.mayStandInNumber(bytes[end]),
            end - first == 1 || bytes[first] != 0x30
        else { return nil }
        index = end
        return isNegative ? -value : value
    }

    /// Swift wants digits on both sides of the point.
    private func padded(_ digits: Substring) -> String {
        guard let point = digits.firstIndex(of: ".") else { return String(digits) }
        let after = digits.index(after: point)
        let isBare = after == digits.endIndex || !(digits[after].isASCII && digits[after].isNumber)
        return isBare ? digits[..<after] + "0" + digits[after...] : String(digits)
    }

    private static func mayStandInNumber(_ byte: UInt8) -> Bool {
        beginsName(byte) || isDigit(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: ".")
    }

    /// Digits with at most one point, then maybe an exponent; no leading zero before another digit (json5.org §6).
    private static func isDecimal(_ text: Substring) -> Bool {
        let parts = text.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == "e" || $0 == "E" }
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        guard mantissa.count <= 2, mantissa.contains(where: { !$0.isEmpty }),
            mantissa.allSatisfy({ $0.utf8.allSatisfy(isDigit) }),
            mantissa[0].count < 2 || !mantissa[0].hasPrefix("0")
        else { return false }
        guard parts.count == 2 else { return true }
        let exponent = parts[1].hasPrefix("+") || parts[1].hasPrefix("-") ? parts[1].dropFirst() : parts[1]
        return !exponent.isEmpty && exponent.utf8.allSatisfy(isDigit)
    }
}
