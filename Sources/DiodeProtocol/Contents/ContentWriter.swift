/// Appends the primitive forms of docs/WIRE.md to a buffer that keeps its memory.
struct ContentWriter: ~Copyable {
    private(set) var bytes: [UInt8] = []

    init() {}

    /// Goes on in the memory of an array, which is emptied.
    init(reusing array: consuming [UInt8], reserving count: Int) {
        bytes = array
        bytes.removeAll(keepingCapacity: true)
        bytes.reserveCapacity(count)
    }

    var count: Int { bytes.count }

    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    mutating func byte(_ value: UInt8) { bytes.append(value) }

    mutating func word(_ value: UInt64) {
        for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func zigzag(_ value: Int64) { varint(Self.zigzag(value)) }

    mutating func append(_ span: RawSpan) { bytes.append(span) }

    mutating func append(_ array: [UInt8]) { bytes.append(contentsOf: array) }

    mutating func text(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// A varint length and a text, which is cut to so many bytes.
    mutating func lengthPrefixed(_ text: String, limit: Int) {
        let text = UTF8Text.cut(text, maximumBytes: limit)
        varint(UInt64(text.utf8.count))
        self.text(text)
    }

    static func zigzag(_ value: Int64) -> UInt64 { UInt64(bitPattern: (value << 1) ^ (value >> 63)) }

    /// Bytes that a varint takes: 1…10.
    static func varintBytes(_ value: UInt64) -> Int { value == 0 ? 1 : (70 - value.leadingZeroBitCount) / 7 }
}
