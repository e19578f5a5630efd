public import Crypto
internal import DiodeProtocol
internal import Glibc
internal import JSON
package import KeyFiles
internal import Ledger
internal import Storage

/// The key with which a receiver signs what it says it got (ADR 0014): Ed25519, made at the first start, beside the state file.
///
/// The link card proves what was sent, this key which receiver says so. Whoever loses it gets a new one at the next start, and the ledger
/// says that it is another.
public enum AuditKey {
    /// `<state>.audit-key`, PKCS#8 in PEM, mode 0600.
    public static func path(ofState state: String) -> String { state + ".audit-key" }

    /// What people and programs compare: the public half in base64.
    public static func text(of key: Ed25519PublicKey) -> String { Base64.encode(key.bytes) }

    /// Reads the key; makes it where there is none. The caller holds the state's lock.
    package static func open(beside state: String) throws(KeyFileError) -> Ed25519Signer {
        let path = path(ofState: state)
        guard access(path, F_OK) != 0, errno == ENOENT else { return try KeyFile.readEd25519(path) }
        let signer: Ed25519Signer
        do throws(CryptoError) { signer = try Ed25519Signer() } catch { throw .crypto(path: path, error) }
        // Whole or not at all, also after a loss of power.
        let draft = path + ".new"
        unlink(draft)
        try KeyFile.write(signer, to: draft)
        guard rename(draft, path) == 0 else {
            let reason = String(cString: strerror(errno))
            unlink(draft)
            throw .unwritable(path: path, reason: reason)
        }
        syncFolder(of: path)
        return signer
    }

    /// The public half of the key beside a database; nil where whoever asks cannot read one.
    static func publicText(beside state: String) -> String? {
        do throws(KeyFileError) { return text(of: try KeyFile.readEd25519(path(ofState: state)).publicKey) } catch {
            return nil
        }
    }

    /// The public half of the key that the ledger names last; nil if it names none.
    static func announced(in database: borrowing Database) throws(StorageError) -> String? {
        let start = try LedgerReader.numberedEntries(of: "", kind: ReceiverAction.started, in: database).last
        let change = try LedgerReader.numberedEntries(of: "", kind: ReceiverAction.newAuditKey, in: database).last
        let newest = [start, change].compactMap(\.self).max { $0.number < $1.number }
        return (newest?.entry.json["audit_key"] ?? start?.entry.json["audit_key"])?.text
    }

    /// The public half of every key that the ledger still names.
    static func all(in database: borrowing Database) throws(StorageError) -> Set<String> {
        var keys: Set<String> = []
        for kind in [ReceiverAction.started, ReceiverAction.newAuditKey] {
            for entry in try LedgerReader.entries(of: "", kind: kind, in: database) {
                let body = entry.json
                for name in ["audit_key", "replaces"] { if let key = body[name]?.text { keys.insert(key) } }
            }
        }
        return keys
    }

    private static func syncFolder(of path: String) {
        let name = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let folder = Glibc.open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }
}
