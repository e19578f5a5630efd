internal import Crypto
internal import DiodeProtocol
internal import JSON
internal import Ledger
internal import Storage

/// Compares a head that the IT broker retains with the ledger: it outlives a database that somebody puts back or deletes.
enum HeadComparison {
    /// - Returns: what is wrong, as a sentence without a full stop; nil: the ledger has the head, or cannot say (the entry was folded,
    ///   another receiver signed it, or the receiver itself set a damaged database aside).
    static func defect(_ noted: NotedHead, in database: borrowing Database) throws(StorageError) -> String? {
        guard try isOurs(noted, in: database) else { return nil }
        if try !LedgerReader.entries(of: "", kind: ReceiverAction.setAside, in: database).isEmpty { return nil }
        let head = try LedgerReader.head(in: database)
        if noted.head.number <= head.number {
            var row = try database.prepare("SELECT hash FROM ledger WHERE entry = ?1")
            row.bind(1, noted.head.number)
            guard try row.step() else { return nil }
            let hash = row.bytes(0)
            row.reset()
            if hash == noted.head.hash { return nil }
        }
        return
            "the IT broker retains head \(noted.head.number) of this receiver, and the ledger does not have it: an older database"
            + " was put back, it was deleted, or the ledger was rewritten"
    }

    /// Whether the ledger says so already.
    static func isNoted(_ defect: String, in database: borrowing Database) throws(StorageError) -> Bool {
        try LedgerReader.entries(of: "", kind: ReceiverAction.altered, in: database).contains {
            $0.json["detail"]?.text == defect
        }
    }

    private static func isOurs(_ noted: NotedHead, in database: borrowing Database) throws(StorageError) -> Bool {
        for text in try AuditKey.all(in: database) {
            guard let bytes = Base64.decode(text), let key = Ed25519PublicKey(bytes.span.bytes) else { continue }
            do throws(CryptoError) {
                var verifier = try Ed25519Verifier(key)
                if noted.isSigned(by: &verifier) { return true }
            } catch { continue }
        }
        return false
    }
}
