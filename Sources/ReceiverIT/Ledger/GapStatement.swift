internal import JSON

/// What an entry of kind `gap.opened` or `gap.closed` says of one gap.
///
/// ```js
/// { "gap": 12, "first_sequence": 400, "last_sequence": 409, "state": "open", "cause": "link", … }    one gap
/// { "cause": "link", "runs": [ { "gap": 12, … }, { "gap": 13, … } ] }                                 several of one transaction
/// ```
struct GapStatement {
    static let opened = "gap.opened", closed = "gap.closed"

    let id, firstSequence, lastSequence: Int64
    /// `open`, `healed`, `lost`.
    let state: String

    var records: UInt64 { lastSequence >= firstSequence ? UInt64(lastSequence - firstSequence) + 1 : 0 }

    /// - Returns: nil for an entry that tells of no gap, or that cannot be read; never empty.
    static func all(of entry: LedgerEntry, body: JSONValue?) -> [GapStatement]? {
        guard entry.kind == opened || entry.kind == closed, let body else { return nil }
        var statements: [GapStatement] = []
        for run in body["runs"]?.elements ?? [body] {
            guard let id = run["gap"]?.integer, let state = run["state"]?.text,
                let first = run["first_sequence"]?.integer, let last = run["last_sequence"]?.integer
            else { return nil }
            statements.append(GapStatement(id: id, firstSequence: first, lastSequence: last, state: state))
        }
        return statements.isEmpty ? nil : statements
    }
}
