/// Reads the primitive forms of docs/WIRE.md, each checked before it is used.
struct ContentReader: ~Escapable {
    let bytes: RawSpan
    private(set) var offset: Int
    private let end: Int

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan) {
        self.bytes = bytes
        offset = 0
        end = bytes.byteCount
    }

    /// Reads `range` of the same bytes, so that offsets in errors stay those of the content.
    @_lifetime(copy bytes)
    init(_ bytes: RawSpan, _ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.byteCount, "the range was checked")
        self.bytes = bytes
        offset = range.lowerBound
        end = range.upperBound
    }

    var remaining: Int { end - offset }
    var isAtEnd: Bool { offset == end }

    @_lifetime(self: copy self)
    mutating func byte() throws(ContentError) -> UInt8 {
        guard offset < end else { throw .truncated(at: offset) }
        defer { offset += 1 }
        return bytes.byte(at: offset)
    }

    @_lifetime(self: copy self)
    mutating func word() throws(ContentError) -> UInt64 {
        guard remaining >= 8 else { throw .truncated(at: offset) }
        defer { offset += 8 }
        return bytes.bigEndian(at: offset)
    }

    /// LEB128 in its shortest form (W-31).
    @_lifetime(self: copy self)
    mutating func varint() throws(ContentError) -> UInt64 {
        let start = offset
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = try byte()
            // The tenth byte holds bit 63 alone.
            if shift == 63, next > 1 { throw .varint(at: start) }
            value |= UInt64(next & 0x7F) << shift
            if next < 0x80 {
                if next == 0, shift > 0 { throw .varint(at: start) }
                return value
            }
            shift += 7
        }
    }

    /// A varint that counts or numbers something: below 2⁶³ (W-31).
    @_lifetime(self: copy self)
    mutating func number() throws(ContentError) -> UInt64 {
        let start = offset
        let value = try varint()
        guard value < 1 << 63 else { throw .number(value, at: start) }
        return value
    }

    /// Eight bytes that count or number something, within a range below 2⁶³ (W-31).
    @_lifetime(self: copy self)
    mutating func wideNumber(from lowest: UInt64 = 0) throws(ContentError) -> UInt64 {
        let start = offset
        let value = try word()
        guard lowest..<(1 << 63) ~= value else { throw .number(value, at: start) }
        return value
    }

    /// A topic version: at least 1 (W-32).
    @_lifetime(self: copy self)
    mutating func version() throws(ContentError) -> TopicVersion {
        let start = offset
        let value = try number()
        guard value > 0 else { throw .versionZero(at: start) }
        return TopicVersion(rawValue: value)
    }

    @_lifetime(self: copy self)
    mutating func zigzag() throws(ContentError) -> Int64 {
        let raw = try varint()
        return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
    }

    /// A varint that counts things of at least `minimumBytes` each: no more than the bytes that are left can hold.
    @_lifetime(self: copy self)
    mutating func count(minimumBytes: Int, limit: Int = .max) throws(ContentError) -> Int {
        let start = offset
        let value = try varint()
        guard value <= UInt64(remaining / minimumBytes), value <= UInt64(limit) else { throw .count(value, at: start) }
        return Int(value)
    }

    /// The range of the next `count` bytes, which are there.
    @_lifetime(self: copy self)
    mutating func take(_ count: Int) throws(ContentError) -> Range<Int> {
        guard count >= 0, count <= remaining else { throw .truncated(at: offset) }
        defer { offset += count }
        return offset..<(offset + count)
    }

    /// A varint length and that many bytes.
    @_lifetime(self: copy self)
    mutating func lengthPrefixed() throws(ContentError) -> Range<Int> {
        let length = try count(minimumBytes: 1)
        return try take(length)
    }

    /// All that is left.
    @_lifetime(self: copy self)
    mutating func rest() -> Range<Int> {
        defer { offset = end }
        return offset..<end
    }

    @_lifetime(self: copy self)
    mutating func text(_ range: Range<Int>, limit: Int) throws(ContentError) -> String {
        let span = bytes.extracting(range)
        guard range.count <= limit, UTF8Text.isValid(span) else { throw .text(at: range.lowerBound) }
        return span.text
    }

    /// A byte that is 0 or 1.
    @_lifetime(self: copy self)
    mutating func boolean() throws(ContentError) -> Bool {
        let start = offset
        let value = try byte()
        guard value <= 1 else { throw .reserved(value, at: start) }
        return value == 1
    }

    func requireEnd() throws(ContentError) {
        guard isAtEnd else { throw .trailing(at: offset) }
    }
}
