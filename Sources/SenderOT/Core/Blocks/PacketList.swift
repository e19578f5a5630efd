/// Which records of a block came at QoS 1 or 2, and under which packet identifier: what a resumed session may repeat.
///
/// ```text
/// │ packet identifier (2) │ offset of the record's sequence in the block (2) │ …   big-endian
/// ```
package struct PacketList: Sendable, Equatable {
    package private(set) var bytes: [UInt8] = []

    init() {}

    /// What is no whole entry is left out.
    package init(bytes: RawSpan) { self.bytes = bytes.withUnsafeBytes { Array($0.prefix($0.count & ~3)) } }

    var isEmpty: Bool { bytes.isEmpty }

    /// - Parameter offset: of the record's sequence from the block's first; beyond 65,535 nothing is noted.
    mutating func append(packet: UInt16, offset: UInt64) {
        guard offset <= UInt16.max else { return }
        let word = UInt32(packet) << 16 | UInt32(offset)
        for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(shift))) }
    }

    /// The packet identifiers by the offset of their record.
    package var packetsByOffset: [UInt64: UInt16] {
        var found: [UInt64: UInt16] = [:]
        for start in stride(from: 0, to: bytes.count, by: 4) {
            let offset = UInt64(bytes[start + 2]) << 8 | UInt64(bytes[start + 3])
            found[offset] = UInt16(bytes[start]) << 8 | UInt16(bytes[start + 1])
        }
        return found
    }
}
