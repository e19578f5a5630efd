import Foundation
import TestKit
import Testing

/// D9: a sender whose database went back in time, or is gone, converges with a receiver that nobody touches.
@Suite("A sender rolled back", .serialized, .timeLimit(.minutes(2)))
struct RollbackTests {
    private struct Plant {
        let ot: Broker
        let it: Broker
        let pair: DiodePair
        let collector: TestKit.Subscriber

        init() async throws {
            ot = try await Broker.start(lines: ["max_queued_messages 0"])
            it = try await Broker.start(lines: ["max_queued_messages 0"])
            pair = try await DiodePair(ot: ot, it: it)
            collector = try await it.subscribe("acme/#")
            try await pair.start()
        }

        /// Waits until what was published last has arrived.
        func arrives(_ payload: String) async -> Bool {
            await eventually(.seconds(20)) {
                collector.messages.contains { String(decoding: $0.payload, as: UTF8.self) == payload }
            }
        }

        /// Waits until the audit has nothing else to say than that so many epochs ended without a last word, the digest matches, and both
        /// brokers retain the same.
        func converges(unsaid: Int = 0) async throws -> AuditAnswer {
            var audit = try await AuditAnswer(pair)
            let converges = try await eventually(.seconds(30)) {
                audit = try await AuditAnswer(pair)
                guard audit.exit == .code(unsaid > 0 ? 4 : 0), audit.total("outbox") == 0,
                    audit.replica("digest_matches") == true,
                    audit.replica("it_matches") == true
                else { return false }
                let plant = try await ot.retained("acme/#")
                return try await it.retained("acme/#") == plant
            }
            #expect(
                converges,
                "\(audit)\n\(pair.sender?.errors.suffix(3_000) ?? "")\n\(pair.receiver?.errors.suffix(3_000) ?? "")")
            #expect(audit.isBalanced && audit.list("gaps").isEmpty, "\(audit)")
            #expect(
                audit.list("losses").compactMap { $0["reason"] as? String }
                    == Array(repeating: "no_last_word", count: unsaid))
            return audit
        }

        func stopSender() async throws -> Int {
            let epoch = try #require(try await SenderState(pair)).epoch
            #expect(try await pair.sender?.terminate() == .code(0))
            return epoch
        }

        /// The files of the sender's database.
        private static let files = ["send.db", "send.db-wal", "send.db-shm"]

        /// What an operator's copy has.
        func copyDatabase() throws -> TemporaryDirectory {
            let image = try TemporaryDirectory("image")
            try Self.copy(from: pair.folder, to: image)
            return image
        }

        func putBack(_ image: TemporaryDirectory) throws {
            removeDatabase()
            try Self.copy(from: image, to: pair.folder)
        }

        func removeDatabase() {
            for file in Self.files { try? FileManager.default.removeItem(atPath: pair.folder.file(file)) }
        }

        private static func copy(from source: TemporaryDirectory, to target: TemporaryDirectory) throws {
            for file in files where FileManager.default.fileExists(atPath: source.file(file)) {
                try FileManager.default.copyItem(atPath: source.file(file), toPath: target.file(file))
            }
        }
    }

    /// The superseded epochs that an audit lists as actions.
    private static func superseded(_ audit: AuditAnswer) -> [String] {
        audit.actions("epoch.superseded").compactMap { $0["detail"] as? String }
    }

    @Test(
        "D9 an earlier copy of send.db is a superseded epoch, an action in the ledger and no error; the namespace converges"
    )
    func restored() async throws {
        let plant = try await Plant()
        try await plant.ot.publish("acme/kept", "1", retain: true)
        try await plant.ot.publish("acme/changed", "old", retain: true)
        try await plant.ot.publish("acme/gone", "old", retain: true)
        try await plant.ot.publish("acme/event", "first event")
        #expect(await plant.arrives("first event"))
        _ = try await plant.converges()
        _ = try await plant.stopSender()
        let image = try plant.copyDatabase()

        try plant.pair.startSender()
        try await plant.pair.waitUntilWell()
        try await plant.ot.publish("acme/changed", "new", retain: true)
        try await plant.ot.publish("acme/gone", "", retain: true)
        try await plant.ot.publish("acme/added", "new", retain: true)
        try await plant.ot.publish("acme/event", "second event")
        #expect(await plant.arrives("second event"))
        #expect(Self.superseded(try await plant.converges()) == [])
        let forgotten = try await plant.stopSender()

        try plant.putBack(image)
        try plant.pair.startSender()
        try await plant.ot.publish("acme/event", "third event")
        #expect(await plant.arrives("third event"))
        #expect(try await eventually { try await !Self.superseded(AuditAnswer(plant.pair)).isEmpty })
        let superseded = Self.superseded(try await plant.converges(unsaid: 1))
        #expect(superseded.count == 1 && superseded[0].contains("epoch \(forgotten)"), "\(superseded)")
        try await plant.pair.stop()
    }

    @Test(
        "D9 a send.db that is gone altogether supersedes every epoch it knew; what changed meanwhile crosses, deletions too"
    )
    func deleted() async throws {
        let plant = try await Plant()
        try await plant.ot.publish("acme/kept", "1", retain: true)
        try await plant.ot.publish("acme/gone", "old", retain: true)
        try await plant.ot.publish("acme/event", "first event")
        #expect(await plant.arrives("first event"))
        _ = try await plant.converges()
        let first = try await plant.stopSender()
        try plant.pair.startSender()
        try await plant.pair.waitUntilWell()
        let second = try await plant.stopSender()
        try await plant.ot.publish("acme/gone", "", retain: true)
        try await plant.ot.publish("acme/added", "new", retain: true)
        plant.removeDatabase()
        try plant.pair.startSender()
        #expect(await plant.arrives("new"))
        #expect(try await eventually { try await Self.superseded(AuditAnswer(plant.pair)).count == 2 })
        // Where the first ended, the second had told.
        let superseded = Self.superseded(try await plant.converges(unsaid: 1))
        for epoch in [first, second] { #expect(superseded.contains { $0.contains("epoch \(epoch)") }, "\(superseded)") }
        #expect(try await plant.it.retained("acme/#") == ["acme/kept": "1", "acme/added": "new"])
        try await plant.pair.stop()
    }

    @Test(
        "P1 what was acknowledged after the last word that was heard, in a database that is gone, is named, and no audit is well"
    )
    func unheard() async throws {
        let plant = try await Plant()
        for number in 1...20 { try await plant.ot.publish("acme/event", "heard \(number)") }
        #expect(await plant.arrives("heard 20"))
        var nothing = LinkFaults()
        nothing.loss = 1
        plant.pair.relay?.faults = nothing
        for number in 1...20 { try await plant.ot.publish("acme/event", "unheard \(number)") }
        _ = try await plant.stopSender()
        plant.removeDatabase()
        plant.pair.relay?.faults = LinkFaults()
        try plant.pair.startSender()
        try await plant.ot.publish("acme/event", "after")
        #expect(await plant.arrives("after"))
        #expect(try await eventually { try await !AuditAnswer(plant.pair).list("losses").isEmpty })
        let audit = try await AuditAnswer(plant.pair)
        #expect(audit.exit == .code(4) && audit.total("missing") == 0, "\(audit)")
        let loss = try #require(audit.list("losses").first)
        #expect(loss["layer"] as? String == "sender" && loss["reason"] as? String == "no_last_word", "\(loss)")
        try await plant.pair.stop()
    }

    @Test("P1 an older copy of send.db, put back within an epoch, takes nothing away silently")
    func copiedWithinAnEpoch() async throws {
        let plant = try await Plant()
        for number in 1...20 { try await plant.ot.publish("acme/event", "first \(number)") }
        #expect(await plant.arrives("first 20"))
        let image = try plant.copyDatabase()
        for number in 1...20 { try await plant.ot.publish("acme/event", "second \(number)") }
        #expect(await plant.arrives("second 20"))
        // The beats say that these are journalled for good.
        let before = try await AuditAnswer(plant.pair)
        #expect(try await eventually { try await AuditAnswer(plant.pair).heardUntil != before.heardUntil })
        try await plant.pair.sender?.kill9()
        try plant.putBack(image)
        try plant.pair.startSender()
        try await plant.ot.publish("acme/event", "third")
        #expect(await plant.arrives("third"))
        #expect(try await eventually { try await !AuditAnswer(plant.pair).list("losses").isEmpty })
        let audit = try await AuditAnswer(plant.pair)
        #expect(audit.exit == .code(4) && audit.total("repeated") == 0, "\(audit)")
        #expect(audit.total("delivered") > before.total("delivered"), "\(audit)")
        try await plant.pair.stop()
    }
}
