import JSON
import ReceiverIT

/// The totals of a link, with what a power loss of the sender took back left out on both sides.
///
/// `delivered + late = published + outbox + shed + dead + folded`: a record that came and became void stands in `repeated` alone.
/// It has gone one of the five ways, nearly always published; nobody remembers which, so it is taken off in that order.
struct AuditTotals {
    let account: EpochAccount
    private(set) var published, outbox, shed, dead, folded: UInt64
    private let pending, repeatedInDoubt: UInt64

    init(_ link: LinkAudit) {
        account = link.account
        pending = link.pending
        repeatedInDoubt = link.outbox.repeatedInDoubt
        var void = link.account.repeated
        func less(_ records: UInt64) -> UInt64 {
            let taken = min(records, void)
            void -= taken
            return records - taken
        }
        published = less(link.outbox.published)
        outbox = less(link.outbox.waiting)
        shed = less(link.outbox.shed)
        dead = less(link.outbox.dead)
        folded = less(link.outbox.folded)
    }

    var json: JSONValue {
        [
            "sent": .number(account.sent), "delivered": .number(account.delivered), "late": .number(account.late),
            "missing": .number(account.missing), "lost": .number(account.lost), "pending": .number(pending),
            "decided": .number(account.sent), "published": .number(published), "outbox": .number(outbox),
            "shed": .number(shed), "dead": .number(dead), "folded": .number(folded), "refreshed": 0,
            "repeated": .number(account.repeated), "repeated_in_doubt": .number(repeatedInDoubt),
        ]
    }
}
