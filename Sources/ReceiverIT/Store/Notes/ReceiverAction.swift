internal import DiodeProtocol
internal import JSON
package import Ledger
package import Time

/// What the receiver itself did, as the ledger names it. Each has a body with a `detail` for people.
package enum ReceiverAction {
    package static let started = "receiver.started"
    package static let stopped = "receiver.stopped"
    package static let configured = "configuration"
    static let newAuditKey = FoldCheck.newKey
    package static let paired = "pair"
    /// The sender's key has handed over to another one, which is followed.
    package static let rotated = "rotation"
    package static let revoked = "key.revoked"
    /// Another sender of the link speaks, and two of them do.
    static let leased = "lease"
    static let contested = "lease.contested"
    package static let acknowledged = "ack"
    package static let forgotten = "link.forgotten"
    static let superseded = "epoch.superseded"
    static let refused = "statement.refused"
    package static let clockStepped = "clock.step"
    package static let durableLost = "durable.lost"
    static let durableRegained = "durable.regained"
    /// Whether anything can be written again is tried by writing.
    package static let attempted = "durable.attempted"
    static let setAside = "database.set-aside"
    /// The tables are not what was sealed last. Exit 5 until somebody has looked into it.
    package static let altered = "account.altered"

    /// Those that an audit lists: of the receiver as a whole, and of one link.
    package static let all = [
        configured, newAuditKey, started, stopped, clockStepped, durableLost, durableRegained, setAside,
        forgotten, altered,
    ]
    /// The newest of these says what runs, and under which keys: it is never folded.
    package static let keptNewest = [started, configured]
    package static let ofLink = [paired, rotated, revoked, leased, contested, acknowledged, superseded, refused]

    /// - Parameter unwritten: ledger entries that found no room meanwhile.
    package static func regained(_ detail: String, unwritten: Int, at time: UnixMilliseconds) -> LedgerEntry {
        let body: JSONValue = ["detail": .text(detail), "unwritten": .number(unwritten)]
        return LedgerEntry(link: "", at: time.rawValue, kind: durableRegained, body: body.line)
    }

    /// - Parameter defects: at least one.
    static func altered(_ defects: [String], at time: UnixMilliseconds) -> LedgerEntry {
        entry(altered, defects.joined(separator: "; "), at: time)
    }

    /// A ledger names the key before tables are sealed with it.
    static func newKey(_ key: String, inPlaceOf known: String, at time: UnixMilliseconds) -> LedgerEntry {
        let body: JSONValue = [
            "detail": .text("\(key) in place of \(known)"), "audit_key": .text(key), "replaces": .text(known),
        ]
        return LedgerEntry(link: "", at: time.rawValue, kind: newAuditKey, body: body.line)
    }

    package static func entry(
        _ kind: String, _ detail: String, of link: String = "", at time: UnixMilliseconds
    ) -> LedgerEntry {
        LedgerEntry(
            link: link, at: time.rawValue, kind: kind, body: JSONValue.object([.init("detail", .text(detail))]).line)
    }
}
