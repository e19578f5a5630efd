/// UTF-8 as RFC 3629 §4 allows it: shortest forms, no surrogates, nothing above U+10FFFF.
public enum UTF8Text {
    public static func isValid(_ bytes: RawSpan) -> Bool {
        var offset = 0
        let count = bytes.byteCount
        while offset < count {
            if offset + 8 <= count, bytes.bigEndian(at: offset, as: UInt64.self) & Self.topBits == 0 {
                offset += 8
                continue
            }
            let first = bytes.byte(at: offset)
            if first < 0x80 {
                offset += 1
                continue
            }
            guard let (length, second) = Self.form(first), length <= count - offset,
                second ~= bytes.byte(at: offset + 1)
            else { return false }
            for index in 2..<length where bytes.byte(at: offset + index) & 0xC0 != 0x80 { return false }
            offset += length
        }
        return true
    }

    /// The length that a first byte announces, and what its second byte may be (RFC 3629 §4).
    private static func form(_ first: UInt8) -> (Int, ClosedRange<UInt8>)? {
        switch first {
        case 0xC2...0xDF: (2, 0x80...0xBF)
        case 0xE0: (3, 0xA0...0xBF)
        case 0xED: (3, 0x80...0x9F)
        case 0xE1...0xEF: (3, 0x80...0xBF)
        case 0xF0: (4, 0x90...0xBF)
        case 0xF1...0xF3: (4, 0x80...0xBF)
        case 0xF4: (4, 0x80...0x8F)
        default: nil
        }
    }

    /// A name that a PUBLISH may carry (MQTT 5 §4.7): 1…65,535 bytes of UTF-8 without `+`, `#` and U+0000.
    public static func isTopicName(_ bytes: RawSpan) -> Bool {
        guard 1...WireLimits.maximumTopicBytes ~= bytes.byteCount else { return false }
        var offset = 0
        while offset + 8 <= bytes.byteCount {
            let word = bytes.bigEndian(at: offset, as: UInt64.self)
            if holdsZero(word) || holdsZero(word ^ Self.plusSigns) || holdsZero(word ^ Self.numberSigns) {
                return false
            }
            offset += 8
        }
        while offset < bytes.byteCount {
            let byte = bytes.byte(at: offset)
            if byte == 0 || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "#") { return false }
            offset += 1
        }
        return isValid(bytes)
    }

    /// The longest beginning of a text that takes no more bytes: whole Unicode scalars.
    public static func cut(_ text: String, maximumBytes: Int) -> String {
        guard text.utf8.count > maximumBytes else { return text }
        var end = text.utf8.index(text.utf8.startIndex, offsetBy: maximumBytes)
        while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
        return String(text[..<end])
    }

    private static let topBits: UInt64 = 0x8080_8080_8080_8080
    private static let plusSigns: UInt64 = 0x2B2B_2B2B_2B2B_2B2B
    private static let numberSigns: UInt64 = 0x2323_2323_2323_2323

    /// Whether one of eight bytes is zero: only then does taking 1 from it borrow into its top bit while that was clear.
    private static func holdsZero(_ word: UInt64) -> Bool {
        (word &- 0x0101_0101_0101_0101) & ~word & topBits != 0
    }
}
