import DiodeProtocol
import Foundation
import Storage
import TestKit
import Testing

@testable import SenderOT
import Time
@testable import SenderOTJournal
@testable import SenderOTCore

/// What a sender knows again after it was killed: real files, the journal's own writer, and a core that has lived on.
@Suite(.timeLimit(.minutes(1)))
struct JournalReplayTests {
    private let clock = UnixMilliseconds(rawValue: EpochReservation.earliestClock.rawValue + 1_000)

    private func start(_ path: String, topics: Int = 1_000_000) throws -> SenderStart {
        try SenderStart.prepare(path: path, limits: NamespaceSlots.Limits(topics: topics), now: clock, demanded: nil)
    }

    /// A core, and the journal's writer, as the daemon has them.
    private struct Lifetime: ~Copyable {
        /// Fewer than there are names.
        static let topics = 20

        var store: JournalStore
        let rig: CoreRig
        var marks: JournalMarks

        init(_ path: String, _ start: consuming SenderStart) throws {
            let (epoch, marks) = (start.journal.epoch, start.journal.marks)
            // A struct that owns others may not throw once it holds the first of them.
            let store = try JournalStore(
                try Database(path: path, schema: SenderDatabase.schema), epoch: epoch, limits: JournalStore.Limits())
            let rig = try CoreRig(epoch: epoch.epoch, slots: start.takeFound().takeSlots()) {
                $0.snapshotPeriod = .milliseconds(20)
                $0.tombstoneKeep = .milliseconds(30)
                $0.slots.topics = Self.topics
            }
            // Later than all lifetimes before.
            rig.now = rig.now.advanced(by: .seconds(Int64(clamping: epoch.firstPosition)))
            rig.core.beginSnapshots(now: rig.now)
            self.store = store
            self.rig = rig
            self.marks = marks
        }

        mutating func publishSome(_ random: inout SeededGenerator) throws {
            for _ in 0..<Int.random(in: 0...20, using: &random) {
                let payload = [UInt8](repeating: 7, count: max(0, Int.random(in: -20...50, using: &random)))
                rig.publish(
                    "acme/\(Int.random(in: 0..<25, using: &random))", payload,
                    properties: Bool.random(using: &random) ? [1, 1] : [],
                    retain: Int.random(in: 0..<4, using: &random) > 0)
            }
            try rig.endGulp(idle: true)
            try rig.run(.milliseconds(Int64.random(in: 0...40, using: &random)))
            try rig.endGulp(idle: true)
        }

        mutating func commit(changedSlots limit: Int, now: UnixMilliseconds) throws {
            let batch = rig.core.takeChangedSlots(limit)
            if let from = batch.replayFrom { marks.replayFrom = store.position(of: from) }
            let last = (rig.core.newestStamp.sequence, rig.blocks.last?.id.block ?? BlockNumber(rawValue: 0))
            let notes = JournalStore.Notes(last: last, marks: marks, slots: batch, echoes: "", broker: "", now: now)
            try store.commit(rig.blocks, notes)
            rig.blocks = []
        }
    }

    @Test("P2 values, versions, what was forgotten and what was shed come back, whenever the sender was killed")
    func slots() async throws {
        try await withSeed { random in
            for _ in 0..<15 { try history(&random) }
        }
    }

    private func history(_ random: inout SeededGenerator) throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("send.db")
        var next = try start(path, topics: Lifetime.topics)
        var records: UInt64 = 0
        for _ in 0..<4 {
            var lifetime = try Lifetime(path, next)
            for _ in 0..<Int.random(in: 1...20, using: &random) {
                try lifetime.publishSome(&random)
                try lifetime.commit(changedSlots: Int.random(in: 0...12, using: &random), now: clock)
            }
            records += lifetime.rig.stream.lastSequence
            next = try start(path, topics: Lifetime.topics)
            #expect(next.unreadable == 0)
            let again = try start(path, topics: Lifetime.topics)
            try compare(again.takeFound().takeSlots(), with: lifetime.rig, records: records)
        }
    }

    private func compare(
        _ slots: consuming NamespaceSlots, with rig: CoreRig, records: UInt64
    ) throws {
        let (found, expected) = (slots.checkpoint(), rig.core.stateNow())
        #expect(found.digest == expected.digest && found.slots == expected.slots)
        #expect(found.versions + found.forgotten == records)
        #expect(expected.versions + expected.forgotten == records)
        for index in 0..<25 {
            let topic = Array("acme/\(index)".utf8)
            let expected = rig.core.lastKnown(topic.span.bytes)
            guard let id = slots.find(topic.span.bytes) else {
                #expect(expected == nil)
                continue
            }
            let (retained, event) = (slots.retained(id), slots.event(id))
            let version = Array("\(slots.version(id))".utf8)
            guard let expected else {
                // It was forgotten, which the table does not say yet.
                #expect(retained.state != .held && event.state == .empty)
                continue
            }
            #expect(expected[1] == event.encoded && expected[2] == version)
            #expect(expected[0] == retained.encoded || expected[0].isEmpty && retained.state == .tombstone)
        }
    }

    @Test("D7 a delivery that was journalled and perhaps not acknowledged is recognised when the broker repeats it")
    func deliveries() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("send.db")
        let reserved = try start(path).journal.epoch
        do {
            var store = try JournalStore(
                try Database(path: path, schema: SenderDatabase.schema), epoch: reserved, limits: JournalStore.Limits())
            let rig = try CoreRig(epoch: reserved.epoch)
            for packet in 1...6 {
                rig.publish("acme/\(packet)", [UInt8(packet)], delivery: UInt64(packet), packet: UInt16(packet))
                try rig.endGulp(idle: true)
            }
            var marks = JournalMarks()
            marks.released = store.position(of: BlockNumber(rawValue: 2))
            try store.commit(rig.blocks, nil)
            try store.commit(
                [],
                .init(
                    last: (rig.core.newestStamp.sequence, rig.blocks[5].id.block), marks: marks, slots: nil,
                    echoes: "", broker: "", now: clock))
        }
        var known = try start(path).takeFound().deliveries
        func isKnown(_ packet: UInt16, _ payload: UInt8, isDuplicate: Bool = true) -> Bool {
            known.contains(
                packet: packet, isDuplicate: isDuplicate, topic: Array("acme/\(packet)".utf8).span.bytes,
                payload: [payload].span.bytes)
        }
        #expect(known.count == 4, "what was released is the broker's to repeat no more")
        #expect(!isKnown(2, 2))
        #expect(isKnown(3, 3))
        #expect(!isKnown(3, 3), "once")
        #expect(!isKnown(4, 9), "another content is another message")
        #expect(!isKnown(5, 5, isDuplicate: false), "not a repetition: the identifier is used again")
        #expect(isKnown(6, 6))
    }

    @Test("a damaged database is set aside, whole, and the sender begins anew above its epoch")
    func damaged() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("send.db")
        let first = try start(path).journal.epoch
        let damage = Data(repeating: 0x5A, count: 8_192)
        try damage.write(to: URL(filePath: path))
        let again = try start(path)
        let setAside = again.setAside
        let aside = try #require(setAside)
        #expect(try Data(contentsOf: URL(filePath: aside)) == damage)
        #expect(again.journal.epoch.firstPosition == 1)
        #expect(again.journal.epoch.incarnation != first.incarnation)
        let third = try start(path).setAside
        #expect(third == nil)
    }

    @Test("a database of a newer version is refused and left as it is")
    func newer() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("send.db")
        _ = try start(path)
        do {
            let database = try Database(path: path, schema: SenderDatabase.schema)
            try database.execute("PRAGMA user_version = 99")
        }
        #expect(
            throws: EpochError.storage(.newer(path: path, version: 99, known: SenderDatabase.schema.migrations.count))
        ) {
            let start = try start(path)
            #expect(start.unreadable == 0)
        }
    }

    @Test("a database of the first version is migrated and keeps its epochs")
    func older() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("send.db")
        do {
            let old = DatabaseSchema(
                owner: "diode-send", applicationID: "UDSN", migrations: [SenderDatabase.schema.migrations[0]])
            let database = try Database(path: path, schema: old)
            try database.execute("INSERT INTO epochs VALUES (\(clock.rawValue + 50), 5, 6)")
        }
        let next = try start(path)
        #expect(next.journal.epoch.epoch.rawValue == clock.rawValue + 51)
        #expect(next.journal.earlierEpochs.map(\.incarnation.rawValue) == [5])
    }
}
