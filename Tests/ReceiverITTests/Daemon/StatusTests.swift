import Account
import JSON
import Testing
import Time

@testable import ReceiverIT
@testable import ReceiverITCore
@testable import ReceiverITStatus
@testable import Republish

@Suite("What the daemon tells of itself")
struct StatusTests {
    private let time = UnixMilliseconds(rawValue: 1_763_716_000_000)

    private func facts(_ state: LinkState) -> LinkFacts {
        var facts = LinkFacts()
        switch state {
        case .online: facts.hearing = .heard
        case .degraded: (facts.hearing, facts.missing) = (.heard, 1)
        case .stale: facts.hearing = .silent(.seconds(3))
        case .offline: facts.hearing = .never
        }
        return facts
    }

    private func link(_ state: LinkState, name: String = "plant-a") -> LinkSnapshot {
        LinkSnapshot(name: name, fingerprint: "SHA256:x", facts: facts(state), since: time)
    }

    /// Judges a link as the daemon does: with what its publisher says.
    private func judge(_ link: inout LinkSnapshot, _ report: PublisherReport) {
        var facts = link.facts
        facts.agreement = link.replica.agreement
        facts.itBroker = report.condition(for: link)
        _ = link.judge(by: facts, at: time)
    }

    private var connected: PublisherReport {
        var report = PublisherReport(since: time)
        (report.isConnected, report.reason) = (true, "")
        return report
    }

    private func status(_ links: [LinkSnapshot], _ report: PublisherReport?) -> DaemonStatus {
        var receiver = ReceiverStatus(at: time)
        receiver.links = links
        var reports: [String: PublisherReport] = [:]
        for link in links { reports[link.name] = report }
        return DaemonStatus(receiver, auditKey: "key", publishers: reports)
    }

    @Test("C2 status exits 0, 3 or 4, as the link's state, the disk and the IT broker are")
    func exits() {
        for (state, exit) in [(LinkState.online, 0), (.degraded, 3), (.stale, 4), (.offline, 4)] {
            #expect(status([link(state)], connected).worst?.exit == exit)
        }
        var unpublished = link(.online)
        judge(&unpublished, PublisherReport(since: time))
        #expect(status([unpublished], PublisherReport(since: time)).worst?.exit == 3)
        #expect(LinkKnowledge(unpublished, publisher: nil).link.reason == "the IT broker is away: not connected yet")
        #expect(LinkStatus(unpublished, auditKey: "key").state == .online, "whoever reads it there has it")
        var link = link(.online)
        var facts = facts(.online)
        facts.storeFault = "no space left"
        let later = UnixMilliseconds(rawValue: time.rawValue + 5)
        let isNews = link.judge(by: facts, at: later)
        #expect(isNews)
        let known = LinkKnowledge(link, publisher: connected)
        #expect(known.exit == 3 && known.link.state == .degraded && known.link.since == later)
        #expect(known.link.reason.contains("no space left") && known.link.advice.contains("disk"))
    }

    @Test(
        "P9 status calls nothing well while the IT broker or the replica is known to differ", arguments: [false, true])
    func differing(isBroker: Bool) {
        var link = link(.online)
        (link.replica.digestMatches, link.replica.itMatches) = (isBroker, !isBroker)
        judge(&link, connected)
        let known = LinkKnowledge(link, publisher: connected)
        #expect(known.exit == 3 && known.link.state == .degraded)
        #expect(known.itBroker.state == (isBroker ? .degraded : .online))
        #expect(!known.link.reason.isEmpty && !known.link.advice.isEmpty)
        #expect(LinkStatus(link, auditKey: "key").reason == known.link.reason)
        (link.replica.digestMatches, link.replica.itMatches) = (nil, nil)
        judge(&link, connected)
        #expect(LinkKnowledge(link, publisher: connected).exit == 0, "what nobody knows is no difference")
    }

    @Test("C1 what waits for the IT broker and cannot be read is no well: it_broker is degraded, and says why")
    func unreadable() {
        var link = link(.online)
        link.outboxFault = Condition(.degraded, since: time, reason: "what waits for it cannot be read: disk I/O error")
        judge(&link, connected)
        let status = status([link], connected)
        #expect(status.worst?.exit == 3)
        let answer = status.answer(to: ["command": "status"])
        #expect(
            answer["it_broker"] == [
                "state": "degraded", "since": .text("2025-11-21T09:06:40.000Z"),
                "reason": "what waits for it cannot be read: disk I/O error",
            ])
    }

    @Test("C1 the four objects at the top are those of the link that is worst off")
    func worst() {
        let answer = status(
            [link(.online), link(.stale, name: "plant-b"), link(.degraded, name: "plant-c")], connected
        )
        .answer(to: ["command": "status"])
        #expect(answer["exit"] == 4 && answer["link"]?["state"] == "stale")
        #expect(answer["sender"]?["state"] == "unknown" && answer["ot_broker"]?["state"] == "unknown")
        #expect(answer["links"]?.elements?.map { $0["exit"] } == [0, 4, 3])
        #expect(status([], nil).answer(to: ["command": "dance"])["error"] != nil)
        #expect(status([], nil).answer(to: ["command": "status"])["exit"] == 4, "nothing known is not well")
    }
}
