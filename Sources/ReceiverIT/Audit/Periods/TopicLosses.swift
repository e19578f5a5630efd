public import Account

/// What one topic lost, over all gaps and losses of a report.
public struct TopicLosses: Hashable, Sendable {
    /// nil stands for the records of which nobody can say whose they are.
    public let topic: String?
    public fileprivate(set) var records = AbsentRecords()

    /// What table and page call the records of no known topic.
    static let unattributed = "not attributed to a topic"

    var name: String { topic ?? Self.unattributed }

    /// Topics with anything lost or missing, the worst first: by what is lost, then by what is missing, then by name. Last of all stands
    /// what is not attributed. Together they are what the gaps and losses of the report say: each record is in one row.
    public static func ranking(of link: LinkAudit) -> [TopicLosses] {
        var byTopic = link.absentByTopic
        var rest = AbsentRecords()
        for gap in link.gaps { rest.add(AbsentRecords(lost: gap.lost, missing: gap.missing)) }
        for records in link.absentByTopic.values { rest = rest.without(records) }
        for loss in link.losses {
            var left = loss.records
            for count in loss.topics where count.topic != TopicCount.unnamed {
                let records = min(count.records, left)
                byTopic[Array(count.topic.utf8), default: AbsentRecords()].add(AbsentRecords(lost: records))
                left -= records
            }
            rest.add(AbsentRecords(lost: left))
        }
        var ranking = byTopic.filter { $0.value.sum > 0 }.map {
            TopicLosses(topic: String(decoding: $0.key, as: UTF8.self), records: $0.value)
        }.sorted { a, b in
            if a.records.lost != b.records.lost { return a.records.lost > b.records.lost }
            return a.records.sum != b.records.sum
                ? a.records.sum > b.records.sum : a.name.utf8.lexicographicallyPrecedes(b.name.utf8)
        }
        if rest.sum > 0 { ranking.append(TopicLosses(topic: nil, records: rest)) }
        return ranking
    }
}
