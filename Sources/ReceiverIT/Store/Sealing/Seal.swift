internal import Crypto
internal import DiodeProtocol
internal import Ledger
internal import Storage

/// The receiver's signature over its tables and the ledger's head, made anew with each transaction.
///
/// ```text
/// signature = Ed25519 by the audit key over "UNS-DIODE-SEAL 1\n" ‖ entry (8 bytes, big-endian) ‖ hash (32) ‖ sums (RowSums, UTF-8)
/// ```
struct Seal: Equatable {
    /// The ledger's head in the same transaction.
    let head: LedgerHead
    /// The text of the sums.
    let sums: String
    /// The public half of the key that signed it: 32 bytes.
    let key: [UInt8]
    let signature: [UInt8]

    /// What `receiver.started` says of a receiver that seals.
    static let version = 1

    init(_ head: LedgerHead, _ sums: String, signer: inout Ed25519Signer) throws(CryptoError) {
        self.head = head
        self.sums = sums
        key = signer.publicKey.bytes
        let message = Self.message(head, sums)
        let signed = try signer.sign(message.span.bytes)
        signature = (0..<Ed25519Signature.byteCount).map { signed.bytes[$0] }
    }

    /// Whether `key` signed it.
    var isSigned: Bool {
        guard let key = Ed25519PublicKey(key.span.bytes) else { return false }
        let message = Self.message(head, sums)
        do throws(CryptoError) {
            var verifier = try Ed25519Verifier(key)
            return verifier.isValid(signature.span.bytes, for: message.span.bytes)
        } catch { return false }
    }

    private static func message(_ head: LedgerHead, _ sums: String) -> [UInt8] {
        let number = UInt64(bitPattern: head.number)
        return Array("UNS-DIODE-SEAL 1\n".utf8)
            + stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> UInt64($0)) } + head.hash
            + Array(sums.utf8)
    }
}

extension Seal {
    /// What the file has instead of a seal, or beside it.
    enum Stored: Equatable {
        /// An earlier release wrote it.
        case noTable
        case none
        case unreadable
        case seal(Seal, RowSums)
    }

    private init(_ head: LedgerHead, _ sums: String, key: [UInt8], signature: [UInt8]) {
        self.head = head
        self.sums = sums
        self.key = key
        self.signature = signature
    }

    static func stored(in database: borrowing Database) throws(StorageError) -> Stored {
        var table = try database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'seal'")
        guard try table.step() else { return .noTable }
        table.reset()
        var row = try database.prepare("SELECT entry, hash, sums, audit_key, signature FROM seal")
        guard try row.step() else { return .none }
        defer { row.reset() }
        guard row.blob(1).byteCount == 32, let sums = RowSums(row.text(2)) else { return .unreadable }
        return .seal(
            Seal(
                LedgerHead(number: row.integer(0), hash: row.bytes(1)), row.text(2), key: row.bytes(3),
                signature: row.bytes(4)), sums)
    }
}
