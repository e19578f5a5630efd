/// What MQTT demands of strings (§1.5.4) and topic names (§4.7.1), checked eight bytes at a time while they are ASCII.
///
/// The loads are bounds-checked by the span; the loop conditions keep them within it.
public enum UTF8Rules {
    /// Well-formed UTF-8 (no surrogates, nothing overlong) without U+0000.
    public static func isString(_ bytes: RawSpan) -> Bool {
        scan(bytes, isTopic: false)
    }

    /// A string of 1…65,535 bytes without the wildcards `+` and `#`.
    public static func isTopicName(_ bytes: RawSpan) -> Bool {
        bytes.byteCount > 0 && bytes.byteCount <= 65_535 && scan(bytes, isTopic: true)
    }

    private static func scan(_ bytes: RawSpan, isTopic: Bool) -> Bool {
        let count = bytes.byteCount
        var index = 0
        while index < count {
            while index + 8 <= count {
                let word = bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
                guard word & eighthBits == 0, !hasZero(word) else { break }
                if isTopic, hasZero(word ^ pluses) || hasZero(word ^ hashes) { return false }
                index += 8
            }
            // The tail, or a word with something that is not plain: one character at a time, then try words again.
            let limit = min(index + 8, count)
            while index < limit {
                let byte = bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
                if byte < 0x80 {
                    if byte == 0 || (isTopic && (byte == UInt8(ascii: "+") || byte == UInt8(ascii: "#"))) {
                        return false
                    }
                    index += 1
                } else {
                    let length = multibyteLength(bytes, at: index)
                    guard length > 0 else { return false }
                    index += length
                }
            }
        }
        return true
    }

    /// The length of the well-formed character that starts at `index` with a byte of 0x80 or more; 0 if there is none
    /// (Unicode 15, table 3-7).
    private static func multibyteLength(_ bytes: RawSpan, at index: Int) -> Int {
        let lead = bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0...0xEF:
            length = 3
            if lead == 0xE0 { second = 0xA0...0xBF }
            if lead == 0xED { second = 0x80...0x9F }
        case 0xF0...0xF4:
            length = 4
            if lead == 0xF0 { second = 0x90...0xBF }
            if lead == 0xF4 { second = 0x80...0x8F }
        default: return 0
        }
        guard index + length <= bytes.byteCount,
            second.contains(bytes.unsafeLoad(fromByteOffset: index + 1, as: UInt8.self))
        else { return 0 }
        for next in (index + 2)..<max(index + length, index + 2) {
            guard bytes.unsafeLoad(fromByteOffset: next, as: UInt8.self) & 0xC0 == 0x80 else { return 0 }
        }
        return length
    }

    private static let eighthBits: UInt64 = 0x8080_8080_8080_8080
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let pluses: UInt64 = 0x2B2B_2B2B_2B2B_2B2B
    private static let hashes: UInt64 = 0x2323_2323_2323_2323

    /// Whether one of the eight bytes is zero; exact when no byte has its eighth bit set, as is the case here.
    private static func hasZero(_ word: UInt64) -> Bool {
        (word &- ones) & ~word & eighthBits != 0
    }
}
