import Foundation
import TestKit
import Testing

/// The faulty disk itself, under a small program that writes numbered transactions: if it lied, every crash test above it would.
@Suite("The faulty disk")
struct FaultyDiskTests {
    @Test(
        "A loss of power leaves every synced transaction, and of the others a whole beginning",
        arguments: [0, 0.3, 0.7, 1])
    func powerLoss(share: Double) async throws {
        try await withSeed { random in
            let writer = try NumberedWriter()
            for _ in 0..<4 {
                let child = try writer.start(count: 100_000, syncEvery: 16)
                let enough = Int.random(in: 100...900, using: &random)
                try #require(await eventually { child.lines.count > enough || !child.isRunning })
                try await child.kill9()
                let said = WriterReport(child)
                try #require(said.synced > 0)
                try writer.disk.losePower(keeping: share, &random)
                let found = try writer.newest()
                #expect(found >= said.synced, "synced transactions were lost")
                #expect(found <= said.committed + 1)
            }
        }
    }

    @Test("Without a sync nothing that was committed survives a loss of power, and all of it survives a kill")
    func unsynced() async throws {
        try await withSeed { random in
            let writer = try NumberedWriter()
            let child = try writer.start(count: 100_000, syncEvery: 1_000_000)
            // Fewer pages than make SQLite move them into the file (1,000), which syncs.
            try #require(await eventually { child.lines.count > 50 })
            try await child.kill9()
            #expect(try writer.newest() >= WriterReport(child).committed)
            try writer.disk.losePower(keeping: 0, &random)
            #expect(try writer.newest() == 0)
        }
    }

    @Test("A sync that failed once is not believed when it works again: what it forgot is written anew")
    func forgetfulSync() async throws {
        try await withSeed { random in
            let writer = try NumberedWriter()
            let failing = (FaultyDisk.Failure.broken, FaultyDisk.Point(.sync, "rows.db-wal", 3))
            // Killed before SQLite would move the pages by itself (1,000 of them).
            let child = try writer.start(
                count: 100_000, syncEvery: 16, kill: FaultyDisk.Point(.sync, "rows.db-wal", 9), failing: failing)
            #expect(try await child.wait() == .signal(SIGKILL))
            #expect(child.output.contains("refused") && WriterReport(child).synced > 64)
            try writer.disk.losePower(keeping: 0, &random)
            #expect(try writer.newest() >= WriterReport(child).synced)
        }
    }

    @Test("A program is killed at the very call")
    func points() async throws {
        let writer = try NumberedWriter()
        let first = try writer.start(count: 50, syncEvery: 10, traced: true)
        #expect(try await first.wait() == .code(0))
        let calls = writer.disk.trace
        #expect(calls.contains { $0.call == .sync && $0.file == "rows.db-wal" && $0.number >= 5 })
        #expect(calls.contains { $0.call == .write && $0.file == "rows.db-wal" && $0.number >= 100 })
        #expect(calls.contains { $0.call == .remove && $0.file == "rows.db-wal" })

        let second = try writer.start(
            count: 50, syncEvery: 10, kill: FaultyDisk.Point(.sync, "rows.db-wal", 3))
        #expect(try await second.wait() == .signal(SIGKILL))
        // It died inside a sync, so what it committed before that is not yet said to be synced.
        #expect(WriterReport(second).committed == WriterReport(second).synced + 10)
    }

    @Test(
        "A full disk takes nothing that grows until there is room, a read-only one takes nothing",
        arguments: [
            FaultyDisk.Failure.full, .readOnly, .broken,
        ])
    func failures(failure: FaultyDisk.Failure) async throws {
        let writer = try NumberedWriter()
        let child = try writer.start(count: 3_000, syncEvery: 10)
        try #require(await eventually { WriterReport(child).committed > 20 })
        try writer.disk.fail(failure)
        try #require(await eventually { child.output.contains("refused") })
        let stopped = WriterReport(child).committed
        #expect(child.isRunning)
        try writer.disk.fail(nil)
        try #require(await eventually { WriterReport(child).committed > stopped })
        #expect(try await child.wait(.seconds(60)) == .code(0))
        #expect(try writer.newest() == WriterReport(child).committed)
    }
}
