internal import DiodeProtocol

/// What the jumps of topics' versions say of the gaps that swallowed their records (ADR 0026).
///
/// ```text
///  jump of x, 2 records   ├───── gap 1 ─────┤                       exact: one gap alone can have swallowed them
///  jump of y, 1 record    ├───── gap 1 ──────── gap 2 ─────┤        up to 1 in each, and 1 in both together
/// ```
/// A gap names a topic exactly if that gap alone can have swallowed the records, or if every record of the gaps together is of that topic;
/// what a gap cannot have swallowed, because all of its records are named exactly, narrows other jumps. Otherwise it names the topic with
/// *up to* so many records. The sums by topic are of jumps and not of gaps, so each record is in them once: they never exceed what the gaps
/// miss, and what no jump tells of is the rest.
///
/// Bounded: 256 names a gap, and ``stepLimit`` names looked at; the jumps over the fewest gaps come first.
public struct GapAttribution: Sendable {
    private static let nameLimit = 256
    private static let stepLimit = 4_000_000
    /// Gaps of one jump that are looked at one by one to find whether it is exact.
    private static let exactWidth = 64
    private static let passes = 8

    /// So many records of a topic, in these gaps together, or in others that are not listed one by one any more.
    private struct Share {
        let jump: VersionJump
        var records: UInt64
        var places: Range<Int>
        let reachesMerged: Bool
    }

    private let order: GapOrder
    /// Records of gaps that are listed no more and that no topic has.
    private let mergedRecords: UInt64
    /// What is known exactly: one place each. What is known together.
    private var exact: [Share] = []
    private var shared: [Share] = []
    /// Of each place, the records that are not named exactly.
    private var left: [UInt64]

    /// - Parameter losses: those of layer `gap` stand for gaps that are not listed any more; others are passed over.
    public init(_ gaps: some Sequence<Gap>, _ jumps: some Sequence<VersionJump>, losses: some Sequence<Loss>) {
        let order = GapOrder(gaps)
        let merged = losses.filter { $0.cause.layer == .gap && $0.others > 0 }
        let first = merged.map(\.first).min()
        let last = merged.map(\.last).max()
        self.order = order
        mergedRecords = merged.reduce(into: 0) { $0.add(records: $1.others) }
        left = order.gaps.map(\.absent)
        shared = jumps.compactMap { jump in
            let places = order.places(after: jump.after, before: jump.before)
            guard !places.isEmpty else { return nil }
            let reachesMerged = if let first, let last { jump.after < last && first < jump.before } else { false }
            return Share(jump: jump, records: jump.records, places: places, reachesMerged: reachesMerged)
        }
        shared.sort { a, b in
            if a.places.count != b.places.count { return a.places.count < b.places.count }
            return a.jump.before != b.jump.before
                ? a.jump.before < b.jump.before : a.jump.topic.lexicographicallyPrecedes(b.jump.topic)
        }
        for _ in 0..<Self.passes where !resolve() { break }
    }

    /// Names exactly what can be.
    /// - Returns: whether that found anything, so that more may follow from it.
    private mutating func resolve() -> Bool {
        let count = shared.count
        var rest: [Share] = []
        for var share in shared {
            guard share.places.count <= Self.exactWidth, !share.jump.isVague, !share.reachesMerged else {
                rest.append(share)
                continue
            }
            while let place = share.places.first, left[place] == 0 { share.places.removeFirst() }
            while let place = share.places.last, left[place] == 0 { share.places.removeLast() }
            guard !share.places.isEmpty else { continue }
            let room = share.places.reduce(UInt64(0)) { $0.plus(left[$1]) }
            guard share.places.count == 1 || room <= share.records else {
                rest.append(share)
                continue
            }
            for place in share.places where left[place] > 0 {
                let records = min(share.records, left[place])
                left[place] -= records
                exact.append(
                    Share(jump: share.jump, records: records, places: place..<place + 1, reachesMerged: false))
            }
        }
        shared = rest
        return rest.count < count
    }

    // MARK: By gap

    /// The topics that each gap names, by its number; the largest first.
    public var topics: [UInt64: [TopicCount]] {
        var named = [[[UInt8]: (records: UInt64, isAtMost: Bool)]](repeating: [:], count: order.gaps.count)
        var steps = 0
        func name(_ share: Share, at place: Int, isAtMost: Bool) {
            steps += 1
            let most = order.gaps[place].absent
            let known = named[place][share.jump.topic]
            guard known != nil || named[place].count < Self.nameLimit else { return }
            let records = min(share.records, isAtMost ? left[place] : most)
            named[place][share.jump.topic] = (
                min(most, records.plus(known?.records ?? 0)), isAtMost || known?.isAtMost ?? false
            )
        }
        for share in exact { name(share, at: share.places.lowerBound, isAtMost: false) }
        for share in shared where steps < Self.stepLimit {
            for place in share.places where left[place] > 0 { name(share, at: place, isAtMost: true) }
        }
        var topics: [UInt64: [TopicCount]] = [:]
        for (gap, names) in zip(order.gaps, named) where !names.isEmpty {
            topics[gap.id] = names.map {
                TopicCount(
                    topic: String(decoding: $0.key, as: UTF8.self), records: $0.value.records,
                    isAtMost: $0.value.isAtMost)
            }.sorted { a, b in
                a.records == b.records ? a.topic.utf8.lexicographicallyPrecedes(b.topic.utf8) : a.records > b.records
            }
        }
        return topics
    }

    // MARK: By topic

    /// What each topic's jumps come to in some of the gaps, and no more than these gaps miss.
    /// - Parameter isListed: whether a gap is one of those.
    public func sums(in isListed: (Gap) -> Bool = { _ in true }) -> [[UInt8]: AbsentRecords] {
        var lost = RunningSum(), missing = RunningSum(), other = RunningSum()
        for gap in order.gaps {
            let isIn = isListed(gap)
            lost.append(isIn ? gap.lost : 0)
            missing.append(isIn ? gap.missing : 0)
            other.append(isIn ? 0 : gap.absent)
        }
        var room = AbsentRecords(lost: lost.whole, missing: missing.whole)
        var sums: [[UInt8]: AbsentRecords] = [:]
        var undecided: [(topic: [UInt8], records: UInt64)] = []
        for share in exact + shared {
            let (lostHere, missingHere) = (lost.of(share.places), missing.of(share.places))
            let elsewhere = other.of(share.places).plus(share.reachesMerged ? mergedRecords : 0)
            // So many are here at least, and of these so many lost and so many missing.
            let here = min(share.records, lostHere.plus(missingHere).plus(elsewhere)).minus(elsewhere)
            let sure = AbsentRecords(
                lost: min(here.minus(missingHere), room.lost), missing: min(here.minus(lostHere), room.missing))
            room = room.without(sure)
            if sure.sum > 0 { sums[share.jump.topic, default: AbsentRecords()].add(sure) }
            if here > sure.sum { undecided.append((share.jump.topic, here - sure.sum)) }
        }
        for (topic, records) in undecided {
            let records = AbsentRecords(lostOrMissing: min(records, room.sum))
            room = room.without(records)
            if records.sum > 0 { sums[topic, default: AbsentRecords()].add(records) }
        }
        return sums
    }
}

/// Sums of any run of numbers, in constant time.
private struct RunningSum {
    private var sums: [UInt64] = [0]

    var whole: UInt64 { sums[sums.count - 1] }
    mutating func append(_ number: UInt64) { sums.append(whole.plus(number)) }
    func of(_ places: Range<Int>) -> UInt64 { sums[places.upperBound].minus(sums[places.lowerBound]) }
}
