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
        guard start == bytes.count else { return }
        start = 0
        // Keep the memory of an ordinary write, not that of an extraordinary one.
        bytes.removeAll(keepingCapacity: bytes.capacity <= 1 << 20)
    }

    mutating func removeAll() { consume(pending) }
}
