/// A part of some bytes that have been checked, kept by its place: nothing is copied until it is written.
struct MessageBytes {
    let bytes: [UInt8]
    let range: Range<Int>

    init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        self.range = range
    }

    init(_ bytes: [UInt8]) { self.init(bytes, bytes.indices) }

    var slice: ArraySlice<UInt8> { bytes[range] }
    var fields: FieldReader { FieldReader(bytes, range) }
    /// The whole of a field that `fields` gave.
    func whole(_ field: WireField) -> MessageBytes { MessageBytes(bytes, field.range) }
    /// What a field that `fields` gave contains.
    func content(_ field: WireField) -> MessageBytes { MessageBytes(bytes, field.value) }
}
