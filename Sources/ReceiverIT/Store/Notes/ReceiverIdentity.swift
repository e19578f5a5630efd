internal import Crypto
internal import DiodeProtocol
internal import Glibc
package import JSON
package import KeyFiles
package import Ledger
package import Storage
package import Time

/// What runs, under which configuration and keys: what the ledger says at each start.
package struct ReceiverIdentity: Sendable {
    /// Name and version.
    let software: String
    /// SHA-256 of the program's file; nil if it cannot be read.
    let binary: Digest32?
    /// Every key with the value that holds, and SHA-256 of that.
    let configuration: JSONValue
    let configurationDigest: Digest32
    package let auditKey: String

    package init(software: String, configuration: JSONValue, auditKey: String) {
        self.software = software
        self.configuration = configuration
        self.auditKey = auditKey
        binary = Self.digest(ofFile: "/proc/self/exe")
        let line = Array(configuration.line.utf8)
        configurationDigest = SHA256Hasher.hash(line.span.bytes)
    }

    /// A card of a link: the fingerprint that it has now, and the one that the database knew.
    package struct Card: Sendable {
        let fingerprint: String
        let known: String?
        /// Whose the card's file is: of the account that ran `pair`.
        let account: String?

        package init(fingerprint: String, known: String? = nil, account: String? = nil) {
            self.fingerprint = fingerprint
            self.known = known
            self.account = account
        }
    }

    /// A link with its cards.
    package struct Pairing: Sendable {
        let link: String
        let cards: [Card]
        /// The keys of it that nobody follows any more.
        let revocations: [Revocation]

        package init(link: String, cards: [Card], revocations: [Revocation] = []) {
            self.link = link
            self.cards = cards
            self.revocations = revocations
        }
    }

    /// The entries of a start: what is new about it first.
    ///
    /// `pair` itself writes nothing here: the daemon is stopped then, and its database may not be there yet. The next start sees the card.
    package func entries(
        _ pairings: [Pairing], at time: UnixMilliseconds, in database: borrowing Database
    ) throws(StorageError) -> [LedgerEntry] {
        var entries: [LedgerEntry] = []
        for pairing in pairings {
            for (place, card) in pairing.cards.enumerated() where card.known != card.fingerprint {
                let detail =
                    card.fingerprint + (card.known.map { " in place of \($0)" } ?? "")
                    + (place == 0 ? "" : " as card \(place + 1)") + (card.account.map { "; \($0)" } ?? "")
                entries.append(ReceiverAction.entry(ReceiverAction.paired, detail, of: pairing.link, at: time))
            }
        }
        for pairing in pairings { entries += try Self.revocations(pairing, at: time, in: database) }
        let configured = try LedgerReader.entries(of: "", kind: ReceiverAction.configured, in: database).last
        if configured?.json["fingerprint"]?.text != configurationDigest.description {
            let body: JSONValue = [
                "detail": .text("fingerprint \(configurationDigest)"),
                "fingerprint": .text(configurationDigest.description), "effective": configuration,
            ]
            entries.append(
                LedgerEntry(link: "", at: time.rawValue, kind: ReceiverAction.configured, body: body.line))
        }
        let detail =
            "\(software), program SHA-256 \(binary?.description ?? "unknown"), configuration \(configurationDigest)"
        let body: JSONValue = [
            "detail": .text(detail), "software": .text(software), "sha256": .optional(binary?.description),
            "configuration": .text(configurationDigest.description), "audit_key": .text(auditKey),
            "seal": .number(Seal.version),
        ]
        entries.append(LedgerEntry(link: "", at: time.rawValue, kind: ReceiverAction.started, body: body.line))
        return entries
    }

    /// Those that the ledger does not have yet: `revoke` writes nothing here, as `pair` does not.
    private static func revocations(
        _ pairing: Pairing, at time: UnixMilliseconds, in database: borrowing Database
    ) throws(StorageError) -> [LedgerEntry] {
        guard !pairing.revocations.isEmpty else { return [] }
        let known = try LedgerReader.entries(of: pairing.link, kind: ReceiverAction.revoked, in: database).compactMap {
            $0.json["key"]?.text
        }
        return pairing.revocations.filter { !known.contains($0.fingerprint) }.map { revocation in
            let body: JSONValue = [
                "detail": .text(
                    "\(revocation.fingerprint), \(CalendarTime.text(revocation.at)); \(revocation.account): \(revocation.reason)"
                ),
                "key": .text(revocation.fingerprint),
            ]
            return LedgerEntry(
                link: pairing.link, at: time.rawValue, kind: ReceiverAction.revoked, body: body.line)
        }
    }

    private static func digest(ofFile path: String) -> Digest32? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var hasher = SHA256Hasher()
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(file, &chunk, chunk.count)
            guard count >= 0 else { return nil }
            guard count > 0 else { return hasher.finish() }
            hasher.update(chunk.span.bytes.extracting(0..<count))
        }
    }
}
