internal import Time

/// How long something took: counts by powers of two of microseconds, so that it never grows.
///
/// ```text
/// bucket 0: below 1 µs │ bucket n: 2ⁿ⁻¹…2ⁿ µs │ … │ the last: above 2³⁰ µs
/// ```
public struct LatencyHistogram: Sendable, Equatable {
    private var buckets = [UInt64](repeating: 0, count: 32)
    public private(set) var count: UInt64 = 0

    public init() {}

    public mutating func add(_ duration: Duration) {
        let micros = duration.nanoseconds / 1_000
        buckets[min(UInt64.bitWidth - micros.leadingZeroBitCount, buckets.count - 1)] += 1
        count += 1
    }

    /// A time that this share (0…1) of all stayed below, in microseconds, rounded up to a power of two; 0 if there is none.
    public func microseconds(share: Double) -> UInt64 {
        guard count > 0 else { return 0 }
        var left = UInt64((share * Double(count)).rounded(.up))
        for (index, bucket) in buckets.enumerated() {
            if bucket >= left { return 1 << UInt64(index) }
            left -= bucket
        }
        return 1 << 31
    }
}
