internal import CSQLite

/// A row of a table as bytes, the same bytes whether they are read or about to be written, so that a row can be hashed.
///
/// ```text
/// row    = #table ‖ table ‖ for each column that has a value, as declared: #name ‖ name ‖ value
/// value  = 01 ‖ whole number (8)   │ 02 ‖ IEEE 754 double (8)   │ 03 ‖ # ‖ UTF-8   │ 04 ‖ # ‖ bytes
/// ```
/// Numbers are big-endian; # is the length of what follows in bytes, 8 bytes. A column that is NULL adds nothing, nor does one that is NOT NULL
/// and has the whole number that is its default: a row is the same after a migration that adds a column, and in the hook, where older releases
/// of SQLite show NULL in place of such a default.
public struct RowLayout: Sendable {
    public let table: String
    private let head: [UInt8]
    /// Length and name of each column, in the order of their declaration.
    private let names: [[UInt8]]
    /// The number that a column has if nothing else was said, and cannot be NULL.
    private let defaults: [Int64?]

    /// The layout of a table as it is now.
    /// - Returns: nil if there is no such table.
    public init?(of table: String, in database: borrowing Database) throws(StorageError) {
        var columns = try database.prepare(
            """
            SELECT name, dflt_value, "notnull" FROM pragma_table_info(?1) ORDER BY cid
            """)
        columns.bind(1, text: table)
        var names: [[UInt8]] = []
        var defaults: [Int64?] = []
        while try columns.step() {
            names.append(Self.prefixed(columns.text(0)))
            defaults.append(columns.integer(2) != 0 ? Int64(columns.text(1)) : nil)
        }
        guard !names.isEmpty else { return nil }
        self.table = table
        self.names = names
        self.defaults = defaults
        head = Self.prefixed(table)
    }

    /// Appends a row whose columns `value` gives.
    func append(to bytes: inout [UInt8], _ value: (Int32) -> OpaquePointer?) {
        bytes += head
        for (column, name) in names.enumerated() {
            let value = value(Int32(column))
            switch sqlite3_value_type(value) {
            case SQLITE_INTEGER:
                let number = sqlite3_value_int64(value)
                guard number != defaults[column] else { continue }
                bytes += name
                bytes.append(1)
                Self.append(UInt64(bitPattern: number), to: &bytes)
            case SQLITE_FLOAT:
                bytes += name
                bytes.append(2)
                Self.append(sqlite3_value_double(value).bitPattern, to: &bytes)
            case SQLITE_TEXT:
                bytes += name
                bytes.append(3)
                let start = sqlite3_value_text(value)
                Self.append(UnsafeRawPointer(start), count: Int(sqlite3_value_bytes(value)), to: &bytes)
            case SQLITE_BLOB:
                bytes += name
                bytes.append(4)
                let start = sqlite3_value_blob(value)
                Self.append(start, count: Int(sqlite3_value_bytes(value)), to: &bytes)
            default: break
            }
        }
    }

    private static func append(_ start: UnsafeRawPointer?, count: Int, to bytes: inout [UInt8]) {
        append(UInt64(count), to: &bytes)
        // Safe: SQLite keeps `count` bytes there until the value changes, which nobody does meanwhile.
        bytes.append(contentsOf: UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count))
    }

    private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    private static func prefixed(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        append(UInt64(text.utf8.count), to: &bytes)
        return bytes + Array(text.utf8)
    }
}
