internal import Collections
package import DiodeProtocol

/// Holds slices until the records that they include have left: the receiver can apply them only then, and a record that was
/// never committed must not cross in a slice.
///
/// ```text
/// hold ─▶ waiting, at most 4 MiB ──▶ release: the newest live record that has left ≥ the slice's capture
/// ```
package struct SliceGate {
    private static let limitBytes = 4 << 20

    private var waiting = Ring<SnapshotSlice>()
    private var bytes = 0

    package init() {}

    package var isEmpty: Bool { waiting.isEmpty }
    package var hasRoom: Bool { bytes < Self.limitBytes }

    package mutating func hold(_ slice: SnapshotSlice) {
        waiting.append(slice)
        bytes += slice.byteCount
    }

    /// The next slice whose records have left.
    /// - Parameter left: the newest record of the running epoch that has left.
    package mutating func release(left: SequenceNumber) -> SnapshotSlice? {
        guard let first = waiting.first, first.heading.capture.sequence <= left else { return nil }
        bytes -= first.byteCount
        return waiting.popFirst()
    }
}
