internal import COpenSSL
public import Crypto
internal import Glibc

/// What is wrong with a key file. `description` is one line that names the file and, where there is one, the cure.
public enum KeyFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// It cannot be opened or read; the kernel's reason.
    case unreadable(path: String, reason: String)
    /// Group or others may read or write it; its permission bits.
    case tooOpen(path: String, mode: UInt32)
    /// It belongs to another user, who could replace it.
    case foreignOwner(path: String, owner: UInt32)
    /// It is not a regular file of at most `KeyFile.maximumBytes`.
    case notAFile(path: String)
    /// It holds no unencrypted PKCS#8 PEM private key.
    case notAKey(path: String)
    /// It holds a private key of another kind.
    case otherKind(path: String, kind: String, wanted: String)
    /// It exists already and is never overwritten.
    case exists(path: String)
    /// It cannot be written; the kernel's reason.
    case unwritable(path: String, reason: String)
    /// libcrypto failed.
    case crypto(path: String, CryptoError)

    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "key file \(path): \(reason)"
        case .tooOpen(let path, let mode):
            "key file \(path): mode 0\(String(mode, radix: 8)) lets others at a secret; allowed: 0600 or 0400"
                + " (chmod 600 \(path))"
        case .foreignOwner(let path, let owner): "key file \(path): belongs to user \(owner), not to this one or root"
        case .notAFile(let path): "key file \(path): not a regular file of at most \(KeyFile.maximumBytes) bytes"
        case .notAKey(let path): "key file \(path): no unencrypted PKCS#8 private key in PEM"
        case .otherKind(let path, let kind, let wanted):
            "key file \(path): holds a key of kind \(kind); allowed: \(wanted)"
        case .exists(let path): "key file \(path): exists already; a key is never overwritten"
        case .unwritable(let path, let reason): "key file \(path): cannot be written: \(reason)"
        case .crypto(let path, let error): "key file \(path): \(error)"
        }
    }
}

/// A private key on disk: PKCS#8 in PEM (RFC 5958, RFC 7468), as `openssl pkey` reads it, mode 0600.
///
/// Bytes of the secret that pass through memory of ours are wiped before that memory is given back.
public enum KeyFile {
    /// The most bytes a key file may have; an Ed25519 or X25519 key has 119.
    public static let maximumBytes = 16_384

    /// Writes a new key file, synced to disk, mode 0600.
    public static func write(_ signer: borrowing Ed25519Signer, to path: String) throws(KeyFileError) {
        try write(signer.key, to: path)
    }

    public static func write(_ key: borrowing X25519PrivateKey, to path: String) throws(KeyFileError) {
        try write(key.key, to: path)
    }

    /// Refuses a key that another one could not take the place of: behind a symbolic link it would stay where that leads.
    public static func requireReplaceable(_ path: String) throws(KeyFileError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw .unreadable(path: path, reason: lastReason()) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path: path) }
    }

    /// Puts a new key in the place of the one in use, which is gone then; the file keeps its owner.
    public static func adopt(_ next: String, as path: String) throws(KeyFileError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw .unreadable(path: path, reason: lastReason()) }
        guard geteuid() != 0 || chown(next, status.st_uid, status.st_gid) == 0, rename(next, path) == 0 else {
            throw .unwritable(path: path, reason: lastReason())
        }
        WholeFile.syncFolder(of: path)
    }

    private static func write(_ key: OpaquePointer, to path: String) throws(KeyFileError) {
        guard let memory = BIO_new(BIO_s_secmem()) else { throw .crypto(path: path, .last("BIO_new")) }
        defer { BIO_free(memory) }
        guard PEM_write_bio_PKCS8PrivateKey(memory, key, nil, nil, 0, nil, nil) == 1 else {
            throw .crypto(path: path, .last("PEM_write_bio_PKCS8PrivateKey"))
        }
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else {
            throw errno == EEXIST ? .exists(path: path) : .unwritable(path: path, reason: lastReason())
        }
        defer { close(file) }
        do throws(KeyFileError) {
            try copy(memory, to: file, path: path)
        } catch {
            unlink(path)
            throw error
        }
    }

    /// Reads a key file and refuses one that anybody but its owner can read.
    public static func readEd25519(_ path: String) throws(KeyFileError) -> Ed25519Signer {
        let key = try readPrivateKey(path, kind: EVP_PKEY_ED25519)
        do throws(CryptoError) { return try Ed25519Signer(owning: key) } catch { throw .crypto(path: path, error) }
    }

    /// The same for the key that blocks are sealed for.
    public static func readX25519(_ path: String) throws(KeyFileError) -> X25519PrivateKey {
        let key = try readPrivateKey(path, kind: EVP_PKEY_X25519)
        do throws(CryptoError) { return try X25519PrivateKey(owning: key) } catch { throw .crypto(path: path, error) }
    }

    private static func readPrivateKey(_ path: String, kind wanted: Int32) throws(KeyFileError) -> OpaquePointer {
        let key = try readPrivateKey(path)
        let kind = EVP_PKEY_get_id(key)
        guard kind == wanted else {
            EVP_PKEY_free(key)
            throw .otherKind(path: path, kind: name(of: kind), wanted: name(of: wanted))
        }
        return key
    }

    private static func name(of kind: Int32) -> String { OBJ_nid2sn(kind).map { String(cString: $0) } ?? "unknown" }

    private static func readPrivateKey(_ path: String) throws(KeyFileError) -> OpaquePointer {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw .unreadable(path: path, reason: lastReason()) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw .unreadable(path: path, reason: lastReason()) }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_size <= maximumBytes else { throw .notAFile(path: path) }
        guard status.st_mode & 0o077 == 0 else { throw .tooOpen(path: path, mode: status.st_mode & 0o777) }
        guard status.st_uid == geteuid() || status.st_uid == 0 else {
            throw .foreignOwner(path: path, owner: status.st_uid)
        }
        var text = [UInt8](repeating: 0, count: maximumBytes)
        defer { text.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) } }
        let length = read(file, &text, text.count)
        guard length >= 0 else { throw .unreadable(path: path, reason: lastReason()) }

        // The memory BIO reads `text` in place and is freed before this closure ends.
        let key = text.withUnsafeBytes { bytes -> OpaquePointer? in
            guard let memory = BIO_new_mem_buf(bytes.baseAddress, Int32(length)) else { return nil }
            defer { BIO_free(memory) }
            // An encrypted key would make libcrypto ask for a passphrase on the terminal: answer that there is none.
            return PEM_read_bio_PrivateKey(memory, nil, { _, _, _, _ in -1 }, nil)
        }
        guard let key else {
            ERR_clear_error()
            throw .notAKey(path: path)
        }
        return key
    }

    private static func copy(_ memory: OpaquePointer, to file: Int32, path: String) throws(KeyFileError) {
        var chunk = InlineArray<512, UInt8>(repeating: 0)
        var span = chunk.mutableSpan
        defer { span.withUnsafeMutableBufferPointer { OPENSSL_cleanse($0.baseAddress, $0.count) } }
        while true {
            let count = span.withUnsafeMutableBufferPointer { BIO_read(memory, $0.baseAddress, Int32($0.count)) }
            guard count > 0 else { break }
            let written = span.withUnsafeMutableBufferPointer { Glibc.write(file, $0.baseAddress, Int(count)) }
            guard written == Int(count) else { throw .unwritable(path: path, reason: lastReason()) }
        }
        guard fsync(file) == 0 else { throw .unwritable(path: path, reason: lastReason()) }
    }
}

/// The kernel's reason for the call that has just failed in this thread.
private func lastReason() -> String { String(cString: strerror(errno)) }
