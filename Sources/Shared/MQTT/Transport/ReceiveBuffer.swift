/// Bytes from the server: what was read and not yet taken, and room behind it.
///
/// ```text
///  │ taken │ readable (start ..< end) │ room │
/// ```
///
/// Holds 64 KiB, or one larger packet while it arrives.
struct ReceiveBuffer: Sendable {
    static let ordinaryBytes = 64 << 10

    private var bytes = [UInt8](repeating: 0, count: ordinaryBytes)
    private var start = 0
    private var end = 0

    /// What was read and not taken.
    var readable: RawSpan {
        @_lifetime(borrow self)
        borrowing get { bytes.span.bytes.extracting(start..<end) }
    }

    var isFull: Bool { end == bytes.count }

    /// Makes room at the end, for a packet of `packetBytes` in all if it is known how large the next one is.
    mutating func makeRoom(packetBytes: Int?) {
        let kept = end - start
        let needed = max(Self.ordinaryBytes, packetBytes ?? 0)
        if needed != bytes.count, needed > bytes.count || kept == 0 {
            var other = [UInt8]()
            other.reserveCapacity(needed)
            other.append(span: readable)
            other.append(contentsOf: repeatElement(0, count: needed - kept))
            bytes = other
        } else if start > 0 {
            // Both lie within the array; `copyMemory` allows them to overlap.
            bytes.withUnsafeMutableBytes {
                $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<end]))
            }
        }
        start = 0
        end = kept
    }

    /// Reads once.
    mutating func fill(from stream: borrowing ByteStream) throws(ConnectionError) -> Transfer {
        precondition(!isFull, "there is no room to read into")
        let transfer = try stream.read(into: &bytes, from: end)
        if case .bytes(let count) = transfer { end += count }
        return transfer
    }

    mutating func take(_ count: Int) {
        precondition(count <= end - start, "more taken than there was")
        start += count
    }

    mutating func removeAll() {
        start = 0
        end = 0
    }
}
