/// UTF-8 as RFC 3629 §4 allows it: shortest forms, no surrogates, nothing above U+10FFFF.
public enum UTF8Text {
    public static func isValid(_ bytes: RawSpan) -> Bool {
        var offset = 0
        let count = bytes.byteCount
        while offset < count {
            let first = bytes.byte(at: offset)
            if first < 0x80 {
                offset += 1
                continue
            }
            guard let (length, second) = Self.form(first), length <= count - offset,
                second ~= bytes.byte(at: offset + 1)
            else { return false }
            for index in 2..<max(length, 2) where bytes.byte(at: offset + index) & 0xC0 != 0x80 { return false }
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
        for offset in 0..<bytes.byteCount {
            let byte = bytes.byte(at: offset)
            if byte == 0 || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "#") { return false }
        }
        return isValid(bytes)
    }

    /// Text of bytes that are valid; where they are not, U+FFFD stands.
    public static func string(_ bytes: RawSpan) -> String {
        // The buffer is used during the call only.
        bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }
}
