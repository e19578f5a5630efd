/// Takes fields off the front of a span. Every read is checked first and throws instead of trapping.
///
/// The loads are the unsafe part of the decoder: they are bounds-checked by the span itself, and `require` makes sure
/// beforehand that the bounds hold, so that they never trap.
public struct ByteReader: ~Escapable {
    private let bytes: RawSpan
    private var position = 0
    /// Where `bytes` begins in its packet; makes the offsets of errors count from there.
    private let origin: Int

    @_lifetime(copy bytes)
    public init(_ bytes: RawSpan, origin: Int = 0) {
        self.bytes = bytes
        self.origin = origin
    }

    /// The offset of the next byte in its packet.
    public var offset: Int { origin + position }

    public var remaining: Int { bytes.byteCount - position }

    private func require(_ count: Int) throws(CodecError) {
        guard count <= remaining else { throw CodecError(.truncated, at: offset) }
    }

    @_lifetime(self: copy self)
    public mutating func uint8() throws(CodecError) -> UInt8 {
        try require(1)
        defer { position += 1 }
        return bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self)
    }

    /// A Two Byte Integer (§1.5.2).
    @_lifetime(self: copy self)
    public mutating func uint16() throws(CodecError) -> UInt16 {
        try require(2)
        defer { position += 2 }
        return UInt16(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt16.self))
    }

    /// A Four Byte Integer (§1.5.3).
    @_lifetime(self: copy self)
    public mutating func uint32() throws(CodecError) -> UInt32 {
        try require(4)
        defer { position += 4 }
        return UInt32(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt32.self))
    }

    /// A Variable Byte Integer in its shortest form (§1.5.5), 0…268,435,455.
    @_lifetime(self: copy self)
    public mutating func variableByteInteger() throws(CodecError) -> Int {
        let start = offset
        var value = 0
        for shift in [0, 7, 14, 21] {
            let byte = try uint8()
            value |= Int(byte & 0x7F) << shift
            if byte & 0x80 == 0 {
                guard byte != 0 || shift == 0 else { throw CodecError(.invalidVariableByteInteger, at: start) }
                return value
            }
        }
        throw CodecError(.invalidVariableByteInteger, at: start)
    }

    @_lifetime(copy self)
    @_lifetime(self: copy self)
    public mutating func take(_ count: Int) throws(CodecError) -> RawSpan {
        try require(count)
        defer { position += count }
        return bytes.extracting(position..<(position + count))
    }

    /// Binary Data (§1.5.6): a length and that many bytes.
    @_lifetime(copy self)
    @_lifetime(self: copy self)
    public mutating func binary() throws(CodecError) -> RawSpan {
        let count = Int(try uint16())
        return try take(count)
    }

    /// A UTF-8 Encoded String (§1.5.4), validated.
    @_lifetime(copy self)
    @_lifetime(self: copy self)
    public mutating func string() throws(CodecError) -> RawSpan {
        let start = offset
        let text = try binary()
        guard UTF8Rules.isString(text) else { throw CodecError(.invalidString, at: start) }
        return text
    }

    /// Everything that is left.
    @_lifetime(copy self)
    @_lifetime(self: copy self)
    public mutating func rest() -> RawSpan {
        defer { position = bytes.byteCount }
        return bytes.extracting(position..<bytes.byteCount)
    }

    /// - Throws: when bytes are left.
    public func end() throws(CodecError) {
        guard remaining == 0 else { throw CodecError(.trailingBytes(remaining), at: offset) }
    }
}
