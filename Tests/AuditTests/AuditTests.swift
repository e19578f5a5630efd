import Audit
import DiodeProtocol
import Foundation
import JSON
import TestKit
import Testing
import Account

@Suite("The audit's report")
struct AuditTests {
    /// Names of the contract, in its order.
    private static let linkMembers = [
        "link", "fingerprint", "balanced", "verified", "stale", "begins_at", "heard_until", "head", "totals", "epochs",
        "gaps", "losses", "unobserved", "actions", "software", "config", "keys", "clock", "replica", "rejected",
        "sender", "reason", "findings",
    ]

    private var well: LinkAudit {
        var random = SeededGenerator(seed: 7)
        return AuditSamples.link(gaps: 0, &random)
    }

    @Test("P9 the JSON form has the members of the contract, in order, and few beside them")
    func contract() throws {
        var link = try #require(AuditSamples.report(gaps: 3).links.first)
        link.losses = [AuditSamples.loss(.shed(.outboxFull), records: 3)]
        link.unobserved = [
            UnobservedInterval(from: AuditSamples.start, to: AuditSamples.now, sessionResumed: true, reason: "")
        ]
        let report = AuditReport(generatedAt: AuditSamples.now, madeBy: "x", links: [link])
        func names(_ value: JSONValue?) -> [String] { value?.members?.map(\.name) ?? [] }
        #expect(names(report.json) == ["schema", "generated_at", "exit", "links"])
        let json = report.json["links"]?.elements?.first
        #expect(names(json) == Self.linkMembers)
        #expect(
            names(json?["totals"]) == [
                "sent", "delivered", "late", "missing", "lost", "pending", "decided", "published", "outbox", "shed",
                "dead", "folded", "refreshed", "repeated",
            ])
        #expect(
            names(json?["epochs"]?.elements?.first) == [
                "epoch", "first_sequence", "last_sequence", "sent", "delivered", "late", "missing", "lost",
                "started_at", "ended_at",
            ])
        #expect(
            names(json?["gaps"]?.elements?.first) == [
                "id", "epoch", "first_sequence", "last_sequence", "records", "missing", "lost", "blocks", "opened_at",
                "closed_at", "source_from", "source_to", "state", "healed_by", "cause", "topics",
            ])
        #expect(
            names(json?["losses"]?.elements?.first) == [
                "id", "layer", "reason", "from", "to", "records", "acknowledged", "topics",
            ])
        #expect(names(json?["unobserved"]?.elements?.first) == ["from", "to", "session_resumed", "reason"])
        #expect(names(json?["actions"]?.elements?.first) == ["at", "what", "detail"])
        #expect(names(json?["begins_at"]) == ["epoch", "sequence"])
        #expect(names(json?["clock"]) == ["offset_min_ms", "offset_max_ms", "steps"])
        #expect(names(json?["replica"]) == ["topics", "digest_matches", "it_matches", "as_of_sequence", "as_of"])
        #expect(
            names(json?["rejected"]) == ["bad_signature", "replayed", "malformed", "unknown_link", "over_budget"])
        #expect(names(json?["sender"]) == ["filtered", "shed", "echo_shed", "ot_broker_dropped", "durable"])
    }

    @Test("the text form is the same JSON, and anybody can read it")
    func text() throws {
        for gaps in [0, 1, 30] {
            let report = AuditSamples.report(gaps: gaps)
            let parsed = try JSONSerialization.jsonObject(with: Data(report.jsonText.utf8)) as? NSDictionary
            let whole = try JSONSerialization.jsonObject(with: Data(report.json.line.utf8)) as? NSDictionary
            #expect(parsed != nil && parsed == whole)
        }
        let empty = AuditReport(generatedAt: AuditSamples.now, madeBy: "x", links: [])
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(empty.jsonText.utf8)) }
    }

    @Test("P9 what is not known is null, and null changes no exit code")
    func ignorance() {
        var link = LinkAudit(link: "plant-a", fingerprint: "SHA256:x")
        link.isSettled = true
        let json = AuditReport(generatedAt: AuditSamples.now, madeBy: "x", links: [link]).json["links"]?.elements?.first
        for name in ["verified", "begins_at", "heard_until", "head"] { #expect(json?[name] == .null, "\(name)") }
        for name in ["digest_matches", "it_matches", "as_of_sequence", "as_of"] {
            #expect(json?["replica"]?[name] == .null, "\(name)")
        }
        #expect(json?["sender"]?["durable"] == .null)
        #expect(link.exit == .well)
    }

    @Test("a whole account with nothing missing exits 0")
    func exitWell() { #expect(well.exit == .well && well.findings.isEmpty && well.isBalanced) }

    @Test("P6 an open gap or a stale link exits 3")
    func exitOpen() {
        var link = well
        link.isStale = true
        #expect(link.exit == .open)
        #expect(AuditSamples.report(gaps: 1).exit == .open)
    }

    @Test("P1 a lost gap and a loss exit 4 until both are acknowledged")
    func exitLost() {
        var random = SeededGenerator(seed: 3)
        var link = well
        link.gaps = [AuditSamples.gap(id: 1, sequence: 5, openedAt: AuditSamples.start, state: .lost, &random)]
        AuditSamples.settle(&link, sent: 9_000)
        link.losses = [AuditSamples.loss(.shed(.outboxFull), records: 3)]
        link.totals.shed = 3
        link.totals.published -= 3
        #expect(link.isBalanced && link.exit == .lost)
        link.gaps[0].isAcknowledged = true
        #expect(link.exit == .lost)
        link.losses[0].isAcknowledged = true
        #expect(link.exit == .well)
    }

    @Test("P9 a loss that no gap and no entry names exits 4: nobody can have acknowledged it")
    func exitUnnamed() {
        var link = well
        link.totals.dead = 2
        link.totals.published -= 2
        #expect(link.isBalanced && link.exit == .lost)
    }

    @Test(
        "an account that does not add up exits 5, whatever it says of itself", arguments: LinkTotals.fields.map(\.name)
    )
    func exitUnbalanced(name: String) throws {
        var link = well
        let path = try #require(LinkTotals.fields.first { $0.name == name }?.path)
        link.totals[keyPath: path] += 1
        let counts = !["pending", "decided", "refreshed", "repeated"].contains(name)
        #expect(link.isBalanced != counts)
        #expect((link.exit == .broken) == counts)
    }

    @Test("an epoch that does not add up, a broken chain, equivocation and a false digest exit 5")
    func exitBroken() {
        var link = well
        link.epochs[0].sums.delivered += 1
        #expect(link.exit == .broken && !link.isBalanced)
        link = well
        link.verification = .broken("the chain diverges at entry 12")
        #expect(link.exit == .broken && link.isVerified == false)
        link = well
        link.equivocations = ["two contents under block 31"]
        #expect(link.exit == .broken)
        link = well
        link.disagreements = ["versions and sequences differ by 1"]
        #expect(link.exit == .broken && !link.isBalanced)
        link = well
        link.replica.digestMatches = false
        #expect(link.exit == .broken)
        link.isSettled = false
        #expect(link.exit == .well, "a difference counts only once all is settled")
    }

    @Test("of several reasons and links the highest exit code applies")
    func exitHighest() {
        var stale = well
        stale.isStale = true
        var broken = stale
        broken.verification = .broken("x")
        let report = AuditReport(generatedAt: AuditSamples.now, madeBy: "x", links: [stale, broken, well])
        #expect(report.exit == .broken && report.json["exit"] == 5)
        #expect(broken.findings.map(\.exit) == [.broken, .open])
    }

    @Test("totals survive their JSON form, and a missing field is refused")
    func totals() throws {
        let totals = try #require(AuditSamples.report(gaps: 10).links.first?.totals)
        #expect(LinkTotals(json: totals.json) == totals)
        #expect(totals - totals == LinkTotals() && totals + LinkTotals() == totals)
        let members = try #require(totals.json.members)
        for index in members.indices {
            var less = members
            less.remove(at: index)
            #expect(LinkTotals(json: .object(less)) == nil)
        }
    }
}
