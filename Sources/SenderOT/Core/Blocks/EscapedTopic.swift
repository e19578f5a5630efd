/// What can be shown of bytes that were meant as a topic and are none.
///
/// ```text
/// acme/M FC nchen ─▶ acme/M\xFCnchen        acme/+/x ─▶ acme/\x2B/x        nothing ─▶ (no topic)
/// ```
///
/// The text is a valid topic name, so that it can stand on the wire where topics do, and holds nothing that a terminal or a page would
/// obey: control characters, formatting marks and the wildcards are escaped like bytes that are not UTF-8.
enum EscapedTopic {
    /// What is longer is cut.
    static let maximumBytes = 1_024
    /// A character of four bytes, each escaped.
    private static let mostAtOnce = 16
    private static let ellipsis = "…"

    static func text(_ bytes: RawSpan) -> String {
        guard bytes.byteCount > 0 else { return "(no topic)" }
        // The pointer lives only within the closure.
        return bytes.withUnsafeBytes { text($0.prefix(maximumBytes), isCut: $0.count > maximumBytes) }
    }

    private static func text(_ bytes: Slice<UnsafeRawBufferPointer>, isCut: Bool) -> String {
        var text = ""
        var position = bytes.startIndex
        var iterator = bytes.makeIterator()
        var parser = Unicode.UTF8.ForwardParser()
        while text.utf8.count + mostAtOnce + ellipsis.utf8.count <= maximumBytes {
            switch parser.parseScalar(from: &iterator) {
            case .valid(let encoded):
                let scalar = UTF8.decode(encoded)
                if isPlain(scalar) {
                    text.unicodeScalars.append(scalar)
                } else {
                    for byte in encoded { text += escape(byte) }
                }
                position += encoded.count
            case .error(let length):
                for byte in bytes[position..<min(position + length, bytes.endIndex)] { text += escape(byte) }
                position += length
            case .emptyInput: return isCut ? text + ellipsis : text
            }
        }
        return text + ellipsis
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar != "+", scalar != "#", scalar != "\\" else { return false }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: return false
        default: return true
        }
    }

    private static func escape(_ byte: UInt8) -> String {
        "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }
}
