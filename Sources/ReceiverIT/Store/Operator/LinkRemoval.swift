internal import Account
internal import DiodeProtocol
public import JSON
package import Ledger
internal import Outbox
internal import Storage
public import Time

/// A link that the configuration no longer names goes out of the database; the ledger keeps what it said of it, and that it went.
public struct LinkRemoval: Sendable, Equatable {
    public let link: String
    /// Retained values that were deleted on the IT broker before.
    public let deleted: UInt64
    /// The account that the kernel names: `uid 1000 (maria)`.
    public let account: String

    public init(link: String, deleted: UInt64, account: String) {
        self.link = link
        self.deleted = deleted
        self.account = account
    }

    /// What the command asks the daemon for.
    public var request: JSONValue {
        ["command": "forget", "link": .text(link), "deleted": .number(deleted)]
    }

    /// - Parameter account: whose request it is; asked for only where it is such a request.
    /// - Returns: nil for what is no such request.
    public init?(_ request: JSONValue, account: @autoclosure () -> String) {
        guard request["command"]?.text == "forget", let link = request["link"]?.text,
            let deleted = request["deleted"]?.integer
        else { return nil }
        self.init(link: link, deleted: UInt64(clamping: deleted), account: account())
    }

    /// Removes it while no daemon runs. The caller holds the state's lock.
    /// - Parameter path: the database; it is there.
    /// - Returns: what was removed, for people.
    public func store(inDatabase path: String, at time: UnixMilliseconds) throws(OperatorError) -> String {
        let result: Result<String, OperatorError>
        do throws(StorageError) {
            var file = try StoreFile(try Database(path: path, schema: StoreSchema.schema))
            result = try file.run(.remove(self), at: time)
        } catch { throw .notStored(error) }
        return try result.get()
    }

    /// Removes every row of the link, and notes it in the ledger, inside somebody else's transaction.
    func apply(
        at time: UnixMilliseconds, in database: borrowing Database, ledger: inout LedgerWriter
    ) throws(StorageError) -> Result<String, OperatorError> {
        var row = try database.prepare("SELECT id FROM links WHERE name = ?1")
        row.bind(1, text: link)
        guard try row.step() else { return .failure(.unknownLink(link)) }
        let id = Int(row.integer(0))
        row.reset()
        let totals = try StoredAccount(of: id, in: database).totals
        try database.execute("DELETE FROM loss_topics WHERE loss IN (SELECT id FROM losses WHERE link = \(id))")
        for table in [
            "vitals", "epochs", "holes", "filled", "gaps", "version_jumps", "contents", "topics", "losses",
            "acknowledgements", "senders", "rotations",
        ] {
            try database.execute("DELETE FROM \(table) WHERE link = \(id)")
        }
        try database.execute(OutboxSchema.removal(of: id))
        try database.execute("DELETE FROM links WHERE id = \(id)")
        let words =
            "\(totals.sent) records accounted for, \(totals.missing) missing, \(totals.lost) lost, "
            + "\(totals.outbox) not published; \(deleted) retained values deleted on the IT broker"
        let body: JSONValue = [
            "detail": .text("\(link): \(words); \(account)"), "link": .text(link), "account": .text(account),
            "deleted": .number(deleted),
            "sent": .number(totals.sent), "missing": .number(totals.missing), "lost": .number(totals.lost),
            "outbox": .number(totals.outbox),
        ]
        try ledger.append(
            LedgerEntry(link: "", at: time.rawValue, kind: ReceiverAction.forgotten, body: body.line))
        return .success("\(link): \(words)")
    }
}

/// What others may want done, beside the daemon's own work.
package enum OperatorTask: Sendable {
    case acknowledge(Acknowledgement)
    case remove(LinkRemoval)
    /// The IT broker retains this head: the ledger says so if it does not have it. The words are empty if it has.
    case compare(NotedHead)
}
