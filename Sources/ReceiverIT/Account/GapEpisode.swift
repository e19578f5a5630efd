public import DiodeProtocol
public import Time

/// Gaps of one cause less than 5 s apart (ADR 0014), as people are told of them, in the log and at `diode/<link>/gap`: once when it opens,
/// once when all of it is decided.
public struct GapEpisode: Sendable, Equatable {
    /// One of its gaps, as it is now.
    public struct Run: Sendable, Equatable {
        public let gap: UInt64
        public let epoch: Epoch
        public package(set) var firstSequence, lastSequence: SequenceNumber
        public package(set) var missing, lost: UInt64

        package init(_ gap: Gap) {
            self.gap = gap.id
            epoch = gap.epoch
            firstSequence = gap.firstSequence
            lastSequence = gap.lastSequence
            missing = gap.missing
            lost = gap.lost
        }

        public var records: UInt64 { lastSequence.rawValue.minus(firstSequence.rawValue).plus(1) }
    }

    public let cause: Gap.Cause
    public let openedAt: UnixMilliseconds
    public package(set) var closedAt: UnixMilliseconds?
    /// What filled the last gap that healed.
    public package(set) var healedBy: Gap.Healing?
    /// In the order in which they were told of; at least one.
    public package(set) var runs: [Run]

    /// The first gap's, which the audit has too.
    public var id: UInt64 { runs.first?.gap ?? 0 }
    public var records: UInt64 { runs.reduce(into: 0) { $0.add(records: $1.records) } }
    public var missing: UInt64 { runs.reduce(into: 0) { $0.add(records: $1.missing) } }
    public var lost: UInt64 { runs.reduce(into: 0) { $0.add(records: $1.lost) } }
    public var state: Gap.State { Gap.State(missing: missing, lost: lost) }

    /// An episode of no gap yet.
    package init(cause: Gap.Cause, openedAt: UnixMilliseconds) {
        self.cause = cause
        self.openedAt = openedAt
        runs = []
    }

    /// One that has just opened with a gap.
    package init(_ gap: Gap) {
        self.init(cause: gap.cause, openedAt: gap.openedAt)
        runs = [Run(gap)]
    }
}
