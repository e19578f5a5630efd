/// What one topic lost, over all gaps and losses of a report.
public struct TopicLosses: Hashable, Sendable {
    public var topic: String
    /// Records of it that are gone for good, and that may still come.
    public var lost: UInt64 = 0
    public var missing: UInt64 = 0

    /// Topics with anything lost or missing, the worst first: by what is lost, then by what is missing, then by name.
    public static func ranking(of link: LinkAudit) -> [TopicLosses] {
        var byTopic: [String: TopicLosses] = [:]
        func add(_ counts: [TopicCount], _ path: WritableKeyPath<TopicLosses, UInt64>) {
            for count in counts {
                byTopic[count.topic, default: TopicLosses(topic: count.topic)][keyPath: path] &+= count.records
            }
        }
        for gap in link.gaps where gap.state != .healed { add(gap.topics, gap.state == .lost ? \.lost : \.missing) }
        for loss in link.losses { add(loss.topics, \.lost) }
        return byTopic.values.sorted { a, b in
            if a.lost != b.lost { return a.lost > b.lost }
            return a.missing != b.missing ? a.missing > b.missing : a.topic < b.topic
        }
    }
}
