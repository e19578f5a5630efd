package import Account
internal import DiodeProtocol
package import JSON

/// What is said of one gap: by an entry of kind `gap.opened` or `gap.closed`, or by the table that the receiver keeps.
///
/// ```js
/// { "gap": 12, "first_sequence": 400, "last_sequence": 409, "state": "open", "cause": "link", … }    one gap
/// { "cause": "link", "runs": [ { "gap": 12, … }, { "gap": 13, … } ] }                                 several of one transaction
/// ```
public struct GapStatement: Sendable, Hashable {
    package static let opened = "gap.opened", closed = "gap.closed"

    package let id, firstSequence, lastSequence: Int64
    package let state: Gap.State

    package init(id: Int64, firstSequence: Int64, lastSequence: Int64, state: Gap.State) {
        self.id = id
        self.firstSequence = firstSequence
        self.lastSequence = lastSequence
        self.state = state
    }

    var records: UInt64 { lastSequence >= firstSequence ? UInt64(lastSequence.minus(firstSequence)) + 1 : 0 }
}

extension GapStatement {
    /// As the receiver has it.
    package init(_ gap: Gap) {
        self.init(
            id: Int64(clamping: gap.id), firstSequence: Int64(clamping: gap.firstSequence.rawValue),
            lastSequence: Int64(clamping: gap.lastSequence.rawValue), state: gap.state)
    }

    /// - Returns: nil for an entry that tells of no gap, or that cannot be read; never empty.
    static func all(of entry: LedgerEntry, body: JSONValue?) -> [GapStatement]? {
        guard entry.kind == opened || entry.kind == closed, let body else { return nil }
        var statements: [GapStatement] = []
        for run in body["runs"]?.elements ?? [body] {
            guard let id = run["gap"]?.integer, let state = run["state"]?.text.flatMap(Gap.State.init(storedWord:)),
                let first = run["first_sequence"]?.integer, let last = run["last_sequence"]?.integer
            else { return nil }
            statements.append(GapStatement(id: id, firstSequence: first, lastSequence: last, state: state))
        }
        return statements.isEmpty ? nil : statements
    }

    /// The body of an entry that tells of gaps of one cause; at least one.
    package static func body(of gaps: some Collection<Gap>, cause: Gap.Cause) -> JSONValue {
        if gaps.count == 1, let gap = gaps.first { return body(of: gap) }
        return ["cause": .text(cause.storedWord), "runs": .array(gaps.map(body))]
    }

    private static func body(of gap: Gap) -> JSONValue {
        [
            "gap": .number(gap.id), "epoch": .number(gap.epoch.rawValue),
            "first_sequence": .number(gap.firstSequence.rawValue), "last_sequence": .number(gap.lastSequence.rawValue),
            "state": .text(gap.state.storedWord), "missing": .number(gap.missing), "lost": .number(gap.lost),
            "cause": .text(gap.cause.storedWord), "healed_by": .optional(gap.healedBy?.storedWord),
        ]
    }
}
