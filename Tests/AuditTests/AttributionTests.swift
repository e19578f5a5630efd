import Account
import DiodeProtocol
import JSON
import TestKit
import Testing
import Time

@testable import Audit

@Suite("Attribution adds up")
struct AttributionTests {
    private let epoch = Epoch(rawValue: 1_793_491_200_000)

    /// Records as the plant published them, and which of them came.
    private struct History {
        var link = LinkAudit(link: "plant-a", fingerprint: "SHA256:x")
        /// By gap and topic.
        var truth: [UInt64: [String: UInt64]] = [:]
        var jumps: [VersionJump] = []
        /// Records that no later record tells of.
        var untold: [String: UInt64] = [:]
    }

    private func stamp(_ sequence: UInt64) -> Stamp {
        Stamp(epoch: epoch, sequence: SequenceNumber(rawValue: sequence))
    }

    /// - Parameters:
    ///   - topics: of the records, in order.
    ///   - absent: runs of sequences that did not come, ascending, with whether they are lost.
    private func history(_ topics: [String], absent: [(run: ClosedRange<UInt64>, isLost: Bool)]) -> History {
        var history = History()
        for (number, (run, isLost)) in absent.enumerated() {
            let gap = Gap(
                id: UInt64(number + 1), epoch: epoch, firstSequence: SequenceNumber(rawValue: run.lowerBound),
                lastSequence: SequenceNumber(rawValue: run.upperBound),
                firstBlock: BlockNumber(rawValue: run.lowerBound),
                lastBlock: BlockNumber(rawValue: run.upperBound), openedAt: AuditSamples.start, cause: .link,
                closedAt: isLost ? AuditSamples.now : nil, missing: isLost ? 0 : UInt64(run.count),
                lost: isLost ? UInt64(run.count) : 0)
            history.link.gaps.append(AuditGap(gap))
            for sequence in run { history.truth[gap.id, default: [:]][topics[Int(sequence) - 1], default: 0] += 1 }
        }
        var known: [String: (version: UInt64, at: UInt64)] = [:]
        var versions: [String: UInt64] = [:]
        for (index, topic) in topics.enumerated() {
            let sequence = UInt64(index + 1)
            versions[topic, default: 0] += 1
            let version = versions[topic] ?? 0
            guard !absent.contains(where: { $0.run.contains(sequence) }) else { continue }
            if let last = known[topic], last.version + 1 < version {
                history.jumps.append(
                    VersionJump(
                        topic: Array(topic.utf8), versions: last.version + 1...version - 1, after: stamp(last.at),
                        before: stamp(sequence)))
            } else if known[topic] == nil, version > 1 {
                history.untold[topic] = version - 1
            }
            known[topic] = (version, sequence)
        }
        for (topic, version) in versions { history.untold[topic, default: 0] += version - (known[topic]?.version ?? 0) }
        history.link.attribute(history.jumps)
        return history
    }

    private func ranking(_ link: LinkAudit) -> [String: UInt64] {
        TopicLosses.ranking(of: link).reduce(into: [:]) { $0[$1.topic ?? "", default: 0] += $1.records.sum }
    }

    @Test("P9 three gaps of one record each on three topics: each may be in each gap, and topics by loss say one each")
    func three() throws {
        let topics = ["a", "b", "c", "a", "x", "b", "x", "c", "x", "a", "b", "c"]
        let history = history(topics, absent: [(4...4, true), (6...6, true), (8...8, true)])
        for gap in history.link.gaps {
            #expect(gap.topics.map(\.topic) == ["a", "b", "c"])
            #expect(gap.topics.allSatisfy { $0.records == 1 && $0.isAtMost })
        }
        #expect(ranking(history.link) == ["a": 1, "b": 1, "c": 1])
        var link = history.link
        link.totals.lost = 3
        let report = AuditReport(generatedAt: AuditSamples.now, madeBy: "x", links: [link])
        let table = report.text(as: .table, width: 100)
        #expect(table.matches(of: /up to 1  a/).count == 3 && table.contains("nobody can tell in which"))
        #expect(report.text(as: .html).contains("up to 1</small>"))
        #expect(report.text(as: .csv).contains("plant-a,gap-topic,,,,a,1,lost,,,1,,,,,,,,,at most"))
        #expect(report.text(as: .csv).contains("plant-a,topic,,,,a,1,lost"))
        let json = link.members.first { $0.name == "topics_by_loss" }?.value
        #expect(
            json?.elements?.first?.line == #"{"topic":"a","lost":1,"missing":0,"lost_or_missing":0}"#)
    }

    @Test(
        "P9 what one gap alone can have swallowed is exact, what several share is up to, and what nobody tells of is not attributed"
    )
    func kinds() throws {
        // gap 1: b; gap 2: a; gap 3: c, of which nothing is heard again.
        let topics = ["a", "b", "c", "b", "b", "a", "b", "a", "c"]
        let history = history(topics, absent: [(4...4, true), (6...6, false), (9...9, true)])
        #expect(history.link.gaps[0].topics == [TopicCount(topic: "b", records: 1)])
        // a may have lost its record in gap 1 or 2, but gap 1 has none left.
        #expect(history.link.gaps[1].topics == [TopicCount(topic: "a", records: 1)])
        #expect(history.link.gaps[2].topics.isEmpty)
        let rows = TopicLosses.ranking(of: history.link)
        #expect(rows.map(\.topic) == ["b", "a", nil])
        #expect(rows.map(\.records) == [.init(lost: 1), .init(missing: 1), .init(lost: 1)])
    }

    @Test("P9 a topic that alone has lost everything in several gaps is exact in each")
    func alone() throws {
        let topics = [String](repeating: "a", count: 9)
        let history = history(topics, absent: [(2...3, true), (5...5, true)])
        #expect(history.link.gaps[0].topics == [TopicCount(topic: "a", records: 2)])
        #expect(history.link.gaps[1].topics == [TopicCount(topic: "a", records: 1)])
        let both = self.history(["a", "a", "b", "a", "b", "b", "a"], absent: [(2...2, true), (5...5, false)])
        #expect(both.link.gaps.map { $0.topics.contains(where: \.isAtMost) } == [false, false])
    }

    @Test(
        "P9 P1 whatever is lost of whichever topics: exact is the truth, up to is no less, and every record is in one row"
    )
    func truth() async throws {
        try await withSeed { random in
            for round in 0..<60 {
                let count = round % 10 == 9 ? 3_000 : Int.random(in: 20...200, using: &random)
                let names = Int.random(in: 1...12, using: &random)
                let topics = (0..<count).map { _ in "t/\(Int.random(in: 0..<names, using: &random))" }
                var absent: [(ClosedRange<UInt64>, Bool)] = []
                var sequence: UInt64 = 1
                while sequence + 8 < UInt64(count) {
                    let length = UInt64.random(in: 0...3, using: &random)
                    absent.append((sequence...sequence + length, Bool.random(using: &random)))
                    sequence += length + 2 + UInt64.random(in: 0...9, using: &random)
                }
                try check(history(topics, absent: absent))
            }
        }
    }

    private func check(_ history: History) throws {
        for gap in history.link.gaps {
            let truth = history.truth[gap.id] ?? [:]
            for topic in gap.topics {
                let records = truth[topic.topic] ?? 0
                #expect(topic.isAtMost ? topic.records >= records : topic.records == records, "gap \(gap.id)")
                #expect(topic.records <= gap.absent)
            }
            let exact = gap.topics.reduce(0) { $0 + ($1.isAtMost ? 0 : $1.records) }
            #expect(exact <= gap.absent)
        }
        let rows = TopicLosses.ranking(of: history.link)
        let lost = history.link.gaps.reduce(0) { $0 + $1.lost }
        let missing = history.link.gaps.reduce(0) { $0 + $1.missing }
        #expect(rows.reduce(0) { $0 + $1.records.sum } == lost + missing)
        #expect(rows.reduce(0) { $0 + $1.records.lost } <= lost)
        #expect(rows.reduce(0) { $0 + $1.records.missing } <= missing)
        var truth: [String: UInt64] = [:]
        for topics in history.truth.values { truth.merge(topics) { $0 + $1 } }
        for row in rows {
            guard let topic = row.topic else { continue }
            #expect(row.records.sum == (truth[topic] ?? 0) - (history.untold[topic] ?? 0), "\(topic)")
        }
        #expect(rows.last { $0.topic == nil }?.records.sum ?? 0 == history.untold.values.reduce(0, +))
    }

    @Test("P9 a period names what its gaps have lost for sure, and no more than they have")
    func period() throws {
        let topics = ["a", "b", "c", "a", "x", "b", "x", "c", "x", "a", "b", "c"]
        var history = history(topics, absent: [(4...4, true), (6...6, true), (8...8, true)])
        let gap = history.link.gaps[2].gap
        let later = UnixMilliseconds(rawValue: AuditSamples.now.rawValue + 1_000)
        history.link.gaps[2] = AuditGap(
            Gap(
                id: 3, epoch: gap.epoch, firstSequence: gap.firstSequence, lastSequence: gap.lastSequence,
                firstBlock: gap.firstBlock, lastBlock: gap.lastBlock, openedAt: later, cause: .link, missing: 0, lost: 1
            ))
        let period = try AuditPeriod(from: nil, to: later)
        let link = history.link.narrowed(to: period, history: [], now: later)
        #expect(link.gaps.count == 2)
        let rows = TopicLosses.ranking(of: link)
        #expect(rows.map(\.topic) == [nil], "of a, b and c each may lie in the third gap")
        #expect(rows.map(\.records.sum) == [2])
    }

    @Test("P8 numbers that no account can have are shown without a trap")
    func absurd() throws {
        let huge = Gap(
            id: 1, epoch: epoch, firstSequence: SequenceNumber(rawValue: 1),
            lastSequence: SequenceNumber(rawValue: .max),
            firstBlock: BlockNumber(rawValue: 1), lastBlock: BlockNumber(rawValue: .max), openedAt: AuditSamples.start,
            cause: .link, missing: .max, lost: .max)
        var link = LinkAudit(link: "a", fingerprint: "x")
        link.gaps = [AuditGap(huge), AuditGap(huge)]
        let topic = Array("a".utf8)
        link.attribute([
            VersionJump(topic: topic, versions: 0...UInt64.max, after: stamp(0), before: stamp(.max)),
            VersionJump(topic: topic, versions: 1...UInt64.max, after: stamp(0), before: stamp(9)),
            VersionJump(topic: topic, versions: 3...3, after: stamp(9), before: stamp(2)),
        ])
        let report = AuditReport(generatedAt: AuditSamples.now, madeBy: "x", links: [link])
        for format in AuditReport.Format.allCases { #expect(!report.text(as: format).isEmpty) }
    }
}
