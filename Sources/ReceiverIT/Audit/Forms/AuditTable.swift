internal import Account

/// The report for a terminal: what is wrong, then time spans and topics, then the account behind it.
///
/// It shows every open and lost gap up to a limit and the newest healed ones, and says how many more there are: JSON and CSV have
/// them all. At least 60 columns; at most `width` are used, except by words that are longer.
struct AuditTable {
    /// Rows shown of what still matters, and of what is history.
    private static let pressing = 200, history = 10
    private static let topics = 20

    private let report: AuditReport
    private let width: Int

    init(_ report: AuditReport, width: Int) {
        self.report = report
        self.width = max(60, width)
    }

    var text: String {
        var lines = TableLines(width: width)
        lines.line("Audit of \(ShownTime.text(report.generatedAt)) UTC, \(ShownText.line(report.madeBy))")
        if report.links.count > 1 { overview(to: &lines) }
        for link in report.worstFirst { append(link, to: &lines) }
        lines.line()
        lines.line("exit \(report.exit.rawValue): \(AuditGlossary.meaning(report.exit)). Times are UTC.")
        lines.wrapped(AuditGlossary.epoch, indent: 0)
        if report.links.contains(where: { !$0.gaps.isEmpty }) {
            lines.wrapped("Those of gaps are by the sender's clock where it is known.", indent: 0)
        }
        if report.links.contains(where: { $0.gaps.contains { $0.topics.contains(where: \.isAtMost) } }) {
            lines.wrapped(AuditGlossary.atMost, indent: 0)
        }
        return lines.text
    }

    /// One line a link, the worst first.
    private func overview(to lines: inout TableLines) {
        lines.line()
        lines.line("\(report.summary), the worst first:")
        lines.rows(
            report.worstFirst.map(LinkSummary.init).map { summary in
                [
                    "exit \(summary.exit.rawValue)",
                    ShownText.keepingStart(ShownText.line(summary.link.link), columns: 24),
                    "\(summary.lost) lost", "\(summary.missing) missing", ShownText.line(summary.reason),
                ]
            }, rightAligned: [2, 3], indent: 2)
    }

    private func append(_ link: LinkAudit, to lines: inout TableLines) {
        lines.line()
        lines.line("\(ShownText.line(link.link))  \(ShownText.line(link.fingerprint))")
        let findings = link.findings
        if findings.isEmpty {
            lines.line("  well: every record is accounted for and none is missing")
        }
        for finding in findings {
            lines.wrapped("exit \(finding.exit.rawValue): \(ShownText.line(finding.text))", indent: 2)
        }
        gaps(of: link, .open, "Missing, may still come", limit: Self.pressing, to: &lines)
        gaps(of: link, .lost, "Lost for good", limit: Self.pressing, to: &lines)
        losses(of: link, to: &lines)
        topicsByLoss(of: link, to: &lines)
        gaps(of: link, .healed, "Healed", limit: Self.history, to: &lines)
        unobserved(of: link, to: &lines)
        actions(of: link, to: &lines)
        account(of: link, to: &lines)
        proof(of: link, to: &lines)
    }

    private func gaps(
        of link: LinkAudit, _ state: Gap.State, _ title: String, limit: Int, to lines: inout TableLines
    ) {
        let gaps = link.gaps.filter { $0.state == state }
        guard !gaps.isEmpty else { return }
        let records = gaps.reduce(0) { $0 &+ $1.records }
        lines.heading(
            "\(title): \(ShownNumber.counted(gaps.count, "gap")), \(ShownNumber.counted(records, "record"))")
        let shown = gaps.sorted { $0.span.from < $1.span.from }.suffix(limit)
        let rows = shown.map { gap -> [String] in
            [
                ShownTime.span(gap.span.from, gap.span.to), ShownTime.duration(gap.span.from, gap.span.to),
                ShownNumber.counted(gap.records, "record"), "gap \(gap.id)", outcome(of: gap),
            ]
        }
        if state == .healed {
            lines.rows(rows, rightAligned: [1, 2])
        } else {
            for (gap, row) in zip(shown, Self.padded(rows)) {
                lines.line("    " + row)
                topics(gap.topics, of: gap.records, to: &lines)
            }
        }
        let rest = gaps.count - shown.count
        if rest > 0 { lines.line("    and \(ShownNumber.text(rest)) older") }
    }

    /// Rows of equal columns, when something stands between them.
    private static func padded(_ rows: [[String]]) -> [String] {
        var lines = TableLines(width: .max)
        lines.rows(rows, rightAligned: [1, 2], indent: 0)
        return lines.text.split(separator: "\n").map(String.init)
    }

    private func outcome(of gap: AuditGap) -> String {
        switch gap.state {
        case .open: "\(gap.cause.wordInAudit)"
        case .healed: "\(gap.cause.wordInAudit), healed" + (gap.healedBy.map { " by \($0.wordInAudit)" } ?? "")
        case .lost: "\(gap.cause.wordInAudit)" + (gap.isAcknowledged ? ", acknowledged" : "")
        }
    }

    /// Under a gap or a loss: its topics, the largest first, one a line.
    private func topics(_ topics: [TopicCount], of records: UInt64, to lines: inout TableLines) {
        let sorted = topics.sorted { $0.records == $1.records ? $0.topic < $1.topic : $0.records > $1.records }
        let shown = sorted.prefix(5)
        let counts = shown.map { ($0.isAtMost ? "up to " : "") + ShownNumber.text($0.records) }
        let column = counts.map(\.utf8.count).max() ?? 0
        for (count, topic) in zip(counts, shown) {
            let margin = String(repeating: " ", count: 8 + column - count.utf8.count)
            let name = ShownText.keepingEnd(ShownText.line(topic.topic), columns: width - 10 - column)
            lines.line("\(margin)\(count)  \(name)")
        }
        let rest = sorted.dropFirst(shown.count)
        if !rest.isEmpty {
            let missing = rest.reduce(UInt64(0)) { $0.plus($1.records) }
            let records = rest.contains(where: \.isAtMost) ? "" : ", " + ShownNumber.counted(missing, "record")
            lines.line("        and \(ShownNumber.counted(rest.count, "topic")) more\(records)")
        }
        if topics.isEmpty, records > 0 { lines.line("        topics not known yet") }
    }

    private func losses(of link: LinkAudit, to lines: inout TableLines) {
        losses(
            link.losses.filter { $0.records > 0 },
            "Lost on the way: \(ShownNumber.counted(link.losses.reduce(UInt64(0)) { $0.plus($1.records) }, "record"))",
            to: &lines)
        let uncounted = link.losses.filter { $0.records == 0 }
        losses(
            uncounted.filter(\.cause.isUncounted), "Lost on the way, and nobody can say how many", to: &lines)
        losses(
            uncounted.filter { !$0.cause.isUncounted }, "Perhaps lost on the way, and counted by nobody", to: &lines)
    }

    private func losses(_ losses: [AuditLoss], _ title: String, to lines: inout TableLines) {
        guard !losses.isEmpty else { return }
        lines.heading(title)
        for loss in losses.sorted(by: { $0.from < $1.from }).suffix(Self.pressing) {
            lines.line(
                "    \(ShownTime.span(loss.from, loss.to))"
                    + (loss.records > 0 ? "  \(ShownNumber.counted(loss.records, "record"))" : "")
                    + (loss.name.map { "  \($0)" } ?? "")
                    + "  \(loss.cause.layer.wordInAudit)\(loss.isAcknowledged ? ", acknowledged" : "")")
            lines.wrapped(loss.cause.reasonInAudit, indent: 8)
            topics(loss.topics, of: loss.records, to: &lines)
        }
        if losses.count > Self.pressing {
            lines.line("    and \(ShownNumber.text(losses.count - Self.pressing)) older")
        }
    }

    private func topicsByLoss(of link: LinkAudit, to lines: inout TableLines) {
        let ranking = TopicLosses.ranking(of: link)
        guard ranking.count > 1 else { return }
        lines.heading("Topics by loss")
        let rows = ranking.prefix(Self.topics).map { topic in
            [
                "\(ShownNumber.text(topic.records.lost)) lost", "\(ShownNumber.text(topic.records.missing)) missing",
                topic.records.lostOrMissing == 0
                    ? "" : "\(ShownNumber.text(topic.records.lostOrMissing)) lost or missing",
                ShownText.keepingEnd(ShownText.line(topic.name), columns: width - 40),
            ]
        }
        let isDecided = rows.allSatisfy { $0[2].isEmpty }
        lines.rows(
            isDecided ? rows.map { [$0[0], $0[1], $0[3]] } : rows, rightAligned: isDecided ? [0, 1] : [0, 1, 2])
        let rest = ranking.dropFirst(rows.count)
        if !rest.isEmpty {
            let records = rest.reduce(UInt64(0)) { $0.plus($1.records.sum) }
            lines.line(
                "    and \(ShownNumber.text(rest.count)) more rows with \(ShownNumber.counted(records, "record"))")
        }
    }

    private func unobserved(of link: LinkAudit, to lines: inout TableLines) {
        guard !link.unobserved.isEmpty else { return }
        lines.heading("The sender was not subscribed")
        lines.rows(
            link.unobserved.suffix(Self.history).map {
                [
                    ShownTime.span($0.from, $0.to), ShownTime.duration($0.from, $0.to),
                    $0.sessionResumed ? "session kept" : "session lost", ShownText.line($0.reason),
                ]
            }, rightAligned: [1])
        if link.unobserved.count > Self.history {
            lines.line("    and \(ShownNumber.text(link.unobserved.count - Self.history)) older")
        }
    }

    private func actions(of link: LinkAudit, to lines: inout TableLines) {
        guard !link.actions.isEmpty else { return }
        lines.heading("Actions")
        lines.rows(
            link.actions.suffix(Self.history).map {
                [ShownTime.text($0.at), ShownText.line($0.what), ShownText.line($0.detail)]
            })
        if link.actions.count > Self.history {
            lines.line("    and \(ShownNumber.text(link.actions.count - Self.history)) older")
        }
    }

    private func account(of link: LinkAudit, to lines: inout TableLines) {
        lines.heading("Account")
        let visible = LinkTotals.fields.filter { $0.name != "decided" }
        if let statement = link.statement {
            var rows = [["", "opening", "change", "closing"]]
            rows += visible.map { name, path in
                [
                    name, ShownNumber.text(statement.opening.totals[keyPath: path]),
                    ShownNumber.change(statement.change[keyPath: path]),
                    ShownNumber.text(statement.closing.totals[keyPath: path]),
                ]
            }
            rows.append([
                "gaps open", ShownNumber.text(statement.gapsBefore),
                "+\(statement.gapsOpened) −\(statement.gapsClosed)", ShownNumber.text(statement.gapsAfter),
            ])
            rows.append(["as of", ShownTime.text(statement.opening.at), "", ShownTime.text(statement.closing.at)])
            lines.rows(rows, rightAligned: [1, 2, 3])
        } else {
            for sum in AuditAccount.sums(of: link.totals) { lines.wrapped(sum.sentence, indent: 4) }
        }
        lines.line("    balanced: \(link.isBalanced ? "yes" : "NO")")
    }

    private func proof(of link: LinkAudit, to lines: inout TableLines) {
        lines.heading("Proof")
        if let head = link.head {
            // Whole, however narrow the terminal is: it is there to be noted.
            lines.whole("    head       \(ShownText.line(head))")
        }
        lines.rows(AuditAccount.proof(of: link).map { [$0.name, $0.value] })
    }
}
