/// Writes protobuf fields.
struct FieldWriter {
    private(set) var bytes: [UInt8] = []

    mutating func varint(_ number: Int, _ value: UInt64) {
        append(UInt64(number) << 3)
        append(value)
    }

    mutating func message(_ number: Int, _ body: some Collection<UInt8>) {
        append(UInt64(number) << 3 | 2)
        append(UInt64(body.count))
        bytes += body
    }

    /// A message of two parts.
    mutating func message(_ number: Int, _ start: some Collection<UInt8>, _ end: some Collection<UInt8>) {
        append(UInt64(number) << 3 | 2)
        append(UInt64(start.count + end.count))
        bytes += start
        bytes += end
    }

    /// A field, or several, as they were read.
    mutating func raw(_ fields: some Collection<UInt8>) { bytes += fields }

    mutating func reserve(_ count: Int) { bytes.reserveCapacity(count) }

    private mutating func append(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
