import Account
import Crypto
import DiodeProtocol
import JSON
import Storage
import TestKit
import Testing

@testable import ReceiverIT
import Time
@testable import ReceiverITStore
@testable import ReceiverITCore

@Suite("Which times of the plant a gap lies between", .timeLimit(.minutes(2)))
struct SourceClockTests {
    private static let start: UInt64 = 1_763_716_000_000

    private func time(_ seconds: UInt64) -> UnixMilliseconds {
        UnixMilliseconds(rawValue: Self.start + seconds * 1_000)
    }

    /// A block with records of these seconds.
    private func block(_ sender: TestSender, at seconds: UInt64..., topic: String = "a") -> TestBlock {
        sender.live(seconds.map { TestRecord(topic: topic, time: time($0).rawValue) })
    }

    private func source(_ link: TestLink) -> [[UInt64?]] {
        link.core.gaps.map { gap in
            [gap.sourceFrom, gap.sourceTo].map { $0.map { ($0.rawValue - Self.start) / 1_000 } }
        }
    }

    @Test("C4 a gap lies between the block before it and the first record behind it, or a beat that came between")
    func betweenBlocks() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        link.receive(try sender.frames(block(sender, at: 10)))
        _ = block(sender, at: 20, 21)
        link.receive(try sender.frames(block(sender, at: 30, 31)))
        link.pass(.milliseconds(60))
        #expect(source(link) == [[10, 30]])
        // A quiet link, whose beats say that nothing was lost until 50.
        link.receive(try sender.frames(sender.beat { $0.clock = time(40) }))
        link.receive(try sender.frames(sender.beat { $0.clock = time(50) }))
        _ = block(sender, at: 60)
        link.receive(try sender.frames(sender.beat { $0.clock = time(70) }))
        link.pass(.milliseconds(60))
        #expect(source(link) == [[10, 30], [50, 70]])
    }

    @Test("C4 a gap at the end grows: its span ends with the newest beat, and the next one begins there")
    func tail() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        link.receive(try sender.frames(block(sender, at: 10)))
        _ = block(sender, at: 20)
        link.receive(try sender.frames(sender.beat { $0.clock = time(25) }))
        link.pass(.milliseconds(60))
        #expect(source(link) == [[10, 25]])
        _ = block(sender, at: 30)
        link.receive(try sender.frames(sender.beat { $0.clock = time(35) }))
        link.pass(.milliseconds(60))
        #expect(source(link) == [[10, 35]])
        link.receive(try sender.frames(block(sender, at: 40)))
        _ = block(sender, at: 50)
        link.receive(try sender.frames(block(sender, at: 60)))
        link.pass(.milliseconds(60))
        #expect(source(link) == [[10, 35], [40, 60]])
    }

    @Test("C4 control items have no time: the end of a gap before them comes with what follows")
    func controlItems() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        link.receive(try sender.frames(block(sender, at: 10)))
        _ = block(sender, at: 20)
        var content = LiveContentEncoder()
        content.append(
            Checkpoint(
                digest: Digest32(first: 0, second: 0, third: 0, fourth: 0), versions: 2, forgotten: 0, topics: 1,
                slots: 0))
        link.receive(try sender.frames(sender.live(&content)))
        link.pass(.milliseconds(60))
        #expect(source(link) == [[10, nil]])
        link.receive(try sender.frames(block(sender, at: 30)))
        #expect(source(link) == [[10, 30]])
        link.receive(try sender.frames(block(sender, at: 40)))
        #expect(source(link) == [[10, 30]])
    }

    @Test("C4 an epoch that was never heard lies between the one before it and the beat that lists it")
    func wholeEpochs() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        link.receive(try sender.frames(block(sender, at: 10)))
        var epochs: [Beat.EpochSummary] = []
        for number in 1...3 as ClosedRange<UInt64> {
            epochs.append(
                Beat.EpochSummary(
                    epoch: sender.epoch, incarnation: sender.incarnation, firstSequence: SequenceNumber(rawValue: 1),
                    lastCommitted: SequenceNumber(rawValue: sender.nextSequence - 1),
                    lastBlock: BlockNumber(rawValue: sender.nextBlock - 1)))
            sender.beginEpoch(Self.start + 1 + number, incarnation: number)
            let live = block(sender, at: 10 + number * 10)
            if number == 3 { link.receive(try sender.frames(live)) }
        }
        link.receive(
            try sender.frames(
                sender.beat {
                    $0.clock = time(60)
                    $0.epochs = epochs
                }))
        link.pass(.milliseconds(60))
        #expect(source(link) == [[10, 60], [10, 60]])
    }

    @Test("C4 a clock that was set back ends no gap before it begins")
    func setBack() throws {
        let sender = try TestSender()
        let link = try TestLink(sender.card)
        link.receive(try sender.frames(block(sender, at: 10)))
        _ = block(sender, at: 20)
        link.receive(try sender.frames(block(sender, at: 3)))
        link.pass(.milliseconds(60))
        #expect(source(link) == [[3, 10]])
    }

    @Test("C4 what was missed while the receiver was down begins with what it had stored, and the audit says so")
    func restart() async throws {
        let receiver = try AuditedReceiver()
        receiver.beats = false
        try receiver.start()
        try receiver.emit([block(receiver.sender, at: 10)])
        #expect(await receiver.waitUntil(sent: 1))
        receiver.stop()
        _ = block(receiver.sender, at: 20, 30)
        try receiver.start()
        try receiver.emit([block(receiver.sender, at: 40)])
        #expect(await receiver.waitUntil(sent: 4, missing: 2))
        receiver.stop()
        let gap = try #require(try await receiver.audit().link["gaps"]?.elements?.first)
        #expect(gap["source_from"] == .text(CalendarTime.text(time(10))))
        #expect(gap["source_to"] == .text(CalendarTime.text(time(40))))
        let table = try await receiver.command(["--audit"]).output
        #expect(table.contains("2025-11-21 09:06:50 – 09:07:20"), "\(table)")
        // What is open goes on as it was.
        try receiver.start()
        receiver.stop()
        #expect(try await receiver.audit().link["gaps"]?.elements?.first == gap)
    }

    @Test("D9 a database from before there were source times is migrated, and its gaps have none")
    func older() throws {
        let folder = try TemporaryDirectory("older")
        let path = folder.file("recv.db")
        do {
            let old = DatabaseSchema(
                owner: "diode-recv", applicationID: "UDRV", migrations: Array(StoreSchema.schema.migrations.prefix(4)))
            let database = try Database(path: path, schema: old)
            try database.execute(
                """
                INSERT INTO links (id, name, fingerprint) VALUES (1, 'plant-a', 'x');
                INSERT INTO epochs VALUES (1, 7, 5, 1, 3, 12, 10, 0, 2, 0, 0, 3, 12, x'', 0, 1000, NULL, 0);
                INSERT INTO holes VALUES (1, 7, 2, 2, 1, 11, 2, 0);
                INSERT INTO gaps VALUES (1, 1, 7, 11, 12, 2, 2, 2000, 'link', NULL, NULL, 2, 0)
                """)
        }
        let database = try Database(path: path, schema: StoreSchema.schema)
        let (stored, _, _) = try LinkLoader.load(1, limits: Replica.Limits(ReceiverCore.Settings()), from: database)
        #expect(stored.tracks.map(\.source) == [SourceClock()] && stored.tracks.map(\.account.delivered) == [10])
        #expect(stored.gaps.map(\.id) == [1] && stored.gaps.allSatisfy { $0.sourceFrom == nil && $0.sourceTo == nil })
    }
}
