internal import CSQLite
internal import Glibc

/// Hears of each row of some tables that a connection adds, removes or changes, whichever statement does so.
///
/// ```text
/// INSERT … │ REPLACE … │ UPDATE … │ DELETE … ─▶ SQLite's preupdate hook ─▶ the row that goes, the row that comes ─▶ heard
/// ```
/// What a statement or a transaction that fails had changed was heard, too: whoever listens goes back together with the transaction.
public final class RowWatch {
    private let layouts: [RowLayout]
    /// Of the tables, with the zero at their end.
    private let names: [[CChar]]
    private let heard: (_ table: Int, _ row: [UInt8], _ comes: Bool) -> Void
    private var bytes: [UInt8] = []

    /// - Parameter heard: takes the number of the table among `layouts`, a row, and whether it comes or goes.
    public init(
        _ layouts: [RowLayout], heard: @escaping (_ table: Int, _ row: [UInt8], _ comes: Bool) -> Void
    ) {
        self.layouts = layouts
        self.heard = heard
        names = layouts.map { $0.table.utf8CString.map { $0 } }
    }

    /// The hook calls it before each change.
    fileprivate func note(_ connection: OpaquePointer, operation: Int32, table: UnsafePointer<CChar>) {
        guard let index = names.firstIndex(where: { strcmp($0, table) == 0 }) else { return }
        if operation != SQLITE_INSERT {
            tell(index, comes: false) { column in
                var value: OpaquePointer?
                sqlite3_preupdate_old(connection, column, &value)
                return value
            }
        }
        if operation != SQLITE_DELETE {
            tell(index, comes: true) { column in
                var value: OpaquePointer?
                sqlite3_preupdate_new(connection, column, &value)
                return value
            }
        }
    }

    private func tell(_ index: Int, comes: Bool, _ value: (Int32) -> OpaquePointer?) {
        bytes.removeAll(keepingCapacity: true)
        layouts[index].append(to: &bytes, value)
        heard(index, bytes, comes)
    }

    /// Makes a connection tell this watch, or nobody.
    static func attach(_ watch: RowWatch?, to connection: OpaquePointer) {
        guard let watch else {
            sqlite3_preupdate_hook(connection, nil, nil)
            return
        }
        // Safe: the connection's owner keeps the watch for as long as it is attached.
        sqlite3_preupdate_hook(
            connection,
            { context, connection, operation, database, table, _, _ in
                // Temporary tables have names of their own.
                guard let context, let connection, let database, let table, strcmp(database, "main") == 0 else {
                    return
                }
                Unmanaged<RowWatch>.fromOpaque(context).takeUnretainedValue().note(
                    connection, operation: operation, table: table)
            }, Unmanaged.passUnretained(watch).toOpaque())
    }
}

/// Keeps the watch of a connection alive.
final class WatchHolder {
    var watch: RowWatch?
}
