import Foundation
import Testing

@testable import Storage

@Suite("Storage", .timeLimit(.minutes(1)))
final class StorageTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("storage-\(UUID().uuidString)")
    private var path: String { folder.appendingPathComponent("send.db").path }
    private let schema = DatabaseSchema(
        owner: "diode-send", applicationID: "UDSN",
        migrations: ["CREATE TABLE block(id INTEGER PRIMARY KEY, name TEXT NOT NULL, bytes BLOB NOT NULL)"])

    init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(at: folder) }

    private func insert(_ database: borrowing Database, _ id: Int64, _ name: String, _ bytes: [UInt8])
        throws(StorageError)
    {
        var statement = try database.prepare("INSERT INTO block VALUES(?, ?, ?)")
        statement.bind(1, id)
        statement.bind(2, text: name)
        statement.bind(3, blob: bytes.span.bytes)
        try statement.run()
    }

    private func count(_ database: borrowing Database) throws(StorageError) -> Int64 {
        var statement = try database.prepare("SELECT count(*) FROM block")
        return try statement.step() ? statement.integer(0) : -1
    }

    private func refusal(_ body: () throws(StorageError) -> Void) -> StorageError? {
        do {
            try body()
            return nil
        } catch { return error }
    }

    @Test("what is bound is what comes back, also what is empty or has a zero byte")
    func roundTrip() throws {
        let database = try Database(path: path, schema: schema)
        let rows: [(Int64, String, [UInt8])] = [
            (.min, "", []), (0, "a\u{0}b", [0]), (.max, "ä😀", (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }),
        ]
        for row in rows { try insert(database, row.0, row.1, row.2) }
        var select = try database.prepare("SELECT id, name, bytes, NULL FROM block ORDER BY id")
        for row in rows {
            let found = try select.step()
            let (id, name, isNull) = (select.integer(0), select.text(1), select.isNull(3))
            let blob = select.blob(2)
            let bytes = (0..<blob.byteCount).map { blob.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
            #expect(found && id == row.0 && name == row.1 && bytes == row.2 && isNull)
        }
        let more = try select.step()
        #expect(!more)
        var numbers = try database.prepare("SELECT ?")
        numbers.bind(1, unsigned: .max)
        _ = try numbers.step()
        let number = numbers.unsigned(0)
        #expect(number == .max)
    }

    @Test("a transaction happens whole or not at all")
    func transactions() throws {
        let database = try Database(path: path, schema: schema)
        let error = refusal { () throws(StorageError) in
            try database.transaction { () throws(StorageError) in
                try insert(database, 1, "one", [1])
                try insert(database, 1, "one again", [1])
            }
        }
        guard case .constraint? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        var rows = try count(database)
        #expect(rows == 0)
        let result = try database.transaction { () throws(StorageError) in
            try insert(database, 1, "one", [1])
            return "done"
        }
        rows = try count(database)
        #expect(result == "done" && rows == 1)
        let id = database.lastRowID()
        #expect(id == 1)
    }

    @Test("a file is created for its owner alone, in WAL mode, and its log can be synced from the start")
    func creation() throws {
        var database = try Database(path: path, schema: schema)
        try database.sync()
        try insert(database, 1, "one", [1])
        try database.sync()
        for suffix in ["", "-wal"] {
            let mode = try FileManager.default.attributesOfItem(atPath: path + suffix)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
        try database.check()
    }

    @Test("migrations run once, in order, and one that is cut short never happened")
    func migrations() throws {
        do { _ = try Database(path: path, schema: schema) }
        let next = DatabaseSchema(
            owner: "diode-send", applicationID: "UDSN",
            migrations: schema.migrations + [
                "ALTER TABLE block ADD COLUMN t INTEGER; INSERT INTO block VALUES(1,'n',x'00',5)"
            ])
        let broken = DatabaseSchema(
            owner: "diode-send", applicationID: "UDSN",
            migrations: next.migrations + ["DELETE FROM block; INSERT INTO nothing VALUES(1)"])
        let path = path
        guard case .failed? = refusal({ () throws(StorageError) in _ = try Database(path: path, schema: broken) })
        else {
            Issue.record("a broken migration was accepted")
            return
        }
        for _ in 0..<2 {
            let database = try Database(path: path, schema: next)
            let rows = try count(database)
            #expect(rows == 1)
        }
        let schema = schema
        let error = refusal { () throws(StorageError) in _ = try Database(path: path, schema: schema) }
        #expect(error == .newer(path: path, version: 2, known: 1))
    }

    @Test("another program's database, a damaged one and a text file are told apart")
    func foreign() throws {
        do {
            let database = try Database(path: path, schema: schema)
            try insert(database, 1, "one", [UInt8](repeating: 1, count: 50_000))
        }
        let other = DatabaseSchema(owner: "diode-recv", applicationID: "UDRC", migrations: ["CREATE TABLE x(y)"])
        let path = path
        #expect(
            refusal { () throws(StorageError) in _ = try Database(path: path, schema: other) }
                == .foreign(path: path, expected: "diode-recv"))

        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        for index in 4_096..<bytes.count { bytes[index] = 0xA5 }
        try bytes.write(to: URL(fileURLWithPath: path))
        let schema = schema
        let damaged = refusal { () throws(StorageError) in
            let database = try Database(path: path, schema: schema)
            try database.check()
        }
        guard case .corrupt? = damaged else {
            Issue.record("\(String(describing: damaged))")
            return
        }
        let text = folder.appendingPathComponent("text").path
        try String(repeating: "not a database ", count: 100).write(toFile: text, atomically: true, encoding: .utf8)
        guard case .corrupt? = refusal({ () throws(StorageError) in _ = try Database(path: text, schema: schema) })
        else {
            Issue.record("a text was accepted")
            return
        }
        let missing = folder.appendingPathComponent("none/send.db").path
        #expect(
            refusal { () throws(StorageError) in _ = try Database(path: missing, schema: schema) }?.description
                == "database \(missing): cannot be opened: No such file or directory")
    }

    @Test("a full disk, a lock that another holds and a connection that only reads have errors of their own")
    func limits() throws {
        let database = try Database(path: path, schema: schema)
        let reader = try Database(path: path, schema: schema, access: .readOnly)
        let rows = try count(reader)
        #expect(rows == 0)
        #expect(
            refusal { () throws(StorageError) in try insert(reader, 1, "one", [1]) } == .readOnly(path: path))

        let second = try Database(path: path, schema: schema, busyTimeout: .zero)
        try database.execute("BEGIN IMMEDIATE")
        #expect(
            refusal { () throws(StorageError) in try second.transaction { () throws(StorageError) in } }
                == .busy(path: path))
        try database.execute("ROLLBACK")

        try database.execute("PRAGMA max_page_count=8")
        let large = [UInt8](repeating: 1, count: 100_000)
        #expect(
            refusal { () throws(StorageError) in
                try database.transaction { () throws(StorageError) in try insert(database, 1, "large", large) }
            } == .full(path: path))
        try insert(database, 2, "small", [1])
        let after = try count(database)
        #expect(after == 1)
    }
}
