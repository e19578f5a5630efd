internal import CSQLite

/// A prepared statement. One thread owns it; parameters count from 1, columns from 0, as in SQLite.
///
/// ```swift
/// insert.bind(1, 7)
/// insert.bind(2, blob: block)
/// try insert.run()
/// while try select.step() { use(select.integer(0), select.blob(1)) }
/// ```
public struct Statement: ~Copyable {
    private let statement: OpaquePointer
    private let path: String

    init(_ sql: String, connection: OpaquePointer, path: String) throws(StorageError) {
        var prepared: OpaquePointer?
        let code = sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard code == SQLITE_OK, let prepared else { throw StorageError(code, path: path, connection: connection) }
        statement = prepared
        self.path = path
    }

    deinit { sqlite3_finalize(statement) }

    /// Binds a whole number.
    public mutating func bind(_ index: Int, _ value: Int64) {
        accepted(sqlite3_bind_int64(statement, Int32(index), value))
    }

    /// Binds a number whose bits are kept: above 2⁶³ it is stored as negative. Read it with `unsigned`.
    public mutating func bind(_ index: Int, unsigned value: UInt64) { bind(index, Int64(bitPattern: value)) }

    /// Binds a text; it is copied.
    public mutating func bind(_ index: Int, text value: String) {
        let bytes = Array(value.utf8)
        accepted(
            bytes.withUnsafeBufferPointer { buffer in
                // An empty text must not become NULL, so its pointer must not be nil.
                buffer.withMemoryRebound(to: CChar.self) {
                    sqlite3_bind_text64(
                        statement, Int32(index), $0.baseAddress ?? Self.nothing, UInt64($0.count), Self.copied,
                        UInt8(SQLITE_UTF8))
                }
            })
    }

    /// Binds bytes; they are copied.
    public mutating func bind(_ index: Int, blob value: RawSpan) {
        accepted(
            value.withUnsafeBytes {
                // An empty blob must not become NULL.
                $0.isEmpty
                    ? sqlite3_bind_zeroblob(statement, Int32(index), 0)
                    : sqlite3_bind_blob64(statement, Int32(index), $0.baseAddress, UInt64($0.count), Self.copied)
            })
    }

    /// Binds NULL.
    public mutating func bindNull(_ index: Int) { accepted(sqlite3_bind_null(statement, Int32(index))) }

    /// Goes to the next row. After the last one the statement is reset and keeps its parameters.
    /// - Returns: whether there is a row.
    public mutating func step() throws(StorageError) -> Bool {
        let code = sqlite3_step(statement)
        if code == SQLITE_ROW { return true }
        let error = code == SQLITE_DONE ? nil : failure(code)
        sqlite3_reset(statement)
        if let error { throw error }
        return false
    }

    /// Runs to the end and resets; for what returns no rows, or whose rows do not matter.
    public mutating func run() throws(StorageError) {
        while try step() {}
    }

    /// Goes back to before the first row, so that locks are given up; keeps the parameters.
    public mutating func reset() { sqlite3_reset(statement) }

    /// A whole number of the current row.
    public borrowing func integer(_ column: Int) -> Int64 { sqlite3_column_int64(statement, Int32(column)) }

    /// A number that was bound as `unsigned`.
    public borrowing func unsigned(_ column: Int) -> UInt64 { UInt64(bitPattern: integer(column)) }

    /// Whether a column of the current row is NULL.
    public borrowing func isNull(_ column: Int) -> Bool {
        sqlite3_column_type(statement, Int32(column)) == SQLITE_NULL
    }

    /// A text of the current row; NULL is empty.
    public borrowing func text(_ column: Int) -> String {
        guard let start = sqlite3_column_text(statement, Int32(column)) else { return "" }
        let count = Int(sqlite3_column_bytes(statement, Int32(column)))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    /// The bytes of a column of the current row; NULL is empty. They are valid until the next `step` or `reset`, which
    /// the borrow makes sure of.
    @_lifetime(borrow self)
    public borrowing func blob(_ column: Int) -> RawSpan {
        let start = sqlite3_column_blob(statement, Int32(column))
        let count = Int(sqlite3_column_bytes(statement, Int32(column)))
        // Safe: SQLite keeps `count` bytes there until the statement changes, which needs exclusive access to self.
        let bytes = UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count)
        return _overrideLifetime(bytes.bytes, borrowing: self)
    }

    /// Appends the current row as a layout has it. The statement is `SELECT *` of that table.
    public borrowing func append(_ layout: RowLayout, to bytes: inout [UInt8]) {
        layout.append(to: &bytes) { sqlite3_column_value(statement, $0) }
    }

    /// `SQLITE_TRANSIENT`, a macro that does not import: SQLite copies what is bound. It is never called.
    private static var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

    /// A pointer to no bytes; static storage, never written.
    private static var nothing: UnsafePointer<CChar> {
        let empty: StaticString = ""
        return UnsafeRawPointer(empty.utf8Start).assumingMemoryBound(to: CChar.self)
    }

    private func failure(_ code: Int32) -> StorageError {
        StorageError(code, path: path, connection: sqlite3_db_handle(statement))
    }

    /// Binding fails for a wrong index, on a statement that was stepped and not reset, or without memory.
    private func accepted(_ code: Int32) {
        precondition(code == SQLITE_OK, "a parameter is bound by its index while the statement is reset")
    }
}
