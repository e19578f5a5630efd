internal import CSQLite
internal import Glibc

/// Syncs a database's log, from any thread, so that no commit waits for a disk.
///
/// Whatever was committed before `sync` began survives a loss of power once it has returned: every commit is in the log,
/// and what a checkpoint moved into the file itself SQLite has synced before.
///
/// A sync that failed is not made good by the next one that does not: Linux tells an error once and may have given up the pages that it
/// could not write. From then on only a checkpoint counts, for which SQLite writes every page of the log anew, into the file itself.
public struct LogSync: ~Copyable {
    private static let patience: Int32 = 2_000

    private let path: String
    private var log: Int32 = -1
    private var isInDoubt = false

    /// Open from the start where there is a log already: a file that is opened behind an error does not hear of it.
    /// - Parameter path: the database's.
    public init(path: String) {
        self.path = path
        open()
    }

    deinit { if log >= 0 { close(log) } }

    /// Waits until the log is on the disk.
    public mutating func sync() throws(StorageError) {
        if isInDoubt {
            // Before the checkpoint, so that no error behind it goes unheard.
            shut()
            open()
            try checkpoint()
            isInDoubt = false
        } else {
            if log < 0 { open() }
            guard log >= 0, fdatasync(log) == 0 else {
                isInDoubt = log >= 0
                throw .inputOutput(path: path, reason: "cannot sync the log: \(String(cString: strerror(errno)))")
            }
        }
    }

    /// Closes the log: the database was set aside, and the next `sync` means the new one.
    public mutating func forget() {
        shut()
        isInDoubt = false
    }

    private mutating func shut() {
        if log >= 0 { close(log) }
        log = -1
    }

    private mutating func open() { log = Glibc.open(path + "-wal", O_RDONLY | O_CLOEXEC) }

    /// Moves all of the log into the file, and syncs that.
    private func checkpoint() throws(StorageError) {
        var opened: OpaquePointer?
        defer { sqlite3_close_v2(opened) }
        var code = sqlite3_open_v2(
            path, &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        if code == SQLITE_OK {
            sqlite3_busy_timeout(opened, Self.patience)
            // A connection that has read nothing does not know that there is a log.
            code = sqlite3_exec(opened, "PRAGMA schema_version", nil, nil, nil)
        }
        var (frames, moved): (Int32, Int32) = (-1, -1)
        if code == SQLITE_OK {
            code = sqlite3_wal_checkpoint_v2(opened, "main", SQLITE_CHECKPOINT_FULL, &frames, &moved)
        }
        guard code == SQLITE_OK else { throw StorageError(code, path: path, connection: opened) }
        guard frames >= 0, moved == frames else {
            throw .inputOutput(path: path, reason: "\(moved) of \(frames) pages of the log moved into the file")
        }
    }
}
