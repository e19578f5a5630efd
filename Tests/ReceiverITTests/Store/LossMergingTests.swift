import Account
import Audit
import DiodeProtocol
import Storage
import TestKit
import Testing

@testable import ReceiverIT
import Time
@testable import ReceiverITStore
@testable import ReceiverITAudit

@Suite("The table of losses within its limit")
struct LossMergingTests {
    @Test("P8 old losses of one layer and reason become one row; no record and no name that has room is forgotten")
    func merged() throws {
        let folder = try TemporaryDirectory("losses")
        let database = try Database(path: folder.file("recv.db"), schema: StoreSchema.schema)
        var table = try LossTable(database)
        var records: [ShedRun.Reason: UInt64] = [:]
        for number in 0..<400 {
            let topic = "acme/line-\(number)"
            let reason = number % 3 == 0 ? ShedRun.Reason.topicLimit : .oversize
            let stamp = Stamp(epoch: Epoch(rawValue: 7), sequence: SequenceNumber(rawValue: UInt64(number + 1)))
            let time = UnixMilliseconds(rawValue: 1_763_716_000_000 + UInt64(number) * 10_000)
            _ = try table.note(
                Loss(
                    .shedBySender(reason), records: UInt64(number + 1), first: stamp, last: stamp, from: time, to: time,
                    topics: [topic: UInt64(number + 1)]), link: 1, at: time, in: database)
            records[reason, default: 0] += UInt64(number + 1)
        }
        try database.execute("UPDATE losses SET acknowledged = 1 WHERE id <= 2")
        for _ in 0..<20 { try LossMerging.keepLimit(link: 1, rows: 40, in: database) }
        let losses = try StoredLosses.read(1, in: database)
        #expect(losses.count <= 40)
        for (reason, sum) in records {
            let rows = losses.filter { $0.cause == .shedBySender(reason) }
            #expect(rows.reduce(0) { $0 + $1.records } == sum)
            #expect(rows.reduce(0) { $0 + $1.topics.reduce(0) { $0 + $1.records } } == sum)
        }
        #expect(losses.filter(\.isAcknowledged).map(\.records) == [1, 2])
        #expect(losses.allSatisfy { $0.topics.count <= LossTable.topicLimit + 1 && $0.from <= $0.to })
        #expect(losses.map(\.from).min() == UnixMilliseconds(rawValue: 1_763_716_000_000))
    }

    @Test("P9 topics that differ only in their Unicode form are two, as they are in the plant")
    func unicodeForms() throws {
        let folder = try TemporaryDirectory("losses")
        let database = try Database(path: folder.file("recv.db"), schema: StoreSchema.schema)
        var table = try LossTable(database)
        let stamp = Stamp(epoch: Epoch(rawValue: 7), sequence: SequenceNumber(rawValue: 1))
        let time = UnixMilliseconds(rawValue: 1_763_716_000_000)
        for topic in ["acme/caf\u{e9}", "acme/cafe\u{301}"] {
            _ = try table.note(
                Loss(
                    .shedBySender(.oversize), records: 2, first: stamp, last: stamp, from: time, to: time,
                    topics: [topic: 2]), link: 1, at: time, in: database)
        }
        let topics = try StoredLosses.read(1, in: database).flatMap(\.topics)
        #expect(topics.map { Array($0.topic.utf8) } == ["acme/cafe\u{301}", "acme/caf\u{e9}"].map { Array($0.utf8) })
        #expect(topics.map(\.records) == [2, 2])
    }
}
