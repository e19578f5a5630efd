internal import DiodeProtocol

/// Slices of the carousel that came and include records which are not decided yet.
///
/// They are applied in the order in which they came. One that live never reaches, because a loss of power at the sender took back what it
/// includes, is dropped. Bounded: beyond 512 slices or 16 MiB the oldest is dropped and counted; the next
/// round says it anew.
struct WaitingSlices: Sendable {
    struct Slice: Sendable {
        let heading: SliceHeading
        /// Checked.
        let content: [UInt8]
    }

    private static let sliceLimit = 512
    private static let byteLimit = 16 << 20

    private var slices: [Slice] = []
    private var byteCount = 0
    private(set) var dropped: UInt64 = 0

    init() {}

    var isEmpty: Bool { slices.isEmpty }

    mutating func removeAll() {
        dropped += UInt64(slices.count)
        (slices, byteCount) = ([], 0)
    }

    mutating func append(_ slice: Slice) {
        slices.append(slice)
        byteCount += slice.content.count
        while slices.count > Self.sliceLimit || byteCount > Self.byteLimit, slices.count > 1 {
            byteCount -= slices.removeFirst().content.count
            dropped += 1
        }
    }

    /// The oldest slice, if live has come as far as it was captured.
    mutating func takeReady(_ tracker: borrowing GapTracker, beat: (Int) -> Epoch) -> Slice? {
        while let first = slices.first, tracker.neverDecides(upTo: first.heading.capture) {
            slices.removeFirst()
            byteCount -= first.content.count
            dropped += 1
        }
        guard let first = slices.first,
            beat(tracker.sender(of: first.heading.capture.epoch) ?? 0) >= first.heading.capture.epoch,
            tracker.hasDecided(upTo: first.heading.capture)
        else { return nil }
        slices.removeFirst()
        byteCount -= first.content.count
        return first
    }
}
