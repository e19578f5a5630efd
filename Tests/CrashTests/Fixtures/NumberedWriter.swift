import Foundation
import Storage
import TestKit
import Testing

/// `disk-writer` on a faulty disk, in a folder of its own.
struct NumberedWriter {
    let folder: TemporaryDirectory
    let disk: FaultyDisk
    var path: String { folder.file("rows.db") }

    init() throws {
        folder = try TemporaryDirectory("rows")
        disk = try FaultyDisk(folder: folder.path)
    }

    func start(
        count: Int, syncEvery: Int, kill: FaultyDisk.Point? = nil,
        failing: (FaultyDisk.Failure, FaultyDisk.Point)? = nil,
        traced: Bool = false
    ) throws -> Child {
        try Child(
            [Executable.path("disk-writer"), path, String(count), String(syncEvery)],
            environment: disk.environment(kill: kill, failing: failing, traced: traced))
    }

    /// The newest number in the file, which must be whole and hold every number before; 0 if there is no file. It reads a copy:
    /// SQLite tidies up when it opens a file, and this process does not write through the faulty disk.
    func newest() throws -> Int {
        guard FileManager.default.fileExists(atPath: path) else { return 0 }
        let copies = try TemporaryDirectory("rows-copy")
        for name in ["rows.db", "rows.db-wal"] where FileManager.default.fileExists(atPath: folder.file(name)) {
            try FileManager.default.copyItem(atPath: folder.file(name), toPath: copies.file(name))
        }
        let schema = DatabaseSchema(
            owner: "disk-writer", applicationID: "TEST",
            migrations: ["CREATE TABLE rows (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT"])
        let database = try Database(path: copies.file("rows.db"), schema: schema)
        try database.check()
        var statement = try database.prepare("SELECT coalesce(max(number), 0), count(*) FROM rows")
        guard try statement.step() else { return 0 }
        #expect(statement.integer(0) == statement.integer(1), "numbers are missing in the middle")
        return Int(statement.integer(0))
    }
}

/// How far a writer said it came.
struct WriterReport {
    var committed = 0
    var synced = 0

    init(_ child: Child) {
        for line in child.lines.reversed() {
            let words = line.split(separator: " ")
            guard words.count == 2, let number = Int(words[1]) else { continue }
            if words[0] == "committed" || words[0] == "begun" { committed = max(committed, number) }
            if words[0] == "synced" { synced = max(synced, number) }
        }
    }
}
