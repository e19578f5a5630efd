internal import Ledger
internal import Storage

/// What entries were that went into folds, read once for all links: folds are the largest entries of a ledger, and stay for ever.
struct FoldedKinds {
    private var links: [String: Set<String>] = [:]

    /// Call it inside a reading transaction.
    init(in database: borrowing Database) throws(StorageError) {
        for entry in try LedgerReader.entries(of: "", kind: LedgerFold.kind, in: database) {
            for total in LedgerFold(entry)?.totals ?? [] { links[total.link, default: []].insert(total.cause) }
        }
    }

    /// Whether entries of a kind that concern a link were folded.
    func contains(_ kind: String, of link: String) -> Bool { links[link]?.contains(kind) ?? false }

    /// Whether any of a kind were, of whatever link.
    func contains(_ kind: String) -> Bool { links.values.contains { $0.contains(kind) } }
}
