@testable import Audit
import DiodeProtocol
import Foundation
import JSON
import TestKit
import Testing
import Time
@testable import Account

/// The pages that are judged here are attached to the tests: `swift test --attachments-path FOLDER` keeps them, for a person to look at after a
/// change.
@Suite("The audit for people")
struct RenderingTests {
    /// Text that tries to break out of every form.
    private static let hostile = "a\u{1B}[2J<script>alert('x')</script>\u{202E}\"&,\r\n=1+1;\u{0}漢字"

    private var hostileReport: AuditReport {
        var report = AuditSamples.report(gaps: 20)
        report.madeBy = Self.hostile
        for index in report.links[0].gaps.indices {
            report.links[0].gaps[index].topics = [TopicCount(topic: Self.hostile, records: 9)]
        }
        report.links[0].link = Self.hostile
        report.links[0].keys = [Self.hostile: .text(Self.hostile)]
        report.links[0].head = Self.hostile
        report.links[0].equivocations = [Self.hostile]
        report.links[0].verification = .broken(Self.hostile)
        report.links[0].actions = [AuditAction(at: AuditSamples.now, what: Self.hostile, detail: Self.hostile)]
        report.links[0].unobserved = [
            UnobservedInterval(
                from: AuditSamples.start, to: AuditSamples.now, sessionResumed: false, reason: Self.hostile)
        ]
        report.links[0].losses = [
            AuditSamples.loss(.shed(.outboxFull), records: 9, topics: [Self.hostile: 9])
        ]
        return report
    }

    /// RFC 4180, read by the book.
    private static func rows(_ csv: String) -> [[String]] {
        var rows: [[String]] = []
        var row: [String] = []
        var cell = ""
        var quoted = false
        var scalars = Array(csv.unicodeScalars)[...]
        while let scalar = scalars.popFirst() {
            if quoted {
                if scalar != "\"" {
                    cell.unicodeScalars.append(scalar)
                } else if scalars.first == "\"" {
                    cell += "\""
                    scalars.removeFirst()
                } else {
                    quoted = false
                }
            } else if scalar == "\"" {
                quoted = true
            } else if scalar == "," || scalar == "\n" {
                row.append(cell)
                cell = ""
                if scalar == "\n" {
                    rows.append(row)
                    row = []
                }
            } else if scalar != "\r" {
                cell.unicodeScalars.append(scalar)
            }
        }
        return rows
    }

    @Test("every row of the CSV form has the columns of its header, and every gap and topic its row")
    func csv() {
        let report = AuditSamples.report(gaps: 200)
        let rows = Self.rows(report.text(as: .csv))
        #expect(rows.allSatisfy { $0.count == AuditCSV.columns.count })
        let gaps = report.links[0].gaps
        #expect(rows.filter { $0[1] == "gap" }.count == gaps.count)
        #expect(rows.filter { $0[1] == "gap-topic" }.count == gaps.reduce(0) { $0 + $1.topics.count })
        #expect(Set(AuditCSV.columns).count == 20)
        let records = AuditCSV.columns.firstIndex(of: "records") ?? 0
        let closed = AuditCSV.columns.firstIndex(of: "closed_at") ?? 0
        let last = AuditCSV.columns.firstIndex(of: "last_block") ?? 0
        for (row, gap) in zip(rows.filter { $0[1] == "gap" }, gaps) {
            #expect(row[closed] == gap.closedAt.map { CalendarTime.text($0) } ?? "")
            #expect(row[last] == String(gap.lastBlock.rawValue))
        }
        let sum = rows.filter { $0[1] == "gap" }.reduce(0) { $0 + (UInt64($1[records]) ?? 0) }
        #expect(sum == gaps.reduce(0) { $0 + $1.records })
    }

    @Test("a CSV cell gives back its text as table and page show it, and none is taken for a formula")
    func cells() {
        for text in [
            "", "plain", "a,b", "a\"b", "line\r\nline", "-12", "12", Self.hostile, "\"", ",", "'", "漢字", "a\u{1B}[2J",
        ] {
            let cell = AuditCSV.cell(text)
            #expect(Self.rows(cell + ",x\n") == [[ShownText.line(text), "x"]], "\(text.debugDescription)")
            #expect(!cell.unicodeScalars.contains { $0.properties.generalCategory == .control })
        }
        for text in [
            "=1+1", "+1", "-1+1", "@x", "-", "\tx", "\r=1", "\u{FF1D}1+1", "\u{FF0B}1", "\u{FF0D}1", "\u{FF20}x", " =1",
            "\u{0}=1",
            "\u{200B}=1",
        ] {
            #expect(Self.rows(AuditCSV.cell(text) + "\n")[0][0].hasPrefix("'"), "\(text.debugDescription)")
        }
    }

    @Test("P9 no form calls a link well whose replica or IT broker differs", arguments: [false, true])
    func differing(isBroker: Bool) {
        var report = AuditSamples.report(gaps: 0)
        #expect(report.exit == .well && report.text(as: .table).contains("well:"))
        report.links[0].isSettled = false
        report.links[0].replica.digestMatches = isBroker
        report.links[0].replica.itMatches = !isBroker
        #expect(report.exit == .well, "C2: the account is balanced, and nothing is missing")
        let difference =
            isBroker ? "the IT broker does not retain all values" : "the replica differs from the sender&#39;s state"
        for form in [AuditReport.Format.table, .html, .csv] {
            let text = report.text(as: form)
            #expect(text.contains(form == .html ? difference : difference.replacing("&#39;", with: "'")))
            #expect(!text.contains("well:"))
        }
    }

    @Test("P9 a report of 50 links opens with one line a link, the worst first, in table and page")
    func overview() throws {
        var random = SeededGenerator(seed: 5)
        var links = (0..<50).map { number in
            var link = AuditSamples.link(gaps: 0, &random)
            link.link = "plant-\(number)"
            return link
        }
        links[7].isStale = true
        links[31].verification = .broken("the chain diverges at entry 12")
        links[44].totals.lost = 2
        links[44].totals.delivered -= 2
        links[44].totals.published -= 2
        links[44].epochs[0].sums = EpochSums(
            sent: links[44].totals.sent, delivered: links[44].totals.delivered, late: 0, missing: 0, lost: 2)
        links[12].clock.difference = ClockDifference(milliseconds: -2 * 86_400_000)
        let report = AuditReport(generatedAt: AuditSamples.now, madeBy: "x", links: links)
        let lines = report.text(as: .table, width: 120).split(separator: "\n").map(String.init)
        #expect(lines[1] == "1 link exits 5, 1 link exits 4, 1 link exits 3, 47 links exit 0, the worst first:")
        let order = [31, 44, 7, 12]
        for (line, number) in zip(lines[2...], order) {
            #expect(line.hasPrefix("  exit \(report.links[number].exit.rawValue)  plant-\(number) "), "\(line)")
        }
        #expect(
            lines[2].contains("the chain diverges") && lines[5].contains("2 d behind") && lines[6].hasSuffix(" well"))
        #expect(lines[2..<52].allSatisfy { $0.hasPrefix("  exit ") } && !lines[52].hasPrefix("  exit "))
        let page = report.text(as: .html)
        Attachment.record(page, named: "audit-links.html")
        let places = order.map { number in page.range(of: ">plant-\(number)<")?.lowerBound }
        #expect(places.allSatisfy { $0 != nil } && places.compactMap(\.self) == places.compactMap(\.self).sorted())
        #expect(
            page.range(of: ">plant-31<")?.lowerBound ?? page.endIndex < page.range(of: "SHA256:")?.lowerBound
                ?? page.startIndex)
    }

    @Test("table and page say in plain words what the exit code and an epoch mean")
    func plainWords() {
        for form in [AuditReport.Format.table, .html] {
            let text = AuditSamples.report(gaps: 1).text(as: form, width: 200)
            #expect(
                text.contains("An epoch is one lifetime of the sender")
                    && text.contains("something is missing or silent"))
        }
        let page = AuditSamples.report(gaps: 3).text(as: .html)
        #expect(AuditGlossary.exits.allSatisfy { page.contains($0.text) })
    }

    @Test("on a narrow screen every cell has its column's name, and no table scrolls sideways")
    func narrow() throws {
        let page = AuditSamples.report(gaps: 40).text(as: .html)
        let cells = page.matches(of: /<td[^>]*data-name="(records|topics)"/)
        #expect(cells.count == 80)
        #expect(page.contains("content: attr(data-name)") && page.contains("thead { display: none; }"))
    }

    @Test("foreign text can do nothing on a terminal")
    func hostileTable() {
        let table = hostileReport.text(as: .table)
        #expect(!table.unicodeScalars.contains { $0.properties.generalCategory == .control && $0 != "\n" })
        #expect(!table.unicodeScalars.contains("\u{202E}"))
        #expect(table.contains("漢字"))
    }

    @Test("foreign text is text on the page")
    func hostilePage() {
        let page = hostileReport.text(as: .html)
        Attachment.record(page, named: "hostile.html")
        #expect(!page.contains("<script") && !page.contains("\u{202E}") && page.contains("&lt;script&gt;"))
        #expect(!page.contains("http:") && !page.contains("https:") && !page.contains("url("))
        #expect(!page.contains("src=") && !page.contains("href=") && !page.contains("@import"))
    }

    @Test("the page is well-formed", arguments: [0, 1, 40, 2000])
    func wellFormed(gaps: Int) {
        let page = AuditSamples.report(gaps: gaps).text(as: .html)
        Attachment.record(page, named: "audit-\(gaps).html")
        var open: [Substring] = []
        for tag in page.matches(of: /<(\/?)([a-z][a-z0-9]*)([^>]*)>/) {
            let name = tag.output.2
            if ["meta", "br", "line"].contains(name) || tag.output.3.hasSuffix("/") { continue }
            if tag.output.1.isEmpty {
                open.append(name)
            } else {
                #expect(open.popLast() == name)
            }
        }
        #expect(open.isEmpty)
    }

    @Test("ten thousand gaps make a page below a megabyte that says what it leaves out")
    func large() {
        let report = AuditSamples.report(gaps: 10_000)
        let page = report.text(as: .html)
        Attachment.record(page, named: "audit-10000.html")
        #expect(page.utf8.count < 1_000_000)
        #expect(
            page.contains("Not listed here: 600 open, 1,000 lost, 8,000 healed") || page.contains("Not listed here:"))
        let table = report.text(as: .table)
        #expect(table.split(separator: "\n").count < 5000 && table.contains("and 7,990 older"))
    }

    @Test("the timeline drops no gap and no record, and does not grow with them")
    func timeline() async throws {
        try await withSeed { random in
            for count in [1, 2, 50, 5000] {
                let link = AuditSamples.link(gaps: count, &random)
                let timeline = try #require(GapTimeline(link, generatedAt: AuditSamples.now))
                for lane in timeline.lanes {
                    #expect(lane.slots.count == GapTimeline.slots)
                    let gaps = link.gaps.filter { $0.state.wordInAudit == lane.name }
                    #expect(lane.slots.reduce(0) { $0 + $1.begun } == gaps.count)
                    let records = lane.slots.reduce(0) { $0 + $1.records }
                    #expect(abs(records - Double(gaps.reduce(0) { $0 + $1.records })) < 1)
                }
            }
        }
        var random = SeededGenerator(seed: 1)
        #expect(GapTimeline(AuditSamples.link(gaps: 0, &random), generatedAt: AuditSamples.now) == nil)
    }

    @Test("no line of the table is wider than the terminal", arguments: [60, 80, 120, 200])
    func width(columns: Int) {
        for report in [AuditSamples.report(gaps: 0), AuditSamples.report(gaps: 60), hostileReport] {
            let lines = report.text(as: .table, width: columns).split(separator: "\n")
            #expect(lines.allSatisfy { $0.hasPrefix("    head") || ShownText.columns(String($0)) <= columns })
        }
    }

    @Test("times, spans, durations and numbers read as people write them")
    func words() {
        let time = AuditSamples.time("2026-11-21T09:30:00.250Z")
        func later(_ milliseconds: UInt64) -> UnixMilliseconds {
            UnixMilliseconds(rawValue: time.rawValue + milliseconds)
        }
        #expect(ShownTime.span(time, later(40_000)) == "2026-11-21 09:30:00 – 09:30:40")
        #expect(ShownTime.span(time, later(86_400_000)) == "2026-11-21 09:30:00 – 2026-11-22 09:30:00")
        #expect(ShownTime.duration(time, later(950)) == "950 ms")
        #expect(ShownTime.duration(time, later(603_000)) == "10 min 3 s")
        #expect(ShownTime.duration(time, later(7_500_000)) == "2 h 5 min")
        #expect(ShownTime.duration(time, later(3 * 86_400_000)) == "3 d")
        #expect(ShownTime.duration(later(5), time) == "0 ms")
        #expect(ShownNumber.text(1_234_567) == "1,234,567" && ShownNumber.text(-999) == "−999")
        #expect(ShownText.keepingEnd("acme/site/line/press", columns: 8) == "…e/press")
        #expect(ShownText.columns("漢字e\u{301}") == 5)
    }
}
