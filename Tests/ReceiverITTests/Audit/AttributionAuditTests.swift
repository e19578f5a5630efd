import Account
import Audit
import DiodeProtocol
import JSON
import Storage
import TestKit
import Testing
import Time

@testable import ReceiverIT
@testable import ReceiverITAudit
@testable import ReceiverITStore

/// Which topics' records gaps swallowed, from the frames to the audit.
@Suite("Attribution adds up in the audit", .timeLimit(.minutes(1)))
struct AttributionAuditTests {
    @Test(
        "P9 three gaps of one record each on three topics: up to 1 in each gap, and 1 each by topic, also after a restart"
    )
    func three() async throws {
        let receiver = try AuditedReceiver()
        let plant = StatePlant(receiver.sender)
        try receiver.start()
        func publish(_ names: String...) -> TestBlock { plant.publish(names.map { ($0, [1], true) }) }
        var sent = [publish("acme/a", "acme/b", "acme/c", "acme/d")]
        var lost: [TestBlock] = []
        for name in ["acme/a", "acme/b", "acme/c"] {
            lost.append(publish(name))
            sent.append(publish("acme/d"))
        }
        sent.append(publish("acme/a", "acme/b", "acme/c"))
        try receiver.emit(sent)
        try receiver.emit([receiver.sender.beat()])
        #expect(await receiver.waitUntil(sent: 13, missing: 3))
        receiver.stop()
        for isOver in [false, true] {
            let link = try await receiver.audit().link
            let gaps = link["gaps"]?.elements ?? []
            #expect(gaps.count == 3)
            for gap in gaps {
                let topics = gap["topics"]?.elements ?? []
                #expect(topics.map { $0["topic"]?.text } == ["acme/a", "acme/b", "acme/c"])
                #expect(topics.allSatisfy { $0["records"] == 1 && $0["at_most"] == true })
            }
            let sums = link["topics_by_loss"]?.elements ?? []
            #expect(sums.map { $0["missing"] } == [1, 1, 1] && sums.map { $0["topic"]?.text }.last == "acme/c")
            let table = try await receiver.command(["--audit"]).output
            #expect(
                table.matches(of: /up to 1  acme/).count == 9 && table.matches(of: /0 lost  1 missing  acme/).count == 3
            )
            guard !isOver else { break }
            try receiver.start()
            receiver.stop()
        }
        // One of them comes late: the other two gaps have what is left, and none of the topic that came.
        try receiver.start()
        try receiver.emit([lost[1]], transmission: 1)
        #expect(await receiver.waitUntil(sent: 13, missing: 2))
        receiver.stop()
        let link = try await receiver.audit().link
        let open = (link["gaps"]?.elements ?? []).filter { $0["state"] == "open" }
        #expect(
            open.map { $0["topics"]?.elements?.map { $0["topic"]?.text } } == [
                ["acme/a", "acme/c"], ["acme/a", "acme/c"],
            ])
        #expect(link["topics_by_loss"]?.elements?.map { $0["missing"] } == [1, 1])
    }

    @Test("P9 a file of an earlier release opens, and what it had named is named with up to")
    func earlierRelease() throws {
        let folder = try TemporaryDirectory("earlier")
        let path = folder.file("recv.db")
        let schema = StoreSchema.schema
        let index = try #require(schema.migrations.firstIndex { $0.contains("CREATE TABLE version_jumps") })
        do {
            let earlier = DatabaseSchema(
                owner: schema.owner, applicationID: schema.applicationID,
                migrations: Array(schema.migrations.prefix(index)))
            let database = try Database(path: path, schema: earlier)
            try database.execute(
                """
                INSERT INTO links (id, name, fingerprint) VALUES (1, 'plant-a', 'x');
                INSERT INTO gaps VALUES (1, 1, 7, 4, 4, 4, 4, 1, 'link', NULL, NULL, 1, 0, NULL, NULL);
                INSERT INTO gaps VALUES (1, 2, 7, 6, 6, 6, 6, 1, 'link', NULL, NULL, 1, 0, NULL, NULL);
                INSERT INTO gaps VALUES (1, 3, 9, 1, 5, 1, 5, 1, 'link', NULL, NULL, 0, 5, NULL, NULL);
                INSERT INTO gap_topics VALUES (1, 1, CAST('a' AS BLOB), 2), (1, 2, CAST('a' AS BLOB), 2),
                    (1, 3, CAST('b' AS BLOB), 4);
                """)
        }
        for isMigrated in [false, true] {
            if isMigrated { _ = try Database(path: path, schema: schema) }
            let reader = AuditReader(
                path, silenceTimeout: .seconds(3), now: UnixMilliseconds(rawValue: 100_000), cards: [])
            let link = try #require(try reader.read().links.first)
            #expect(
                link.gaps.map(\.topics) == [
                    [TopicCount(topic: "a", records: 1, isAtMost: true)],
                    [TopicCount(topic: "a", records: 1, isAtMost: true)],
                    [TopicCount(topic: "b", records: 4, isAtMost: true)],
                ])
            let ranking = TopicLosses.ranking(of: link)
            #expect(ranking.map(\.topic) == ["b", "a", nil])
            #expect(ranking.map(\.records) == [.init(lost: 4), .init(missing: 2), .init(lost: 1)])
        }
    }
}
