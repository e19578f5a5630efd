import Account
import Configuration
import DatagramEmission
import Datagrams
import DiodeProtocol
import EventLog
import Foundation
import JSON
import Ledger
import Outbox
import Storage
import TestKit
import Testing
import Threading

@testable import ReceiverIT
@testable import ReceiverITStore

/// A receiver with a real database, fed by a sender of the test, and the real diode-recv that audits it.
final class AuditedReceiver {
    let folder: TemporaryDirectory
    let sender: TestSender
    private let port = freePort()
    private(set) var service: ReceiverService?
    /// What a beat may announce: what was emitted of the first epoch; nil once the test speaks of it itself.
    private var emitted: (incarnation: Incarnation, sequence: UInt64, block: UInt64)?
    /// Whether blocks are followed by beats; a test of clocks says no.
    var beats = true
    var state: String { folder.file("recv.db") }
    var configuration: String { folder.file("recv.json5") }

    /// - Parameter keys: further keys of the configuration, as JSON5.
    init(_ keys: String = "") throws {
        folder = try TemporaryDirectory("audited")
        sender = try TestSender()
        emitted = (sender.incarnation, 0, 0)
        try folder.write("plant-a.card", sender.card.text)
        try folder.write(
            "recv.json5",
            """
            { links: [{ name: "plant-a", card: "plant-a.card", listen: ["127.0.0.1:\(port)"] }],
              broker: { url: "mqtt://127.0.0.1:1" }, state: "recv.db", silence_timeout: "1h", \(keys) }
            """)
    }

    func start(log: EventLog = EventLog(threshold: .error)) throws {
        let service = try ReceiverService(try ReceiverConfiguration(path: configuration), log: log)
        try service.start(ReceiverService.Observer(status: { _ in }, episode: { _, _ in }))
        self.service = service
    }

    func stop() {
        service?.close()
        service = nil
    }

    /// Emits blocks, and behind those of the first epoch a beat, without which no link is heard.
    func emit(_ blocks: [TestBlock], transmission: UInt16 = 0) throws {
        try emitFrames(of: blocks, transmission: transmission)
        let ids = blocks.map(\.header.id)
        guard beats, let known = emitted, ids.allSatisfy({ $0.incarnation == known.incarnation && $0.channel != .beat })
        else {
            emitted = nil
            return
        }
        let live = blocks.map(\.header).filter { $0.id.channel == .live }
        let now = (
            incarnation: known.incarnation, sequence: max(known.sequence, live.map(\.lastSequence.rawValue).max() ?? 0),
            block: max(known.block, live.map(\.id.block.rawValue).max() ?? 0)
        )
        emitted = now
        try emitFrames(of: [sender.beat { ($0.lastSequence, $0.lastLiveBlock) = (now.sequence, now.block) }])
    }

    private func emitFrames(of blocks: [TestBlock], transmission: UInt16 = 0) throws {
        var emitter = DatagramEmitter(to: try SocketAddress(host: "127.0.0.1", port: port, passive: false))
        for block in blocks {
            for frame in try sender.frames(block, transmission: transmission) {
                emitter.emit(frame.span.bytes, frameBytes: frame.count)
            }
        }
    }

    var link: LinkSnapshot? { service?.status.links.first }

    /// Waits until so many records are decided, and missing.
    func waitUntil(sent: UInt64, missing: UInt64 = 0) async -> Bool {
        await eventually { self.link.map { $0.account.sent == sent && $0.account.missing == missing } ?? false }
    }

    /// Everything came to the IT broker: as a publisher would, without one.
    func settle() throws {
        let queue = try #require(service?.outbox(of: "plant-a")?.mqtt)
        queue.settle(
            queue.take(records: 10_000, bytes: .max).map {
                OutboxSettlement(position: $0.position, disposition: .published)
            })
    }

    /// The same until so many records have: what was decided is in the queue a transaction later.
    func settle(_ records: UInt64) async throws {
        let isPublished = try await eventually {
            try settle()
            return link?.outbox.published == records
        }
        #expect(isPublished)
    }

    /// Runs `diode-recv` on this receiver's configuration.
    func command(_ arguments: [String]) async throws -> Finished {
        try await run([Executable.path("diode-recv")] + arguments + ["--config", configuration])
    }

    /// Writes the ledger anew with every hash recomputed.
    func rewriteLedger(_ change: (inout [LedgerEntry]) -> Void) throws {
        let database = try Database(path: state, schema: StoreSchema.schema)
        var entries: [LedgerEntry] = []
        do {
            var rows = try database.prepare("SELECT link, at, kind, body FROM ledger ORDER BY entry")
            while try rows.step() {
                entries.append(
                    LedgerEntry(link: rows.text(0), at: rows.unsigned(1), kind: rows.text(2), body: rows.text(3)))
            }
        }
        change(&entries)
        try database.execute("DELETE FROM ledger")
        var writer = try LedgerWriter(database)
        for entry in entries { try writer.append(entry) }
    }

    /// Seals what stands in the tables now with the receiver's own key, as whoever has stolen that could.
    func signAnew() throws {
        try Database(path: state, schema: StoreSchema.schema).execute("DELETE FROM seal")
        var file = try StoreFile(try Database(path: state, schema: StoreSchema.schema))
        try file.store([])
    }

    /// Runs the audit, and reads its only link.
    func audit(_ arguments: [String] = []) async throws -> (exit: Child.Exit, link: JSONValue) {
        let finished = try await command(["--audit", "--format", "json"] + arguments)
        let report = try JSON5Reader.value(of: Array(finished.output.utf8))
        #expect(report["exit"]?.integer.map { Child.Exit.code(Int32($0)) } == finished.exit, "\(finished.errors)")
        return (finished.exit, try #require(report["links"]?.elements?.first, "\(finished.output)"))
    }
}
