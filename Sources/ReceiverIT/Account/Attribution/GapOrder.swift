public import DiodeProtocol

/// The gaps of a link that miss anything, in the order of their records, to find those that lie between two stamps.
public struct GapOrder: Sendable {
    public let gaps: [Gap]

    public init(_ gaps: some Sequence<Gap>) {
        self.gaps = gaps.filter { $0.absent > 0 }.sorted { $0.first < $1.first }
    }

    /// Where the gaps lie that may have records newer than `after` and older than `before`.
    public func places(after: Stamp, before: Stamp) -> Range<Int> {
        let from = place { $0.last > after }
        return from..<max(from, place { $0.first >= before })
    }

    /// The first gap that a condition holds of which holds of all gaps behind it, too.
    private func place(where isBehind: (Gap) -> Bool) -> Int {
        var (from, end) = (0, gaps.count)
        while from < end {
            let middle = from + (end - from) / 2
            if isBehind(gaps[middle]) { end = middle } else { from = middle + 1 }
        }
        return from
    }
}

extension Gap {
    /// Records of it that are not here.
    public var absent: UInt64 { missing.plus(lost) }

    fileprivate var first: Stamp { Stamp(epoch: epoch, sequence: firstSequence) }
    fileprivate var last: Stamp { Stamp(epoch: epoch, sequence: lastSequence) }
}
