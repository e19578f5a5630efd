internal import Account
internal import DiodeProtocol
internal import JSON

/// One link's part of the page: verdict, account, timeline, gaps, topics, losses, what was done, proof.
struct PageSections {
    /// Rows before a list is cut.
    private static let gaps = 400, topics = 50, losses = 100, actions = 100, epochs = 50, topicsOfGap = 3

    private let link: LinkAudit
    private let report: AuditReport

    init(_ link: LinkAudit, report: AuditReport) {
        self.link = link
        self.report = report
    }

    var text: String {
        let parts = [
            heading, account, timeline, gapList, topicList, lossList, unobservedList, actionList, epochList, proof,
        ]
        return "<main>\n" + parts.filter { !$0.isEmpty }.joined(separator: "\n") + "</main>\n"
    }

    private var heading: String {
        let findings = link.findings
        var text = "<header class=\"exit\(link.exit.rawValue)\">\n"
        text += "<p class=\"kind\">Audit of a one-way link</p>\n<h1>\(AuditPage.escaped(link.link))</h1>\n"
        text += "<p class=\"mono\">\(AuditPage.escaped(link.fingerprint))</p>\n"
        text += "<p>\(period)</p>\n"
        text += "<p class=\"verdict\"><b>exit \(link.exit.rawValue)</b> \(AuditGlossary.meaning(link.exit))</p>\n"
        if !findings.isEmpty {
            let shown = findings.prefix(20)
            text += "<ul class=\"findings\">\n"
            for finding in shown {
                text += "<li><b>\(finding.exit.rawValue)</b> \(AuditPage.escaped(finding.text))</li>\n"
            }
            if findings.count > shown.count { text += "<li>and \(findings.count - shown.count) more</li>\n" }
            text += "</ul>\n"
        }
        return text + "</header>\n"
    }

    private var period: String {
        guard let statement = link.statement else {
            let begin =
                link.beginsAt.map { " since epoch \($0.epoch.rawValue), sequence \($0.sequence.rawValue)" } ?? ""
            return "Everything\(begin), up to \(ShownTime.text(report.generatedAt)) UTC"
        }
        let since = statement.period.since.map { "from \(ShownTime.text($0))" } ?? "from the beginning"
        let until = statement.period.until.map { "up to, not including, \(ShownTime.text($0))" } ?? "up to now"
        return "Period: \(since) \(until) UTC"
    }

    // MARK: The account

    private var account: String {
        var text = "<section>\n<h2>Account</h2>\n"
        for sum in AuditAccount.sums(of: link.totals) {
            text +=
                "<div class=\"sum\"><div class=\"term total\"><b>\(ShownNumber.text(sum.total))</b> \(sum.name)</div>"
            for (index, part) in sum.parts.enumerated() {
                let zero = part.value == 0 ? " zero" : ""
                text += "<i>\(index == 0 ? "=" : "+")</i>"
                text +=
                    "<div class=\"term \(part.name)\(zero)\"><b>\(ShownNumber.text(part.value))</b> \(part.name)</div>"
            }
            text += "</div>\n"
        }
        text += "<p>\(link.isBalanced ? "Both sums hold." : "<b class=\"bad\">The account does not balance.</b>") "
        text += "Announced and not decided yet: \(ShownNumber.text(link.totals.pending)). "
        text += "Outside of the sums: refreshed \(ShownNumber.text(link.totals.refreshed)), "
        text += "repeated \(ShownNumber.text(link.totals.repeated)) "
        text += "(what became void at the sender, and what the IT broker may have been sent twice).</p>\n"
        if let statement = link.statement { text += Self.statement(statement) }
        return text + "</section>\n"
    }

    private static func statement(_ statement: PeriodStatement) -> String {
        var rows = LinkTotals.fields.filter { $0.name != "decided" }.map { name, path in
            [
                name, ShownNumber.text(statement.opening.totals[keyPath: path]),
                ShownNumber.change(statement.change[keyPath: path]),
                ShownNumber.text(statement.closing.totals[keyPath: path]),
            ]
        }
        rows.append([
            "gaps open", ShownNumber.text(statement.gapsBefore), "+\(statement.gapsOpened) −\(statement.gapsClosed)",
            ShownNumber.text(statement.gapsAfter),
        ])
        rows.append(["as of", ShownTime.text(statement.opening.at), "", ShownTime.text(statement.closing.at)])
        return PageTable(["", "opening", "change", "closing"], numbers: [1, 2, 3]).text(rows: rows)
    }

    // MARK: What is missing

    private var timeline: String {
        guard let timeline = GapTimeline(link, generatedAt: report.generatedAt) else { return "" }
        return "<section>\n<h2>Gaps over time</h2>\n\(timeline.svg)</section>\n"
    }

    private var gapList: String {
        guard !link.gaps.isEmpty else {
            return "<section>\n<h2>Gaps</h2>\n<p>There was none.</p>\n</section>\n"
        }
        func urgency(_ gap: AuditGap) -> Int {
            gap.state == .lost ? (gap.isAcknowledged ? 2 : 0) : gap.state == .open ? 1 : 3
        }
        // The newest of each state: sorted once, at most a few hundred are formatted.
        let sorted = link.gaps.sorted { a, b in
            urgency(a) != urgency(b) ? urgency(a) < urgency(b) : a.span.from > b.span.from
        }
        let rows = sorted.prefix(Self.gaps).map { gap in
            [
                String(gap.id),
                "<span class=\"state \(gap.state.wordInAudit)\">\(gap.state.wordInAudit)</span>" + Self.closing(of: gap)
                    + "<br><small>\(gap.cause.wordInAudit)</small>",
                "\(ShownTime.span(gap.span.from, gap.span.to))<br><small>"
                    + "\(ShownTime.duration(gap.span.from, gap.span.to))</small>",
                ShownNumber.text(gap.records), Self.topics(gap.topics),
                "<small>\(gap.epoch.rawValue)<br>\(gap.firstSequence.rawValue)–\(gap.lastSequence.rawValue)<br>blocks "
                    + "\(gap.firstBlock.rawValue)–\(gap.lastBlock.rawValue)</small>",
            ]
        }
        var text = "<section>\n<h2>Gaps</h2>\n<p>"
        text += Gap.State.allCases.map { state in
            let gaps = link.gaps.filter { $0.state == state }
            let records = gaps.reduce(0) { $0 &+ $1.records }
            return "\(ShownNumber.text(gaps.count)) \(state.wordInAudit) (\(ShownNumber.counted(records, "record")))"
        }.joined(separator: ", ")
        text += ". Times are those of the records, by the sender's clock where it is known.</p>\n"
        text += PageTable(
            ["gap", "state", "time span", "records", "topics", "epoch, sequences"], numbers: [0, 3],
            unbroken: [1, 2, 5]
        ).text(rows: rows)
        return text + Self.rest(sorted.dropFirst(rows.count)) + "</section>\n"
    }

    /// What a cut list leaves out, in one sentence.
    private static func rest(_ gaps: ArraySlice<AuditGap>) -> String {
        guard let first = gaps.map(\.span.from).min(), let last = gaps.map(\.span.to).max() else { return "" }
        let counts = Gap.State.allCases.compactMap { state -> String? in
            let count = gaps.count { $0.state == state }
            return count > 0 ? "\(ShownNumber.text(count)) \(state.wordInAudit)" : nil
        }
        let records = gaps.reduce(0) { $0 &+ $1.records }
        return "<p class=\"rest\">Not listed here: \(counts.joined(separator: ", ")), "
            + "\(ShownNumber.counted(records, "record")), \(ShownTime.span(first, last)). "
            + "The JSON and CSV forms of this report list every gap.</p>\n"
    }

    private static func closing(of gap: AuditGap) -> String {
        if gap.state == .lost { return gap.isAcknowledged ? " <small>acknowledged</small>" : "" }
        return gap.healedBy.map { " <small>by \($0.wordInAudit)</small>" } ?? ""
    }

    private static func topics(_ topics: [TopicCount]) -> String {
        let sorted = topics.sorted { $0.records == $1.records ? $0.topic < $1.topic : $0.records > $1.records }
        let shown = sorted.prefix(topicsOfGap).map {
            "<small>\($0.isAtMost ? "up to " : "")\(ShownNumber.text($0.records))</small> <span class=\"topic\">\(AuditPage.escaped($0.topic))</span>"
        }
        let rest = sorted.count - shown.count
        return shown.joined(separator: "<br>")
            + (rest > 0 ? "<br><small>and \(ShownNumber.counted(rest, "topic")) more</small>" : "")
    }

    private var topicList: String {
        let ranking = TopicLosses.ranking(of: link)
        guard let most = ranking.map(\.records.sum).max(), most > 0 else { return "" }
        let isDecided = ranking.allSatisfy { $0.records.lostOrMissing == 0 }
        let rows = ranking.prefix(Self.topics).map { topic in
            let records = topic.records
            let lost = Self.permille(records.lost, of: most)
            let missing = Self.permille(records.missing.plus(records.lostOrMissing), of: most)
            return [
                "<span class=\"topic\">\(AuditPage.escaped(topic.name))</span>", ShownNumber.text(records.lost),
                ShownNumber.text(records.missing)
                    + (isDecided
                        ? "" : "<br><small>\(ShownNumber.text(records.lostOrMissing)) lost or missing</small>"),
                "<svg class=\"bar\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
                    + "<rect class=\"lost\" width=\"\(lost)\" height=\"10\"/>"
                    + "<rect class=\"open\" x=\"\(lost)\" width=\"\(missing)\" height=\"10\"/></svg>",
            ]
        }
        var text = "<section>\n<h2>Topics by loss</h2>\n"
        text += PageTable(["topic", "lost", "missing", ""], numbers: [1, 2]).text(rows: rows)
        if ranking.count > rows.count {
            let rest = ranking.dropFirst(rows.count).reduce(UInt64(0)) { $0.plus($1.records.sum) }
            text += "<p class=\"rest\">and \(ShownNumber.counted(ranking.count - rows.count, "row")) more with "
            text += "\(ShownNumber.counted(rest, "record")).</p>\n"
        }
        return text + "</section>\n"
    }

    private static func permille(_ part: UInt64, of whole: UInt64) -> Int {
        part == 0 ? 0 : max(4, Int(Double(part) / Double(whole) * 1000))
    }

    private var lossList: String {
        guard !link.losses.isEmpty else { return "" }
        let sorted = link.losses.sorted { a, b in
            a.isAcknowledged != b.isAcknowledged ? !a.isAcknowledged : a.from > b.from
        }
        let rows = sorted.prefix(Self.losses).map {
            [
                $0.name ?? "", ShownTime.span($0.from, $0.to),
                $0.records > 0 ? ShownNumber.text($0.records) : "not counted",
                $0.cause.layer.wordInAudit, $0.cause.reasonInAudit, Self.topics($0.topics),
                $0.isAcknowledged ? "yes" : "no",
            ]
        }
        let title =
            sorted.contains { $0.records > 0 || $0.cause.isUncounted } ? "Lost on the way" : "Perhaps lost on the way"
        return "<section>\n<h2>\(title)</h2>\n"
            + PageTable(
                ["loss", "time span", "records", "layer", "reason", "topics", "acknowledged"], numbers: [2],
                unbroken: [0, 1, 3]
            ).text(
                rows: rows) + Self.more(sorted.count - rows.count, "loss entries") + "</section>\n"
    }

    // MARK: What was done

    private var unobservedList: String {
        guard !link.unobserved.isEmpty else { return "" }
        let sorted = link.unobserved.sorted { $0.from > $1.from }
        let rows = sorted.prefix(Self.losses).map {
            [
                ShownTime.span($0.from, $0.to), ShownTime.duration($0.from, $0.to),
                $0.sessionResumed ? "kept by the OT broker" : "lost", AuditPage.escaped($0.reason),
            ]
        }
        return "<section>\n<h2>The sender was not subscribed</h2>\n"
            + PageTable(["time span", "length", "session", "reason"], numbers: [1], unbroken: [0]).text(rows: rows)
            + Self.more(sorted.count - rows.count, "intervals") + "</section>\n"
    }

    private var actionList: String {
        guard !link.actions.isEmpty else { return "" }
        let sorted = link.actions.sorted { $0.at > $1.at }
        let rows = sorted.prefix(Self.actions).map {
            [ShownTime.text($0.at), AuditPage.escaped($0.what), AuditPage.escaped($0.detail)]
        }
        return "<section>\n<h2>Actions</h2>\n" + PageTable(["time", "what", "detail"], unbroken: [0]).text(rows: rows)
            + Self.more(sorted.count - rows.count, "older actions") + "</section>\n"
    }

    private var epochList: String {
        guard !link.epochs.isEmpty else { return "" }
        let sorted = link.epochs.sorted { $0.epoch > $1.epoch }
        let rows = sorted.prefix(Self.epochs).map {
            [
                String($0.epoch.rawValue), "\($0.firstSequence.rawValue)–\($0.lastSequence.rawValue)",
                ShownNumber.text($0.sums.sent), ShownNumber.text($0.sums.delivered), ShownNumber.text($0.sums.late),
                ShownNumber.text($0.sums.missing), ShownNumber.text($0.sums.lost),
                ShownTime.text($0.startedAt) + ($0.endedAt.map { " – \(ShownTime.text($0))" } ?? ", running"),
            ]
        }
        return "<section>\n<h2>Sender lifetimes (epochs)</h2>\n"
            + PageTable(
                ["epoch", "sequences", "sent", "delivered", "late", "missing", "lost", "time"],
                numbers: [2, 3, 4, 5, 6]
            ).text(rows: rows) + Self.more(sorted.count - rows.count, "older epochs") + "</section>\n"
    }

    // MARK: Proof

    private var proof: String {
        var rows = AuditAccount.proof(of: link).map { [$0.name, AuditPage.escaped($0.value)] }
        rows.insert(["link", "<span class=\"mono\">\(AuditPage.escaped(link.fingerprint))</span>"], at: 0)
        if let head = link.head {
            rows.insert(["head", "<span class=\"mono\">\(AuditPage.escaped(head))</span>"], at: 1)
        }
        for (title, value) in [("keys", link.keys), ("software", link.software), ("configuration", link.config)] {
            for (path, text) in Self.leaves(of: value, path: title).prefix(100) {
                rows.append([AuditPage.escaped(path), "<span class=\"mono\">\(AuditPage.escaped(text))</span>"])
            }
        }
        return "<section class=\"proof\">\n<h2>Proof, keys and software</h2>\n" + PageTable(["", ""]).text(rows: rows)
            + "</section>\n"
    }

    /// Every value of an object by its path: `keys link: SHA256:…`.
    private static func leaves(of value: JSONValue, path: String) -> [(String, String)] {
        switch value {
        case .object(let members): members.flatMap { leaves(of: $0.value, path: "\(path) \($0.name)") }
        case .text(let text): [(path, text)]
        case .null: [(path, "not known")]
        default: [(path, value.line)]
        }
    }

    private static func more(_ count: Int, _ what: String) -> String {
        count > 0 ? "<p class=\"rest\">and \(ShownNumber.text(count)) \(what) more, in JSON and CSV.</p>\n" : ""
    }
}
