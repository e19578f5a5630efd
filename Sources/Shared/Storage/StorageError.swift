internal import CSQLite
internal import Glibc

/// What SQLite or the disk refused, by what has to be done about it. `description` is one line that names the file.
public enum StorageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The disk or a quota is full: free space and go on.
    case full(path: String)
    /// The file is damaged or no database: set it aside.
    case corrupt(path: String, reason: String)
    /// The file or its folder must not be written.
    case readOnly(path: String)
    /// Another connection held a lock for longer than the busy timeout.
    case busy(path: String)
    /// The file cannot be opened or created.
    case cannotOpen(path: String, reason: String)
    /// The disk failed to read, write or sync.
    case inputOutput(path: String, reason: String)
    /// A row breaks a rule of the schema.
    case constraint(path: String, reason: String)
    /// It belongs to another program.
    case foreign(path: String, expected: String)
    /// A newer version of this program wrote it.
    case newer(path: String, version: Int, known: Int)
    /// A statement that is wrong, or out of memory: SQLite's code and words.
    case failed(path: String, code: Int, reason: String)

    /// The error of a result code, with the words of the connection it came from.
    init(_ code: Int32, path: String, connection: OpaquePointer?) {
        let words = connection.flatMap { sqlite3_errmsg($0) } ?? sqlite3_errstr(code)
        let reason = words.map { String(cString: $0) } ?? "unknown"
        // The low byte is the class of the error; the rest tells details that change nothing about the answer.
        switch code & 0xFF {
        case SQLITE_FULL: self = .full(path: path)
        // The index beside the log cannot grow: SQLite says that the disk failed, the system says why.
        case SQLITE_IOERR where [ENOSPC, EDQUOT].contains(connection.map { sqlite3_system_errno($0) } ?? 0):
            self = .full(path: path)
        case SQLITE_CORRUPT, SQLITE_NOTADB: self = .corrupt(path: path, reason: reason)
        case SQLITE_READONLY: self = .readOnly(path: path)
        case SQLITE_BUSY, SQLITE_LOCKED: self = .busy(path: path)
        case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH: self = .cannotOpen(path: path, reason: reason)
        case SQLITE_IOERR: self = .inputOutput(path: path, reason: "\(reason) (\(code))")
        case SQLITE_CONSTRAINT: self = .constraint(path: path, reason: reason)
        default: self = .failed(path: path, code: Int(code), reason: reason)
        }
    }

    public var description: String {
        switch self {
        case .full(let path): "database \(path): the disk is full"
        case .corrupt(let path, let reason): "database \(path): damaged: \(reason)"
        case .readOnly(let path): "database \(path): must not be written (permissions, or a read-only file system)"
        case .busy(let path): "database \(path): locked by another program"
        case .cannotOpen(let path, let reason): "database \(path): cannot be opened: \(reason)"
        case .inputOutput(let path, let reason): "database \(path): \(reason)"
        case .constraint(let path, let reason): "database \(path): \(reason)"
        case .foreign(let path, let expected): "database \(path): belongs to another program, not to \(expected)"
        case .newer(let path, let version, let known):
            "database \(path): has version \(version), this program knows up to \(known): install the newer one"
        case .failed(let path, let code, let reason): "database \(path): \(reason) (\(code))"
        }
    }
}
