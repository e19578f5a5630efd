import Account
import DiodeProtocol
import ReceiverIT

/// What the receiver said of its gaps, one after the other, and whether such a life is possible:
///
/// ```text
/// opened ─▶ grew, grew, … ─▶ closed: healed          each at most once, in this order;
///                    └─────▶ closed: lost ─▶ healed   no record is missing in two gaps
/// ```
struct GapModel {
    private struct Life {
        var epoch: Epoch
        var sequences: ClosedRange<UInt64>
        var state = Gap.State.open
    }

    private var lives: [UInt64: Life] = [:]
    /// Every record that was in a gap once: if it comes, it comes late.
    private(set) var wasMissing: Set<Stamp> = []

    mutating func open(_ gap: Gap) throws(NamespaceModel.Violation) {
        guard gap.state == .open, lives[gap.id] == nil, gap.missing == gap.records else {
            throw Self.violation("a gap cannot open like this", gap)
        }
        try note(gap.epoch, gap.firstSequence.rawValue...gap.lastSequence.rawValue, gap)
        lives[gap.id] = Life(epoch: gap.epoch, sequences: gap.firstSequence.rawValue...gap.lastSequence.rawValue)
    }

    mutating func grow(_ gap: Gap) throws(NamespaceModel.Violation) {
        guard var life = lives[gap.id], life.state == .open, gap.lastSequence.rawValue > life.sequences.upperBound
        else {
            throw Self.violation("a gap cannot grow like this", gap)
        }
        try note(gap.epoch, life.sequences.upperBound + 1...gap.lastSequence.rawValue, gap)
        life.sequences = life.sequences.lowerBound...gap.lastSequence.rawValue
        lives[gap.id] = life
    }

    mutating func close(_ gap: Gap) throws(NamespaceModel.Violation) {
        guard let life = lives[gap.id], gap.state != .open, life.state == .open || life.state == .lost,
            gap.state != life.state
        else { throw Self.violation("a gap cannot close like this, it was \(String(describing: lives[gap.id]))", gap) }
        lives[gap.id]?.state = gap.state
    }

    /// When all is quiet: the gaps that are there are those that were opened and did not heal, and the floor has passed none of them.
    func check(_ gaps: [Gap], floor: Stamp?) throws(NamespaceModel.Violation) {
        let wanted = lives.filter { $0.value.state != .healed }
        guard Set(gaps.map(\.id)) == Set(wanted.keys) else {
            throw NamespaceModel.Violation(promise: "P9", detail: "\(wanted) should be there: \(gaps)")
        }
        for gap in gaps {
            guard gap.state == wanted[gap.id]?.state else { throw Self.violation("nobody said that it is so", gap) }
            if let floor, Stamp(epoch: gap.epoch, sequence: gap.lastSequence) < floor, gap.missing > 0 {
                throw Self.violation("it lies below the floor \(floor) and is not lost", gap)
            }
        }
    }

    private mutating func note(
        _ epoch: Epoch, _ sequences: ClosedRange<UInt64>, _ gap: Gap
    ) throws(NamespaceModel.Violation) {
        for sequence in sequences {
            guard wasMissing.insert(Stamp(epoch: epoch, sequence: SequenceNumber(rawValue: sequence))).inserted else {
                throw Self.violation("\(sequence) is missing for the second time", gap)
            }
        }
    }

    private static func violation(_ text: String, _ gap: Gap) -> NamespaceModel.Violation {
        NamespaceModel.Violation(promise: "P9", detail: "\(text): \(gap)")
    }
}
