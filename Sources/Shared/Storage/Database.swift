internal import CSQLite
internal import Glibc

/// A connection to one SQLite file in WAL mode. One thread owns it; it closes when it goes.
///
/// Commits survive `kill -9` (`synchronous=NORMAL`); they survive power loss once `sync` has returned, which syncs many
/// commits at the price of one.
public struct Database: ~Copyable {
    /// How a file is opened.
    public enum Access: Sendable {
        /// Created if missing (mode 0600), migrated, written.
        case readWrite
        /// Only read, for example by an audit beside a running daemon.
        case readOnly
    }

    /// The file.
    public let path: String
    private let connection: OpaquePointer
    private var log: LogSync
    private let holder = WatchHolder()

    /// Opens a file and brings it up to date.
    /// - Parameter busyTimeout: how long to wait for another connection's lock.
    public init(
        path: String, schema: DatabaseSchema, access: Access = .readWrite, busyTimeout: Duration = .seconds(5)
    ) throws(StorageError) {
        if case .readWrite = access { try Self.create(path) }
        let flags = access == .readWrite ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(path, &opened, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard code == SQLITE_OK, let opened else {
            let error = StorageError(code, path: path, connection: opened)
            sqlite3_close_v2(opened)
            throw error
        }
        do throws(StorageError) {
            try Self.prepare(opened, path: path, schema: schema, access: access, busyTimeout: busyTimeout)
        } catch {
            sqlite3_close_v2(opened)
            throw error
        }
        self.path = path
        connection = opened
        log = LogSync(path: path)
    }

    deinit {
        sqlite3_preupdate_hook(connection, nil, nil)
        // The connection lives on until its last statement is gone.
        sqlite3_close_v2(connection)
    }

    /// Runs SQL that returns nothing, several statements if need be.
    public borrowing func execute(_ sql: String) throws(StorageError) {
        try Self.execute(sql, connection, path)
    }

    /// Prepares a statement that will run often.
    public borrowing func prepare(_ sql: String) throws(StorageError) -> Statement {
        try Statement(sql, connection: connection, path: path)
    }

    /// Runs `body` in a transaction that takes the write lock at once: all of it happens, or nothing does.
    /// - Throws: what the body throws, or what the commit does; either way the transaction is rolled back.
    public borrowing func transaction<Result: ~Copyable>(
        _ body: () throws(StorageError) -> Result
    ) throws(StorageError) -> Result {
        try begin()
        do throws(StorageError) {
            let result = try body()
            try commit()
            return result
        } catch {
            rollBack()
            throw error
        }
    }

    /// Begins a transaction and takes the write lock at once; for an owner whose statements a closure could not reach.
    /// `commit` or `rollBack` ends it.
    public borrowing func begin() throws(StorageError) { try execute("BEGIN IMMEDIATE") }

    /// Ends the transaction: all of it happened, and survives `kill -9`.
    public borrowing func commit() throws(StorageError) { try execute("COMMIT") }

    /// Ends the transaction, if there is one: nothing of it happened. SQLite itself rolls back on some errors.
    public borrowing func rollBack() {
        if sqlite3_get_autocommit(connection) == 0 { sqlite3_exec(connection, "ROLLBACK", nil, nil, nil) }
    }

    /// Begins a transaction in which every SELECT sees the same state; `commit` ends it.
    public borrowing func beginReading() throws(StorageError) { try execute("BEGIN") }

    /// What the file takes: its pages in use, and those that are free to be used again, in bytes.
    public borrowing func footprint() throws(StorageError) -> (used: UInt64, reusable: UInt64) {
        let page = UInt64(try Self.integer("PRAGMA page_size", connection, path))
        let pages = UInt64(try Self.integer("PRAGMA page_count", connection, path))
        let free = UInt64(try Self.integer("PRAGMA freelist_count", connection, path))
        return ((pages - min(pages, free)) * page, free * page)
    }

    /// Waits until everything committed so far would survive a loss of power.
    public mutating func sync() throws(StorageError) { try log.sync() }

    /// Lets a watch hear of each row that this connection changes from now on, in place of the one before; nil: none.
    public borrowing func watch(_ watch: RowWatch?) {
        RowWatch.attach(watch, to: connection)
        holder.watch = watch
    }

    /// The row id of the last INSERT.
    public borrowing func lastRowID() -> Int64 { sqlite3_last_insert_rowid(connection) }

    /// Reads every page and tells the first damage.
    public borrowing func check() throws(StorageError) {
        var statement = try prepare("PRAGMA quick_check(1)")
        guard try statement.step() else { return }
        let verdict = statement.text(0)
        guard verdict == "ok" else { throw .corrupt(path: path, reason: verdict) }
    }

    /// An empty file that its owner alone can read; SQLite itself would let everybody. Log and index inherit the mode.
    private static func create(_ path: String) throws(StorageError) {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .cannotOpen(path: path, reason: String(cString: strerror(errno))) }
        close(file)
    }

    private static func prepare(
        _ connection: OpaquePointer, path: String, schema: DatabaseSchema, access: Access, busyTimeout: Duration
    ) throws(StorageError) {
        let (seconds, attoseconds) = busyTimeout.components
        sqlite3_busy_timeout(connection, Int32(clamping: seconds * 1_000 + attoseconds / 1_000_000_000_000_000))
        let owner = try integer("PRAGMA application_id", connection, path)
        let version = try integer("PRAGMA user_version", connection, path)
        guard owner == schema.number || owner == 0 && version == 0 else {
            throw .foreign(path: path, expected: schema.owner)
        }
        guard version <= schema.migrations.count else {
            throw .newer(path: path, version: Int(version), known: schema.migrations.count)
        }
        guard case .readWrite = access else { return }
        // Debian's SQLite overwrites what is deleted with zeros, which would double what queues write. Nothing here is secret
        // once it is gone: FAST overwrites only what costs no writing.
        // 16 MiB of pages: tables that are written by key, not at their end, would read each page again from the file.
        try execute(
            """
            PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=FAST; PRAGMA cache_size=-16384
            """, connection, path)
        for index in Int(version)..<max(Int(version), schema.migrations.count) {
            // One transaction: a migration that is cut short never happened.
            let script = """
                BEGIN IMMEDIATE; \(schema.migrations[index]);
                PRAGMA application_id=\(schema.number); PRAGMA user_version=\(index + 1); COMMIT
                """
            do throws(StorageError) { try execute(script, connection, path) } catch {
                if sqlite3_get_autocommit(connection) == 0 { sqlite3_exec(connection, "ROLLBACK", nil, nil, nil) }
                throw error
            }
        }
    }

    private static func execute(_ sql: String, _ connection: OpaquePointer, _ path: String) throws(StorageError) {
        let code = sqlite3_exec(connection, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw StorageError(code, path: path, connection: connection) }
    }

    private static func integer(
        _ sql: String, _ connection: OpaquePointer, _ path: String
    ) throws(StorageError) -> Int64 {
        var statement = try Statement(sql, connection: connection, path: path)
        return try statement.step() ? statement.integer(0) : 0
    }
}
