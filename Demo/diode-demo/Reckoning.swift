import TestKit

/// What was sent, arrived, repaired, is missing and named: reckoned from what plant and collector wrote down, and compared with what
/// the receiver says about itself.
///
/// JSON is compared byte for byte, also what came late and went to `diode/<link>/late/`. Sparkplug is not: hosts see an edge node of the
/// receiver's, whose births and numbers are its own.
struct Reckoning {
    /// JSON that the plant published, and that arrived under its topics.
    private let published: [PlantMessage]
    private let arrived: [PlantMessage]
    /// Sparkplug messages in the plant and on the IT side.
    private let sparkplug: (plant: Int, hosts: Int)
    private let report: LinkReport
    private let link: FaultInjector.Counts
    private let edges: LossyRelay.Edges

    init(_ scene: Scene) async throws {
        published = scene.json.messages
        let late = "diode/\(scene.pair.settings.link)/late/"
        let all = scene.collector.messages.map { message in
            guard message.topic.hasPrefix(late) else { return message }
            var message = message
            message.topic = String(message.topic.dropFirst(late.count))
            return message
        }
        arrived = all.filter { !$0.topic.hasPrefix("diode/") && !$0.topic.hasPrefix("spBv1.0/") }
        sparkplug = (scene.sparkplug.messages.count, all.count { $0.topic.hasPrefix("spBv1.0/") })
        report = try await scene.pair.report()
        link = scene.relay.counts
        edges = scene.relay.edges
    }

    /// Prints the summary.
    /// - Returns: whether it is as it should be.
    func tell(_ narrator: Narrator) -> Bool {
        narrator.title("Summary")
        let sent = report.total("sent")
        let missing = report.total("missing") + report.total("lost")
        let shed = report.total("shed") + report.total("dead")
        let folded = report.total("folded")
        let copies = strangers()
        let absent = published.count - arrived.count + copies.count
        let unaccounted = max(0, absent - missing - shed)
        line(narrator, published.count, "JSON messages published by the plant")
        line(narrator, arrived.count, "of them arrived on the IT broker, compared byte for byte")
        line(
            narrator, sparkplug.plant,
            "Sparkplug messages of an edge node; hosts on the IT side saw \(sparkplug.hosts) of a node of their own")
        line(
            narrator, sent,
            "records handed to the link by diode-send, as diode-recv counts; \(folded) of them folded states")
        line(
            narrator, report.counters["restored_symbols"] ?? 0,
            "symbols restored by FEC; the link lost \(link.lost) frames of \(link.offered), and \(link.cut) while cut")
        if report.total("late") > 0 {
            line(narrator, report.total("late"), "of them late: repeated by the sender, or from its snapshot")
        }
        line(narrator, missing, "missing, and named:")
        for gap in report.gaps {
            narrator.say(
                "            gap of epoch \(gap.epoch), sequences \(gap.first) to \(gap.last): \(gap.missing.map { "\($0) " } ?? "")\(gap.state), cause \(gap.cause)"
            )
        }
        line(narrator, copies.count, "arrived that nobody published, or twice")
        line(narrator, unaccounted, "unaccounted")
        let faults = complaints(sent: sent, missing: missing, unaccounted: unaccounted, copies: copies)
        for fault in faults { narrator.say("NOT AS IT SHOULD BE: \(fault)") }
        narrator.say(
            faults.isEmpty
                ? "\nEvery message arrived or is named. The demo ended by itself after \(Narrator.seconds(narrator.elapsed))."
                : "")
        return faults.isEmpty
    }

    private func line(_ narrator: Narrator, _ number: Int, _ text: String) {
        narrator.say(Narrator.figure(number) + "  " + text)
    }

    /// Messages on the IT broker that the plant did not publish, or not so often.
    private func strangers() -> [PlantMessage] {
        struct Content: Hashable {
            var topic: String
            var payload: [UInt8]
        }
        var open: [Content: Int] = [:]
        for message in published { open[Content(topic: message.topic, payload: message.payload), default: 0] += 1 }
        return arrived.filter { message in
            let content = Content(topic: message.topic, payload: message.payload)
            let left = (open[content] ?? 0) - 1
            open[content] = left
            return left < 0
        }
    }

    private func complaints(sent: Int, missing: Int, unaccounted: Int, copies: [PlantMessage]) -> [String] {
        var complaints: [String] = []
        if arrived.isEmpty { complaints.append("nothing arrived") }
        if sent < published.count + sparkplug.plant {
            complaints.append("the plant published \(published.count + sparkplug.plant), the link was given \(sent)")
        }
        if sparkplug.hosts == 0 { complaints.append("no host saw an edge node") }
        if unaccounted != 0 { complaints.append("\(unaccounted) messages are neither there nor named") }
        if let first = copies.first {
            complaints.append("\(first.topic) arrived though it was not published, or twice")
        }
        if link.lost == 0 || report.counters["restored_symbols"] ?? 0 == 0 { complaints.append("no loss was repaired") }
        if link.cut == 0 { complaints.append("nothing was cut") }
        let named = report.gaps.reduce(0) { $0 + ($1.missing ?? Int($1.last - $1.first) + 1) }
        if named < report.total("missing") {
            complaints.append("\(report.total("missing")) records are missing, but \(named) are named")
        }
        if edges.unread + edges.overflow + edges.refused > 0 {
            complaints.append("the demo's own link dropped frames: \(edges)")
        }
        return complaints
    }
}
