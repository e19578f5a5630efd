internal import Glibc

/// Syncs a database's log from another thread than the one that writes it, so that no commit waits for a disk.
///
/// Whatever was committed before `sync` began survives a loss of power once it has returned: every commit is in the log,
/// and what a checkpoint moved into the file itself SQLite has synced before.
public struct LogSync: ~Copyable {
    private let path: String
    private var log: Int32 = -1

    /// - Parameter path: the database's.
    public init(path: String) { self.path = path }

    deinit { if log >= 0 { close(log) } }

    /// Waits until the log is on the disk.
    public mutating func sync() throws(StorageError) {
        if log < 0 { log = open(path + "-wal", O_RDONLY | O_CLOEXEC) }
        guard log >= 0, fdatasync(log) == 0 else {
            let code = errno
            forget()
            throw .inputOutput(path: path, reason: "cannot sync the log: \(String(cString: strerror(code)))")
        }
    }

    /// Closes the log: the database was set aside, and the next `sync` means the new one.
    public mutating func forget() {
        if log >= 0 { close(log) }
        log = -1
    }
}
