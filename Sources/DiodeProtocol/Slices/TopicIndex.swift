/// Finds a topic's place in a table by its bytes: open addressing, at most half full. The owner of the table keeps the topics.
///
/// ```text
/// bucket   hash (32) │ place + 1 (32), 0 if free          the bucket of a hash: its low bits, then the next free one
/// ```
///
/// Removing closes the hole that it leaves, so that a table where topics come and go stays as fast as a new one. Memory: 16 to
/// 32 bytes a topic. The hash is seeded for each process: who chooses topic names cannot choose collisions. Whoever finds many topics
/// calls it once a record, hence it is inlinable.
package struct TopicIndex: Sendable {
    @usableFromInline var buckets = [UInt64](repeating: 0, count: 64)
    package private(set) var count = 0

    package init() {}

    /// The hash of a topic.
    @inlinable
    package static func hash(_ topic: RawSpan) -> UInt32 {
        var hasher = Hasher()
        topic.withUnsafeBytes { hasher.combine(bytes: $0) }
        return UInt32(truncatingIfNeeded: hasher.finalize() >> 32)
    }

    /// The place that is held under a hash and for which `isSought` says so.
    @inlinable @inline(__always)
    package func find(_ hash: UInt32, _ isSought: (Int) -> Bool) -> Int? {
        var bucket = home(hash)
        while buckets[bucket] != 0 {
            let found = buckets[bucket]
            if Self.hash(found) == hash, isSought(Self.place(found)) { return Self.place(found) }
            bucket = next(bucket)
        }
        return nil
    }

    /// Adds a place, 0..<2³², that is not there.
    package mutating func insert(_ place: Int, _ hash: UInt32) {
        if (count + 1) * 2 > buckets.count { grow() }
        count += 1
        put(UInt64(hash) << 32 | UInt64(place + 1))
    }

    /// Removes a place that is there.
    package mutating func remove(_ place: Int, _ hash: UInt32) {
        let sought = UInt64(hash) << 32 | UInt64(place + 1)
        var hole = home(hash)
        while buckets[hole] != sought {
            precondition(buckets[hole] != 0, "what is removed is there")
            hole = next(hole)
        }
        count -= 1
        // What follows moves up unless it would then stand before its home.
        var bucket = next(hole)
        while buckets[bucket] != 0 {
            let distance = (bucket &- home(Self.hash(buckets[bucket]))) & mask
            if distance >= (bucket &- hole) & mask {
                buckets[hole] = buckets[bucket]
                hole = bucket
            }
            bucket = next(bucket)
        }
        buckets[hole] = 0
    }

    private mutating func grow() {
        let old = buckets
        buckets = [UInt64](repeating: 0, count: old.count * 2)
        for bucket in old where bucket != 0 { put(bucket) }
    }

    private mutating func put(_ value: UInt64) {
        var bucket = home(Self.hash(value))
        while buckets[bucket] != 0 { bucket = next(bucket) }
        buckets[bucket] = value
    }

    @inlinable var mask: Int { buckets.count - 1 }
    @inlinable func home(_ hash: UInt32) -> Int { Int(hash) & mask }
    @inlinable func next(_ bucket: Int) -> Int { (bucket + 1) & mask }
    @inlinable static func hash(_ bucket: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: bucket >> 32) }
    @inlinable static func place(_ bucket: UInt64) -> Int { Int(bucket & 0xFFFF_FFFF) - 1 }
}
