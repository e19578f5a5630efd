import Audit
import DiodeProtocol
import JSON
import TestKit
import Time
import Account

/// Reports to judge: sound accounts with as many gaps as asked for.
enum AuditSamples {
    static let start = time("2026-11-01T00:00:00.000Z")
    static let now = time("2026-11-30T12:00:00.000Z")
    static let topics = (1...40).map { "acme/dresden/hall-\($0 % 4 + 1)/line-\($0 % 7 + 1)/press-\($0)/temperature" }

    static func time(_ text: String) -> UnixMilliseconds {
        CalendarTime.time(text) ?? UnixMilliseconds(rawValue: 0)
    }

    static func report(gaps: Int, seed: UInt64 = 1) -> AuditReport {
        var random = SeededGenerator(seed: seed)
        return AuditReport(generatedAt: now, madeBy: "diode-recv 0.4.0", links: [link(gaps: gaps, &random)])
    }

    /// A link whose account agrees with its gaps: of each ten, one is lost, one open and the others are healed.
    static func link(gaps count: Int, _ random: inout SeededGenerator) -> LinkAudit {
        var link = LinkAudit(
            link: "plant-a", fingerprint: "SHA256:4kQf0mJ6l9cJH1m0v3vY6tq2d5hYbq6b8Q0c1kq7v2w")
        link.beginsAt = Stamp(epoch: Epoch(rawValue: 1_793_491_200_000), sequence: SequenceNumber(rawValue: 1))
        link.heardUntil = now
        link.head = "4711:" + String(repeating: "3f", count: 32)
        link.verification = .intact(entries: 4711, detail: "as the noted head 4200 has it")
        let step = (now.rawValue - start.rawValue) / UInt64(max(1, count))
        var sequence: UInt64 = 400
        for number in 0..<count {
            let begin = start.rawValue + step * UInt64(number) + .random(in: 0..<max(1, step / 2), using: &random)
            let gap = gap(
                id: UInt64(number + 1), sequence: sequence, openedAt: UnixMilliseconds(rawValue: begin),
                state: count == 1 ? .open : number % 10 == 3 ? .lost : number % 10 == 9 ? .open : .healed, &random)
            sequence = gap.lastSequence.rawValue + 50
            link.gaps.append(gap)
        }
        link.attribute(link.gaps.flatMap(jumps))
        settle(&link, sent: Int64(sequence + 8_000_000))
        link.actions = [
            AuditAction(at: start, what: "start", detail: "diode-recv 0.4.0, SHA-256 9f2c…"),
            AuditAction(at: now, what: "resend", detail: "bundle of 14 ranges, 220 blocks"),
        ]
        link.software = ["receiver": ["version": "0.4.0", "sha256": "9f2c11"], "sender": ["version": "0.4.0"]]
        link.config = ["receiver": "c0ffee", "export": ["acme/#"], "late": "topic"]
        link.keys = ["link": .text(link.fingerprint), "audit": "SHA256:Zq7v2w4kQf0mJ6l9cJH1m0v3vY6tq2d5hYbq6b8Q0c1"]
        link.clock.offsetMinMilliseconds = -12
        link.clock.offsetMaxMilliseconds = 31
        link.replica.topics = 1200
        link.replica.digestMatches = true
        link.replica.itMatches = true
        link.replica.asOf = now
        link.replica.asOfSequence = SequenceNumber(rawValue: sequence)
        link.sender.isDurable = true
        link.isSettled = count == 0
        return link
    }

    /// What would name the topics that a gap was made with.
    private static func jumps(in gap: AuditGap) -> [VersionJump] {
        let after = Stamp(epoch: gap.epoch, sequence: SequenceNumber(rawValue: gap.firstSequence.rawValue - 1))
        let before = Stamp(epoch: gap.epoch, sequence: SequenceNumber(rawValue: gap.lastSequence.rawValue + 1))
        return gap.topics.map {
            VersionJump(topic: Array($0.topic.utf8), versions: 1...$0.records, after: after, before: before)
        }
    }

    static func gap(
        id: UInt64, sequence: UInt64, openedAt: UnixMilliseconds, state: Gap.State, _ random: inout SeededGenerator
    ) -> AuditGap {
        var topicCounts: [TopicCount] = []
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            topicCounts.append(
                TopicCount(
                    topic: topics.randomElement(using: &random) ?? "", records: .random(in: 1...400, using: &random)))
        }
        let records = topicCounts.reduce(0) { $0 + $1.records }
        let length = UInt64.random(in: 200...90_000, using: &random)
        let gap = Gap(
            id: id, epoch: Epoch(rawValue: 1_793_491_200_000), firstSequence: SequenceNumber(rawValue: sequence),
            lastSequence: SequenceNumber(rawValue: sequence + records - 1),
            firstBlock: BlockNumber(rawValue: sequence / 10),
            lastBlock: BlockNumber(rawValue: (sequence + records) / 10),
            openedAt: openedAt, cause: Gap.Cause.allCases.randomElement(using: &random) ?? .link,
            closedAt: state == .open ? nil : UnixMilliseconds(rawValue: openedAt.rawValue + length * 2),
            healedBy: state == .healed ? Gap.Healing.allCases.randomElement(using: &random) : nil,
            missing: state == .open ? records : 0, lost: state == .lost ? records : 0,
            sourceFrom: UnixMilliseconds(rawValue: openedAt.rawValue - 1000),
            sourceTo: UnixMilliseconds(rawValue: openedAt.rawValue - 1000 + length))
        return AuditGap(gap, topics: topicCounts)
    }

    /// A loss of a topic that nobody has acknowledged.
    static func loss(_ cause: LossCause, records: UInt64, topics: [String: UInt64] = [:]) -> AuditLoss {
        let stamp = Stamp(epoch: Epoch(rawValue: 1_793_491_200_000), sequence: SequenceNumber(rawValue: 9))
        return AuditLoss(
            Loss(cause, records: records, first: stamp, last: stamp, from: start, to: now, topics: topics),
            isAcknowledged: false)
    }

    /// Makes the account fit the gaps.
    static func settle(_ link: inout LinkAudit, sent: Int64) {
        func records(_ state: Gap.State) -> Int64 {
            link.gaps.reduce(0) { $0 + ($1.state == state ? Int64($1.records) : 0) }
        }
        link.totals.sent = sent
        link.totals.decided = sent
        link.totals.late = records(.healed)
        link.totals.missing = records(.open)
        link.totals.lost = records(.lost)
        link.totals.delivered = sent - link.totals.late - link.totals.missing - link.totals.lost
        link.totals.published = link.totals.delivered + link.totals.late - 12
        link.totals.outbox = 12
        link.epochs = [
            EpochTotals(
                epoch: Epoch(rawValue: 1_793_491_200_000), firstSequence: SequenceNumber(rawValue: 1),
                lastSequence: SequenceNumber(rawValue: UInt64(sent)),
                sums: EpochSums(
                    sent: sent, delivered: link.totals.delivered, late: link.totals.late, missing: link.totals.missing,
                    lost: link.totals.lost), startedAt: start, endedAt: nil)
        ]
    }
}
