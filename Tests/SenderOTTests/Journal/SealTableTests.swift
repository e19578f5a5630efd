import Crypto
import DiodeProtocol
import Storage
import TestKit
import Testing
import Time

@testable import SenderOTCore
@testable import SenderOTJournal

/// What the journal keeps to read its own blocks back, and what it makes of rows that nobody has written.
@Suite("Rows of the journal")
struct SealTableTests {
    private static func sealer() throws -> BlockSealer { try BlockSealer(for: X25519PrivateKey().publicKey) }

    private static func stored(_ database: borrowing Database) throws -> [[UInt8]] {
        try SealTable.read(database).map(\.ephemeral)
    }

    @Test("D10 keys stay as long as a start may need them, and no longer, also once blocks are not sealed any more")
    func keys() throws {
        let folder = try TemporaryDirectory()
        let database = try Database(path: folder.file("send.db"), schema: SenderDatabase.schema)
        let (first, second) = (try Self.sealer().keys, try Self.sealer().keys)
        var table = try SealTable(database)
        // A plant that never seals has no row.
        try table.note(nil, from: 1)
        table.committed()
        #expect(try database.count("seals") == 0)
        for position: UInt64 in 2...9 { try table.note(first, from: position) }
        try table.note(second, from: 10)
        table.committed()
        #expect(try Self.stored(database) == [first.ephemeral, second.ephemeral])
        try table.forget(before: 9)
        #expect(try Self.stored(database) == [first.ephemeral, second.ephemeral])
        try table.forget(before: 10)
        table.committed()
        #expect(try Self.stored(database) == [second.ephemeral])
        // Another process goes on where this one ended, and does not seal.
        var next = try SealTable(database)
        try next.note(second, from: 11)
        #expect(try database.count("seals") == 1)
        try next.note(nil, from: 20)
        next.committed()
        try next.forget(before: 19)
        #expect(try Self.stored(database) == [second.ephemeral])
        try next.forget(before: 20)
        #expect(try Self.stored(database) == [])
    }

    @Test("D10 what a transaction that failed had noted is noted again by the next one")
    func rollBack() throws {
        let folder = try TemporaryDirectory()
        let database = try Database(path: folder.file("send.db"), schema: SenderDatabase.schema)
        let keys = try Self.sealer().keys
        var table = try SealTable(database)
        try database.begin()
        try table.note(keys, from: 1)
        database.rollBack()
        table.rolledBack()
        #expect(try Self.stored(database) == [])
        try table.note(keys, from: 1)
        #expect(try Self.stored(database) == [keys.ephemeral])
    }

    private static let damages = [
        "epoch = 0", "block = 0", "block = -1", "first_sequence = 0", "first_sequence = 9000000000000000000",
        "last_sequence = -1", "last_sequence = 5000000000", "flags = 4", "flags = 257", "flags = -1",
        "flags = 2, salt = NULL",
        "part = 1", "part = -1", "parts = 0", "parts = 65", "parts = 2, last_sequence = first_sequence + 1",
        "plain_bytes = 0", "plain_bytes = plain_bytes + 1", "plain_bytes = 9223372036854775807", "source_symbols = 0",
        "source_symbols = 256", "source_symbols = 9223372036854775807", "source_symbols = source_symbols + 1",
        "symbol_bytes = 0", "symbol_bytes = 9223372036854775807", "symbols = 0", "symbols = 256",
        "content = X''", "salt = X'00'", "salt = X'0000000000000000000000000000000000'",
    ]

    @Test("P8 a row that no sender has written is refused as that, and traps nowhere", arguments: damages)
    func damaged(change: String) throws {
        let rig = try JournalRig()
        let journal = try rig.start()
        for block in try rig.blocks(1, bytes: 2_000) { journal.append(block) }
        #expect(journal.finish(until: .distantFuture) == 0)
        do {
            var reader = try JournalReader(path: rig.path)
            #expect(try reader.blocks(0...UInt64(Int64.max), bytes: 1 << 20).count == 1)
        }
        let database = try Database(path: rig.path, schema: SenderDatabase.schema)
        try database.execute("UPDATE blocks SET \(change)")
        var reader = try JournalReader(path: rig.path)
        #expect(throws: StorageError.self) {
            // An epoch that is not there has no block.
            if try reader.blocks(0...UInt64(Int64.max), bytes: 1 << 20).isEmpty {
                throw StorageError.corrupt(path: "", reason: "")
            }
        }
    }
}

extension Database {
    fileprivate borrowing func count(_ table: String) throws -> Int64 {
        var rows = try prepare("SELECT count(*) FROM \(table)")
        _ = try rows.step()
        return rows.integer(0)
    }
}
