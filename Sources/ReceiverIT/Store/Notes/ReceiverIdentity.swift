internal import Crypto
internal import DiodeProtocol
internal import Glibc
package import JSON
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

    /// A link with the fingerprint that it has now, and the one that the database knew.
    package struct Pairing: Sendable {
        let link, fingerprint: String
        let known: String?
        /// Whose the card's file is: of the account that ran `pair`.
        let account: String?

        package init(link: String, fingerprint: String, known: String? = nil, account: String? = nil) {
            self.link = link
            self.fingerprint = fingerprint
            self.known = known
            self.account = account
        }
    }

    /// The entries of a start: what is new about it first.
    ///
    /// `pair` itself writes nothing here: the daemon is stopped then, and its database may not be there yet. The next start sees the card.
    package func entries(
        _ pairings: [Pairing], at time: UnixMilliseconds, in database: borrowing Database
    ) throws(StorageError) -> [LedgerEntry] {
        var entries: [LedgerEntry] = []
        for pairing in pairings where pairing.known != pairing.fingerprint {
            let detail =
                pairing.fingerprint + (pairing.known.map { " in place of \($0)" } ?? "")
                + (pairing.account.map { "; \($0)" } ?? "")
            entries.append(ReceiverAction.entry(ReceiverAction.paired, detail, of: pairing.link, at: time))
        }
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
