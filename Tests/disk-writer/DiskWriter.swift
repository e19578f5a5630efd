import Glibc
import Storage

/// Writes numbered rows into a database, one transaction each, and says on standard output how far it came: what the tests of
/// the faulty disk kill, cut off and run out of room.
///
/// ```text
/// disk-writer FILE COUNT SYNC_EVERY      prints `begun N`, then `committed 1`, `synced 1`, …, `refused N reason`, `done`
/// ```
@main
struct DiskWriter {
    private static let schema = DatabaseSchema(
        owner: "disk-writer", applicationID: "TEST",
        migrations: ["CREATE TABLE rows (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT"])

    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let count = Int64(arguments[2]), let every = Int64(arguments[3]), every > 0 else {
            exit(2)
        }
        try fill(arguments[1], count: count, syncEvery: every)
        say("done")
    }

    private static func fill(_ path: String, count: Int64, syncEvery every: Int64) throws(StorageError) {
        var database = try Database(path: path, schema: schema)
        var last: Int64 = 0
        do {
            var newest = try database.prepare("SELECT coalesce(max(number), 0) FROM rows")
            if try newest.step() { last = newest.integer(0) }
        }
        say("begun \(last)")
        var insert = try database.prepare("INSERT INTO rows VALUES (?, zeroblob(1000))")
        let end = last + count
        while last < end {
            let number = last + 1
            do throws(StorageError) {
                insert.bind(1, number)
                try insert.run()
                last = number
                say("committed \(number)")
                guard number % every == 0 else { continue }
                try database.sync()
                say("synced \(number)")
            } catch {
                say("refused \(number) \(error)")
                // Tries again, until the disk is well or somebody ends this, without saying a thousand times that it is not.
                usleep(10_000)
            }
        }
    }

    /// A line in one write, so that a kill never cuts it.
    private static func say(_ words: String) {
        let line = Array((words + "\n").utf8)
        _ = write(1, line, line.count)
    }
}
