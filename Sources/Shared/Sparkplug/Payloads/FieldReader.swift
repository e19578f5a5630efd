/// One field of a protobuf message, by its places in the bytes it was read from.
///
/// ```text
/// │ tag: number, wire type │ [length] │ value │
/// └──────────────── range ───────────────────┘
///                                     └─value─┘
/// ```
struct WireField: Sendable, Equatable {
    /// How a value is delimited. No known field is a group, but one that nobody knows may be: it is skipped as a whole.
    enum Form: UInt8, Sendable {
        case varint = 0
        case fixed64 = 1
        case bytes = 2
        case group = 3
        case fixed32 = 5
    }

    var number: Int
    var form: Form
    /// The whole field.
    var range: Range<Int>
    /// The value without its length.
    var value: Range<Int>
    /// The value of a varint; 0 for other forms.
    var varint: UInt64

    /// What a bool says.
    var isTrue: Bool { varint != 0 }
}

/// Reads the fields of one protobuf message, one after the other (protobuf encoding, "Message Structure"). Every length is checked
/// before it is used.
struct FieldReader: IteratorProtocol, Sequence {
    /// How deeply groups may stand in each other.
    private static let deepestGroup = 24

    private let bytes: [UInt8]
    private var position: Int
    private let end: Int
    /// Reading stopped before the end.
    private(set) var isDamaged = false

    /// - Parameter range: of the message, within the bytes.
    init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    /// The next field; nil at the end and where the bytes are damaged.
    mutating func next() -> WireField? {
        guard position < end, !isDamaged else { return nil }
        let start = position
        guard let field = readField(from: start) else {
            isDamaged = true
            return nil
        }
        position = field.range.upperBound
        return field
    }

    private mutating func readField(from start: Int) -> WireField? {
        guard let (number, wireType) = readTag(), let form = WireField.Form(rawValue: wireType) else { return nil }
        var length = 0
        switch form {
        case .varint:
            let valueStart = position
            guard let value = readVarint() else { return nil }
            let range = start..<position
            return WireField(number: number, form: form, range: range, value: valueStart..<position, varint: value)
        case .fixed64: length = 8
        case .fixed32: length = 4
        case .group:
            let valueStart = position
            guard let end = skipGroup(number) else { return nil }
            return WireField(
                number: number, form: form, range: start..<position, value: valueStart..<end, varint: 0)
        case .bytes:
            guard let announced = readVarint(), announced <= UInt64(end - position) else { return nil }
            length = Int(announced)
        }
        guard length <= end - position else { return nil }
        let value = position..<(position + length)
        return WireField(number: number, form: form, range: start..<value.upperBound, value: value, varint: 0)
    }

    private mutating func readTag() -> (number: Int, wireType: UInt8)? {
        guard let tag = readVarint(), let number = Int(exactly: tag >> 3), 1...0x1FFF_FFFF ~= number else { return nil }
        return (number, UInt8(tag & 7))
    }

    /// Goes behind the end of a group whose start was read.
    /// - Returns: where its end begins.
    private mutating func skipGroup(_ number: Int) -> Int? {
        var open = [number]
        while true {
            let start = position
            guard let (number, wireType) = readTag() else { return nil }
            switch wireType {
            case 3:
                guard open.count < Self.deepestGroup else { return nil }
                open.append(number)
            case 4:
                guard open.popLast() == number else { return nil }
                if open.isEmpty { return start }
            case 0: guard readVarint() != nil else { return nil }
            case 1: guard skip(8) else { return nil }
            case 5: guard skip(4) else { return nil }
            case 2: guard let length = readVarint(), skip(length) else { return nil }
            default: return nil
            }
        }
    }

    private mutating func skip(_ length: UInt64) -> Bool {
        guard length <= UInt64(end - position) else { return false }
        position += Int(length)
        return true
    }

    /// At most ten bytes; what is beyond 64 bits is cut off, as protobuf decoders do.
    private mutating func readVarint() -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard position < end else { return nil }
            let byte = bytes[position]
            position += 1
            value |= shift < 64 ? UInt64(byte & 0x7F) << shift : 0
            if byte < 0x80 { return value }
        }
        return nil
    }
}
