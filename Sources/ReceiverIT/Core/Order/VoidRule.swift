internal import Account
internal import DiodeProtocol

/// What of one epoch a loss of power at the sender may still take back (ADR 0009).
///
/// A sender that lost its power may have sent more than its journal kept. The beats of its next epoch say how far the old one was
/// committed. Whatever the receiver has or misses behind that mark is void, because the OT broker hands those messages over again, and
/// then they get new numbers.
///
/// ```text
///  old epoch   ████████░░████████│██░░████░░░│
///                           committed         frontier
///                                └── holes close without loss, what was released counts as repeated
/// ```
///
/// The rule does not hold for an epoch whose beats said that the sender could not write its journal: it may have acknowledged records
/// from memory, so the OT broker does not repeat them, and what is missing stays missing. Nor does it hold for what the journal had for
/// good, as the beats of the epoch said: a sender that says later that the epoch ended before that speaks from an older copy of its database.
struct VoidRule: Sendable {
    /// What a power loss at the sender took back.
    struct Voided: Sendable {
        /// Records that had been released.
        var delivered: UInt64 = 0
        /// Records that were missing or lost.
        var absent: UInt64 = 0
        /// The holes that closed or were cut, as they were, each with its missing records behind the mark.
        var holes: [(hole: Hole, records: UInt64)] = []
    }

    /// Units with shed records that are remembered: those behind the sender's last commit, so there are few.
    private static let limit = 1_024

    /// Oldest first; at most `limit`, beyond which the oldest is forgotten.
    private(set) var shed: [EpochTrack.ShedMark] = []
    /// The sender said that it could not write its journal.
    private(set) var wasUndurable = false
    /// The journal holds everything up to this record for good.
    private(set) var journalled: UInt64 = 0
    /// The sender stopped, and this was its last record.
    private(set) var ending: UInt64?

    init() {}

    /// Goes on from what was stored.
    init(restoring row: TrackRow) {
        shed = row.shedRuns
        wasUndurable = row.wasUndurable
        journalled = row.journalled
        ending = row.ending
    }

    /// What a beat of the epoch says of its journal.
    mutating func note(_ beat: Beat) {
        if beat.isDurable == false { wasUndurable = true }
        journalled = max(journalled, beat.journalled?.rawValue ?? 0)
        ending = beat.ending?.rawValue
    }

    /// Records of a released unit that begins with this sequence stand for records that the sender shed.
    mutating func noteShed(_ records: UInt64, from sequence: UInt64) {
        if shed.count == Self.limit { shed.removeFirst() }
        shed.append(EpochTrack.ShedMark(sequence: sequence, records: records))
    }

    /// The sender's journal has everything up to this sequence: as much cannot become void any more.
    mutating func noteCommitted(upTo sequence: UInt64) { shed.removeAll { $0.sequence <= sequence } }

    /// Moves out how many shed records lie behind a sequence, and forgets all of them: the epoch is over.
    mutating func takeShed(behind sequence: UInt64) -> UInt64 {
        defer { shed = [] }
        return shed.reduce(0) { $1.sequence > sequence ? $0.plus($1.records) : $0 }
    }
}

extension EpochTrack {
    /// Records that the sender shed, of one unit that was released: they count as lost, and would become void with the unit.
    package struct ShedMark: Sendable, Equatable {
        /// The unit's first.
        package var sequence: UInt64
        package var records: UInt64

        package init(sequence: UInt64, records: UInt64) {
            self.sequence = sequence
            self.records = records
        }
    }
}
