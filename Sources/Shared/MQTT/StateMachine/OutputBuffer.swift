/// Encoded packets that wait to be written; the memory is reused.
struct OutputBuffer: Sendable {
    /// Packets are appended here.
    var bytes: [UInt8] = []
    private var start = 0

    /// How many bytes wait.
    var pending: Int { bytes.count - start }

    /// What waits.
    var span: RawSpan {
        @_lifetime(borrow self)
        borrowing get { bytes.span.bytes.extracting(start..<bytes.count) }
    }

    /// `count` bytes were written.
    mutating func consume(_ count: Int) {
        precondition(count <= pending, "more written than there was")
        start += count
        if start == bytes.count {
            start = 0
            // Keep the memory of an ordinary write, not that of an extraordinary one.
            bytes.removeAll(keepingCapacity: bytes.capacity <= 1 << 20)
        } else if start >= 64 << 10, start >= pending {
            // Moves no more bytes than were written since the last time.
            bytes.removeFirst(start)
            start = 0
        }
    }

    mutating func removeAll() { consume(pending) }
}
