/// What following the chain came to.
public enum ChainVerdict: Sendable, Equatable {
    /// Every entry follows from those before it, folds included, and every noted head agrees.
    case intact(head: LedgerHead, folded: Int64)
    /// The first that does not.
    case broken(Divergence)

    /// Where a ledger departs from what it was, or cannot be shown to be the same.
    public enum Divergence: Error, Sendable, Hashable, CustomStringConvertible {
        /// Its hash does not follow from it and those before: it or one of its numbers was changed.
        case changed(entry: Int64)
        /// Entries are gone, and no fold names just these.
        case missing(first: Int64, last: Int64)
        /// An entry that names a fold makes no sense.
        case fold(entry: Int64)
        /// Every hash follows, but another chain was noted: it was rewritten behind `agreed` and at or before `entry`.
        case rewritten(agreed: Int64, entry: Int64)
        /// The ledger ends before an entry that was noted: its tail was cut, or an old file was put back.
        case cut(newest: Int64, noted: Int64)
        /// The noted entry was folded, so its hash is gone: note a newer head.
        case folded(noted: Int64, first: Int64, last: Int64)

        /// The entry at which it shows.
        public var entry: Int64 {
            switch self {
            case .changed(let entry), .missing(let entry, _), .fold(let entry), .rewritten(_, let entry): entry
            case .cut(let newest, _): newest + 1
            case .folded(let noted, _, _): noted
            }
        }

        /// One sentence without a full stop.
        public var description: String {
            switch self {
            case .changed(let entry): "the ledger diverges at entry \(entry): it does not follow from those before it"
            case .missing(let first, let last):
                first == last
                    ? "the ledger diverges at entry \(first): it is gone and was not folded"
                    : "the ledger diverges at entry \(first): entries \(first) to \(last) are gone and were not folded"
            case .fold(let entry):
                "the ledger diverges at entry \(entry): what it says of folded entries makes no sense"
            case .rewritten(let agreed, let entry):
                "the ledger diverges from the noted head at entry \(entry): it was rewritten behind entry \(agreed), every hash"
                    + " recomputed"
            case .cut(let newest, let noted):
                "the ledger ends at entry \(newest), but entry \(noted) was noted: its tail was cut, or an old file was put back"
            case .folded(let noted, let first, let last):
                "the noted head \(noted) cannot be compared: entries \(first) to \(last) were folded; note a newer head"
            }
        }
    }
}
