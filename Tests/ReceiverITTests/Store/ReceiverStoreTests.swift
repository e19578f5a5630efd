import Account
import Audit
import Configuration
import Crypto
import DatagramEmission
import Datagrams
import Deliveries
import DiodeProtocol
import EventLog
import Foundation
import Ledger
import Outbox
import Storage
import TestKit
import Testing
import Threading

@testable import ReceiverIT
import Time
@testable import ReceiverITStore
@testable import ReceiverITAudit

@Suite("What a receiver stores outlives it", .timeLimit(.minutes(2)))
struct ReceiverStoreTests {
    private let folder: TemporaryDirectory
    private let log = EventLog(threshold: .error)
    private let sender: TestSender
    private let port = freePort()
    private var state: String { "\(folder.path)/recv.db" }

    init() throws {
        folder = try TemporaryDirectory("store")
        sender = try TestSender()
        try folder.write("plant-a.card", sender.card.text)
    }

    private func service() throws -> ReceiverService {
        let path = try folder.write(
            "recv.json5",
            """
            { links: [{ name: "plant-a", card: "plant-a.card", listen: ["127.0.0.1:\(port)"] }],
              broker: { url: "mqtt://127.0.0.1:1" }, state: "recv.db" }
            """)
        let service = try ReceiverService(try ReceiverConfiguration(path: path), log: log)
        try service.start(ReceiverService.Observer(status: { _ in }, episode: { _, _ in }))
        return service
    }

    private func emit(_ frames: [[UInt8]]) throws {
        var emitter = DatagramEmitter(to: try SocketAddress(host: "127.0.0.1", port: port, passive: false))
        for frame in frames { emitter.emit(frame.span.bytes, frameBytes: frame.count) }
    }

    private func link(_ service: ReceiverService) -> LinkSnapshot? { service.status.links.first }

    private func audit(verifies: Bool = false) throws -> LinkAudit {
        let reader = AuditReader(
            state, silenceTimeout: .seconds(3), now: UnixClock.now(),
            cards: [sender.card])
        return try #require(try reader.read(verifies: verifies).links.first)
    }

    @Test("P1 P4 after a restart the account goes on, a gap is filled late, and nothing is accepted twice")
    func restart() async throws {
        let first = try sender.frames(sender.live(count: 10))
        let lost = sender.live(count: 3)
        let third = try sender.frames(sender.live(count: 7))
        var service = try service()
        try emit(first + third)
        #expect(await eventually { service.outbox(of: "plant-a")?.mqtt.load.waiting == 17 })
        service.close()
        var audit = try audit()
        #expect(audit.isBalanced && audit.totals.missing == 3 && audit.totals.outbox == 17)
        service = try self.service()
        try emit(first + third)
        try emit(try sender.frames(lost, transmission: 1))
        #expect(await eventually { service.outbox(of: "plant-a")?.mqtt.load.waiting == 20 })
        #expect(
            await eventually {
                link(service).map { [$0.account.sent, $0.account.late, $0.account.missing] } == [20, 3, 0]
            })
        let queue = try #require(service.outbox(of: "plant-a")?.mqtt)
        #expect(
            queue.take(records: 100, bytes: .max).map(\.delivery.stamp.sequence.rawValue)
                == [1...10, 14...20, 11...13].flatMap { Array($0) })
        service.close()
        audit = try self.audit()
        #expect(audit.isBalanced && audit.gaps.map(\.state) == [.healed] && audit.gaps.map(\.healedBy) == [.echo])
    }

    @Test("P3 stamps outlive a restart: a late value of a topic that moved on stays superseded")
    func stamps() async throws {
        let late = sender.live([TestRecord(topic: "a", payload: [1], retain: true)])
        let newest = try sender.frames(sender.live([TestRecord(topic: "a", payload: [2], retain: true, version: 2)]))
        var service = try service()
        try emit(newest)
        #expect(await eventually { service.outbox(of: "plant-a")?.mqtt.load.waiting == 1 })
        service.close()
        service = try self.service()
        try emit(try sender.frames(late, transmission: 1))
        let queue = try #require(service.outbox(of: "plant-a")?.mqtt)
        #expect(await eventually { queue.load.waiting == 2 })
        #expect(queue.take(records: 9, bytes: .max).map(\.delivery.lateness) == [.none, .superseded])
        service.close()
    }

    @Test("D15 the ledger's chain follows from its first entry, and a changed entry breaks it there")
    func chain() async throws {
        let service = try service()
        try emit(try sender.frames(sender.live(count: 1)))
        _ = sender.live(count: 2)
        try emit(try sender.frames(sender.live(count: 1)))
        #expect(await eventually { link(service)?.account.missing == 2 })
        service.close()
        let audit = try audit(verifies: true)
        guard case .intact(let entries, _) = audit.verification else {
            Issue.record("\(String(describing: audit.verification))")
            return
        }
        #expect(entries >= 4)
        #expect(
            audit.actions.map(\.what) == [
                ReceiverAction.paired, ReceiverAction.configured, ReceiverAction.started, ReceiverAction.stopped,
            ])
        do {
            let database = try Database(path: state, schema: StoreSchema.schema)
            try database.execute("UPDATE ledger SET body = '{}' WHERE entry = 2")
        }
        let changed = try self.audit(verifies: true)
        #expect(changed.exit == .broken)
        #expect(changed.findings.contains { $0.text.contains("diverges at entry 2:") })
    }

    @Test("D7 a damaged database is set aside, never overwritten, and the ledger names the cut")
    func damaged() async throws {
        let garbage = Array("this is no database, whatever it is".utf8)
        try Data(garbage).write(to: URL(fileURLWithPath: state))
        let service = try service()
        try emit(try sender.frames(sender.live(count: 5)))
        #expect(await eventually { service.outbox(of: "plant-a")?.mqtt.load.waiting == 5 })
        service.close()
        let kept = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.contains(".damaged-") }
        #expect(try kept.map { try Array(Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\($0)"))) } == [garbage])
        let audit = try audit(verifies: true)
        #expect(audit.actions.contains { $0.what == ReceiverAction.setAside } && audit.isVerified == true)
        #expect(audit.losses.map(\.cause) == [.shed(.damaged)])
    }

    @Test("D9 a newer version's database is refused in one clear line and left as it is")
    func newer() throws {
        do {
            let database = try Database(path: state, schema: StoreSchema.schema)
            try database.execute("PRAGMA user_version = 99")
        }
        #expect {
            _ = try service()
        } throws: {
            "\($0)".contains("has version 99, this program knows up to \(StoreSchema.schema.migrations.count)")
        }
    }

    @Test("P1 while another program holds the database, rounds go on in memory and are stored afterwards, whole")
    func recovery() async throws {
        let service = try service()
        try emit(try sender.frames(sender.live(count: 5)))
        #expect(await eventually { service.outbox(of: "plant-a")?.mqtt.load.waiting == 5 })
        do {
            let blocker = try Database(path: state, schema: StoreSchema.schema)
            try blocker.begin()
            try emit(try sender.frames(sender.live(count: 6)))
            #expect(await eventually(.seconds(20)) { !service.durability.isDurable })
            #expect(await eventually { service.outbox(of: "plant-a")?.mqtt.load.waiting == 11 })
            blocker.rollBack()
        }
        #expect(await eventually(.seconds(20)) { service.durability.isDurable })
        service.close()
        let audit = try audit()
        #expect(audit.isBalanced && audit.totals.delivered == 11 && audit.totals.outbox == 11)
    }
}
