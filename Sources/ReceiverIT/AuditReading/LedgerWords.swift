internal import Account
internal import Audit
internal import Crypto
internal import DiodeProtocol
internal import JSON
internal import Ledger
internal import ReceiverITCore
internal import ReceiverITStore
internal import Storage
internal import Time

/// What the ledger's entries say, in the values of an audit. Call it inside a reading transaction.
enum LedgerWords {
    /// Entries of these kinds that concern a link, as actions: the sender's name their own kind, the receiver's are their kind.
    static func actions(
        kinds: [String], of link: String, in database: borrowing Database
    ) throws(StorageError) -> [AuditAction] {
        var actions: [AuditAction] = []
        for kind in kinds {
            for entry in try LedgerReader.entries(of: link, kind: kind, in: database) {
                let body = entry.json
                actions.append(
                    AuditAction(
                        at: body.time("at") ?? UnixMilliseconds(rawValue: entry.at),
                        what: body["what"]?.text ?? entry.kind, detail: body["detail"]?.text ?? ""))
            }
        }
        return actions
    }

    /// Links that the ledger tells of, those left out that were forgotten and not heard of since; ascending.
    static func links(in database: borrowing Database) throws(StorageError) -> [String] {
        var newest: [String: Int64] = [:]
        var rows = try database.prepare("SELECT link, max(entry) FROM ledger WHERE link <> '' GROUP BY link")
        while try rows.step() { newest[rows.text(0)] = rows.integer(1) }
        for (number, entry) in try LedgerReader.numberedEntries(of: "", kind: ReceiverAction.forgotten, in: database) {
            if let link = entry.json["link"]?.text, newest[link] ?? 0 < number { newest[link] = nil }
        }
        return newest.keys.sorted()
    }

    /// Intervals in which the sender was not subscribed, by its own word.
    static func unobserved(
        of link: String, in database: borrowing Database
    ) throws(StorageError) -> [UnobservedInterval] {
        try LedgerReader.entries(of: link, kind: LinkEvent.Kind.unobserved, in: database).map { entry in
            let body = entry.json
            let at = UnixMilliseconds(rawValue: entry.at)
            let dropped = body["dropped"]?.integer.map { "; the OT broker dropped \($0)" } ?? ""
            return UnobservedInterval(
                from: body.time("from") ?? at, to: body.time("to") ?? at,
                sessionResumed: body["session_resumed"] == .flag(true), reason: (body["reason"]?.text ?? "") + dropped)
        }
    }

    /// Two senders under one key, or a disk that was rolled back: a sentence for each that nobody has acknowledged. Who acknowledges one has
    /// looked into those before it.
    static func equivocations(
        of link: String, acknowledged: UInt64, in database: borrowing Database
    ) throws(StorageError) -> [String] {
        let entries = try LedgerReader.numberedEntries(of: link, kind: LinkEvent.Kind.equivocation, in: database)
        return entries.filter { UInt64(clamping: $0.number) > acknowledged }.map { place, entry in
            let body = entry.json
            func number(_ name: String) -> String { body[name]?.integer.map { String($0) } ?? "?" }
            // A beat has no sequences; it tells of the sender itself.
            if body["channel"]?.text == "beat" {
                return "equivocation-\(place): another sender with this key speaks: beat \(number("block")) of epoch "
                    + number("epoch")
            }
            return "equivocation-\(place): another content or another sender under a number that was taken: "
                + "\(body["channel"]?.text ?? "?") block \(number("block")) of epoch \(number("epoch")), sequences "
                + "\(number("first_sequence")) to \(number("last_sequence")), \(number("blocks")) blocks in all"
        }
    }

    /// What the receiver found changed when it started: a sentence for each that nobody has acknowledged. Who acknowledges one has looked
    /// into those before it.
    static func alterations(in database: borrowing Database) throws(StorageError) -> [String] {
        let acknowledged =
            try AcknowledgementTable.acknowledged(.alteration, of: AcknowledgementTable.receiver, in: database).keys
            .max() ?? 0
        return try LedgerReader.numberedEntries(of: "", kind: ReceiverAction.altered, in: database)
            .filter { UInt64(clamping: $0.number) > acknowledged }
            .map { "alteration-\($0.number): \($0.entry.json["detail"]?.text ?? "the account was altered")" }
    }

    /// What was noted of a link's account, ascending in time.
    static func balances(of link: String, in database: borrowing Database) throws(StorageError) -> [LinkBalance] {
        try LedgerReader.entries(of: link, kind: LinkBalance.kind, in: database)
            .compactMap { LinkBalance(at: UnixMilliseconds(rawValue: $0.at), json: $0.json) }
            .sorted { $0.at < $1.at }
    }

    /// What actions are called that tell of a clock that was set: the receiver's, the sender's.
    static let clockSteps = [ReceiverAction.clockStepped, "clock step"]

    /// What the receiver said of itself when it last started.
    struct Start {
        var software = JSONValue.null, binary = JSONValue.null, auditKey = JSONValue.null
    }

    static func newestStart(in database: borrowing Database) throws(StorageError) -> Start {
        guard let entry = try LedgerReader.entries(of: "", kind: ReceiverAction.started, in: database).last else {
            return Start()
        }
        let body = entry.json
        return Start(
            software: body["software"] ?? .null, binary: body["sha256"] ?? .null, auditKey: body["audit_key"] ?? .null)
    }

    /// The configuration that a receiver last started with: its fingerprint, and every key with the value that held.
    static func newestConfiguration(in database: borrowing Database) throws(StorageError) -> JSONValue {
        let entry = try LedgerReader.entries(of: "", kind: ReceiverAction.configured, in: database).last
        guard let body = entry?.json else { return .null }
        return ["fingerprint": body["fingerprint"] ?? .null, "effective": body["effective"] ?? .null]
    }

    /// Whether one of this ledger's audit keys signed a head.
    private static func isOurs(_ head: NotedHead, in database: borrowing Database) throws(StorageError) -> Bool {
        let starts = try LedgerReader.entries(of: "", kind: ReceiverAction.started, in: database)
        for text in Set(starts.compactMap { $0.json["audit_key"]?.text }) {
            guard let bytes = Base64.decode(text), let key = Ed25519PublicKey(bytes.span.bytes) else { continue }
            do throws(CryptoError) {
                var verifier = try Ed25519Verifier(key)
                if head.isSigned(by: &verifier) { return true }
            } catch { continue }
        }
        return false
    }

    /// Up to when a head says what happened: the time of its entry.
    private static func covers(_ number: Int64, in database: borrowing Database) throws(StorageError) -> String {
        var row = try database.prepare("SELECT at FROM ledger WHERE entry = ?1")
        row.bind(1, number)
        defer { row.reset() }
        guard try row.step() else { return "" }
        return ", up to \(CalendarTime.text(UnixMilliseconds(rawValue: row.unsigned(0))))"
    }

    /// Follows the chain, and compares what it says of gaps with the table of them. A head with a signature must bear ours; one without was noted by somebody who needs none.
    static func verification(
        noted: [NotedHead], gaps table: [LedgerGaps.Row], in database: borrowing Database
    ) throws(StorageError) -> LinkAudit.Verification {
        for head in noted where head.signature != nil {
            guard try isOurs(head, in: database) else {
                return .broken("the noted head \(head.head.number) was not signed by an audit key of this ledger")
            }
        }
        var gaps = LedgerGaps()
        var folds = FoldCheck()
        switch try LedgerReader.verdict(noted: noted.map(\.head), gaps: &gaps, folds: &folds, in: database) {
        case .broken(let divergence): return .broken(divergence.description)
        case .intact(let head, let folded):
            if let defect = folds.defect { return .broken(defect) }
            if let difference = gaps.difference(to: table) { return .broken(difference) }
            var details: [String] = []
            if folded > 0 { details.append("\(folded) of them folded") }
            if folds.unsigned > 0 {
                details.append(
                    "not proven: \(folds.unsigned) entries that an earlier release folded without signing it")
            }
            for head in Set(noted.map(\.head.number)).sorted() {
                details.append("as the noted head \(head) has it\(try covers(head, in: database))")
            }
            return .intact(entries: UInt64(clamping: head.number), detail: details.joined(separator: ", "))
        }
    }
}

extension LinkAudit.Verification {
    private static let nothingSealed =
        "not proven: times, topics, causes, acknowledgements, losses and counters, since an earlier release wrote this database, which"
        + " sealed no tables"

    /// The chain's verdict together with the seal's.
    func and(_ seal: SealCheck.Verdict) -> Self {
        switch (self, seal) {
        case (.broken(let defect), .broken(let defects)): .broken(([defect] + defects).joined(separator: "; "))
        case (.broken, _): self
        case (.intact, .broken(let defects)): .broken(defects.joined(separator: "; "))
        case (.intact(let entries, let detail), .unsealed): Self.whole(entries, [detail, Self.nothingSealed])
        case (.intact(let entries, let detail), .holds(let unsealed)):
            Self.whole(
                entries,
                [
                    detail, "the tables are as they were sealed",
                    unsealed.isEmpty ? "" : "not proven: \(unsealed.joined(separator: ", ")), which no seal covers yet",
                ])
        }
    }

    private static func whole(_ entries: UInt64, _ details: [String]) -> Self {
        .intact(entries: entries, detail: details.filter { !$0.isEmpty }.joined(separator: "; "))
    }
}

extension JSONValue {
    /// A member that is a time.
    fileprivate func time(_ name: String) -> UnixMilliseconds? { self[name]?.text.flatMap { CalendarTime.time($0) } }
}
