import Audit
import DiodeProtocol
import JSON
import TestKit
import Testing
import Time
@testable import Account

@Suite("The audit's opening and closing balances")
struct StatementTests {
    /// A history of accounts, each with more than the one before, and the report of now.
    private static func history(_ random: inout SeededGenerator) -> (history: [LinkBalance], link: LinkAudit) {
        var link = AuditSamples.link(gaps: .random(in: 0...60, using: &random), &random)
        var balances: [LinkBalance] = []
        var totals = LinkTotals()
        var at = AuditSamples.start.rawValue
        while at < AuditSamples.now.rawValue {
            for (_, path) in LinkTotals.fields { totals[keyPath: path] += .random(in: 0...900, using: &random) }
            totals.missing = .random(in: 0...50, using: &random)
            totals.sent = totals.delivered + totals.late + totals.missing + totals.lost
            totals.published =
                totals.delivered + totals.late - totals.outbox - totals.shed - totals.dead - totals.folded
            let epoch = LinkBalance.Epoch(Epoch(rawValue: 1_793_491_200_000), sums(totals))
            balances.append(LinkBalance(at: UnixMilliseconds(rawValue: at), totals: totals, epochs: [epoch]))
            at += .random(in: 60_000...90_000_000, using: &random)
        }
        link.totals = totals
        link.epochs[0].sums = sums(totals)
        return (balances, link)
    }

    /// The only epoch's part of a link's totals: all of them.
    private static func sums(_ totals: LinkTotals) -> EpochSums {
        EpochSums(
            sent: totals.sent, delivered: totals.delivered, late: totals.late, missing: totals.missing,
            lost: totals.lost)
    }

    private static func instants(_ count: Int, _ random: inout SeededGenerator) -> [UnixMilliseconds] {
        let range = AuditSamples.start.rawValue - 10_000_000...AuditSamples.now.rawValue + 10_000_000
        return Set((0..<count).map { _ in UInt64.random(in: range, using: &random) }).sorted().map {
            UnixMilliseconds(rawValue: $0)
        }
    }

    @Test("P9 whatever the periods, neighbours add up: balances, gaps and losses")
    func addUp() async throws {
        try await withSeed { random in
            for _ in 0..<60 {
                let (history, whole) = Self.history(&random)
                let cuts: [UnixMilliseconds?] =
                    [nil] + Self.instants(.random(in: 1...8, using: &random), &random).map { $0 } + [nil]
                var sum = LinkTotals()
                var opened = 0
                var losses = 0
                var closing: LinkTotals?
                var gapsAfter = 0
                for (since, until) in zip(cuts, cuts.dropFirst()) {
                    let period = try AuditPeriod(from: since, to: until)
                    let link = whole.narrowed(to: period, history: history, now: AuditSamples.now)
                    let statement = try #require(link.statement)
                    sum = sum + link.totals
                    #expect(statement.opening.totals + link.totals == statement.closing.totals)
                    #expect(closing == nil || closing == statement.opening.totals)
                    #expect(statement.gapsBefore == gapsAfter)
                    #expect(
                        statement.gapsBefore + statement.gapsOpened - statement.gapsClosed == statement.gapsAfter)
                    #expect(link.isBalanced, "\(link.imbalances)")
                    closing = statement.closing.totals
                    gapsAfter = statement.gapsAfter
                    opened += statement.gapsOpened
                    losses += link.losses.count
                }
                #expect(sum == whole.totals)
                #expect(closing == whole.totals)
                #expect(opened == whole.gaps.count && losses == whole.losses.count)
                #expect(gapsAfter == whole.gaps.count { $0.state == .open })
            }
        }
    }

    @Test("a gap over the turn of the month stands in both months, and once healed it troubles neither")
    func turn() throws {
        var random = SeededGenerator(seed: 1)
        var link = AuditSamples.link(gaps: 0, &random)
        var gap = AuditSamples.gap(
            id: 1, sequence: 10, openedAt: AuditSamples.time("2026-10-31T23:50:00.000Z"), state: .healed, &random)
        gap.gap.closedAt = AuditSamples.time("2026-11-01T00:10:00.000Z")
        link.gaps = [gap]
        AuditSamples.settle(&link, sent: 9_000)
        let october = link.narrowed(
            to: try AuditPeriod(since: "2026-10-01", until: "2026-11-01"), history: [], now: AuditSamples.now)
        let november = link.narrowed(
            to: try AuditPeriod(since: "2026-11-01", until: "2026-12-01"), history: [], now: AuditSamples.now)
        #expect(october.gaps.count == 1 && november.gaps.count == 1)
        #expect(october.statement?.gapsAfter == 1 && november.statement?.gapsBefore == 1)
        #expect(october.exit == .well && november.exit == .well)
    }

    @Test("a loss and an open gap concern the exit code of their own period alone")
    func exits() throws {
        var random = SeededGenerator(seed: 1)
        var link = AuditSamples.link(gaps: 0, &random)
        link.gaps = [
            AuditSamples.gap(
                id: 1, sequence: 10, openedAt: AuditSamples.time("2026-11-10T00:00:00.000Z"), state: .lost, &random),
            AuditSamples.gap(
                id: 2, sequence: 9_000, openedAt: AuditSamples.time("2026-11-20T00:00:00.000Z"), state: .open, &random),
        ]
        AuditSamples.settle(&link, sent: 90_000)
        func exit(_ since: String, _ until: String) throws -> AuditExit {
            link.narrowed(to: try AuditPeriod(since: since, until: until), history: [], now: AuditSamples.now).exit
        }
        #expect(try exit("2026-11-01", "2026-11-05") == .well)
        #expect(try exit("2026-11-09", "2026-11-11") == .lost)
        #expect(try exit("2026-11-15", "2026-11-25") == .open)
        // Open since the 20th: every later period has it too.
        #expect(try exit("2026-11-26", "2026-11-27") == .open)
        #expect(try exit("2026-11-01", "2026-12-01") == .lost)
    }

    @Test("a link that is silent today was not stale in a period after which it was heard")
    func stale() throws {
        var random = SeededGenerator(seed: 1)
        var link = AuditSamples.link(gaps: 0, &random)
        link.isStale = true
        link.heardUntil = AuditSamples.time("2026-11-15T00:00:00.000Z")
        func isStale(_ until: String) throws -> Bool {
            link.narrowed(to: try AuditPeriod(since: nil, until: until), history: [], now: AuditSamples.now).isStale
        }
        #expect(try !isStale("2026-11-15"))
        #expect(try isStale("2026-11-16"))
    }

    @Test("the JSON form of a period has both balances, and a whole report has no such member")
    func json() throws {
        var random = SeededGenerator(seed: 1)
        let (history, whole) = Self.history(&random)
        let period = try AuditPeriod(since: "2026-11-10", until: "2026-11-20")
        var report = AuditSamples.report(gaps: 0)
        report.links = [whole.narrowed(to: period, history: history, now: AuditSamples.now)]
        let json = try #require(report.json["links"]?.elements?.first?["period"])
        #expect(json.members?.map(\.name) == ["since", "until", "opening", "closing", "gaps"])
        #expect(json["since"] == "2026-11-10T00:00:00.000Z")
        #expect(json["opening"]?["totals"].flatMap { LinkTotals(json: $0) } != nil)
        report.links = [whole]
        #expect(report.json["links"]?.elements?.first?["period"] == nil)
        #expect(report.text(as: .table).contains("sent"))
    }

    @Test("a balance survives its ledger entry, and what is none is refused")
    func entries() throws {
        var random = SeededGenerator(seed: 2)
        for balance in Self.history(&random).history {
            #expect(LinkBalance(at: balance.at, json: balance.json) == balance)
        }
        for json: JSONValue in [
            nil, [:], ["totals": [:], "epochs": []], ["totals": LinkTotals().json, "epochs": [[1, 2, 3, 4, 5]]],
            ["totals": LinkTotals().json, "epochs": [[0, 0, 0, 0, 0, 0]]],
            ["totals": LinkTotals().json, "epochs": [[1, 0, 0, 0, 0, "0"]]], ["totals": LinkTotals().json],
        ] { #expect(LinkBalance(at: AuditSamples.now, json: json) == nil) }
    }
}
