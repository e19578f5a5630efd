internal import Account
internal import DiodeProtocol

/// The report for a spreadsheet: one table for everything, told apart by `kind` (RFC 4180, UTF-8, with a header).
///
/// | kind | a row for | its columns beside `link` and `kind` |
/// |---|---|---|
/// | `finding` | each reason for the exit code | `state` the code, `detail` |
/// | `total` | each number of the account | `name`, `records` |
/// | `opening`, `closing` | the same at both ends of a period | `name`, `records`, `from` the instant |
/// | `epoch` | each epoch | `epoch`, sequences, `records` sent, `from`, `to`, `detail` the parts |
/// | `gap` | each gap | all but `name`, `topic`, `detail` |
/// | `gap-topic` | each topic of a gap | `id` of the gap, `topic`, `records`, `state`; `detail` is `at most` where they may lie in other gaps |
/// | `loss`, `loss-topic` | the same of losses; `id` is what `ack` takes as `loss-3` | `name` the layer, `detail` the reason |
/// | `topic` | each topic, where gaps name any, and what of it is `lost`, `missing`, `lost-or-missing` | `topic` (empty: not attributed), `records`, `state` |
/// | `unobserved` | each interval without subscription | `from`, `to`, `state`, `detail` |
/// | `action` | each action | `from`, `name` what, `detail` |
///
/// Times are RFC 3339. `from` and `to` of a gap are the sender's clock, `opened_at` and `closed_at` the receiver's. Text that a
/// spreadsheet would take for a formula (it begins with `=`, `+`, `-`, `@`, tab or return) has an apostrophe before it.
struct AuditCSV {
    static let columns = [
        "link", "kind", "name", "from", "to", "topic", "records", "state", "cause", "healed_by", "id", "epoch",
        "first_sequence", "last_sequence", "first_block", "last_block", "opened_at", "closed_at", "acknowledged",
        "detail",
    ]

    /// A column by its place in `columns`.
    private enum Column: Int {
        case link, kind, name, from, to, topic, records, state, cause, healedBy, id, epoch, firstSequence, lastSequence,
            firstBlock, lastBlock, openedAt, closedAt, acknowledged, detail
    }

    /// The texts of a row; empty where nothing was put.
    private struct Cells: ExpressibleByDictionaryLiteral {
        private(set) var texts = [String](repeating: "", count: AuditCSV.columns.count)

        init(dictionaryLiteral elements: (Column, String)...) {
            for (column, text) in elements { texts[column.rawValue] = text }
        }

        subscript(column: Column) -> String {
            get { texts[column.rawValue] }
            set { texts[column.rawValue] = newValue }
        }
    }

    private let report: AuditReport

    init(_ report: AuditReport) { self.report = report }

    var text: String {
        var text = Self.columns.joined(separator: ",") + "\r\n"
        for link in report.links { append(link, to: &text) }
        return text
    }

    private func append(_ link: LinkAudit, to text: inout String) {
        let name = Self.cell(link.link)
        func row(_ kind: String, _ cells: Cells) {
            for (place, cell) in cells.texts.enumerated() {
                if place > 0 { text += "," }
                switch place {
                case Column.link.rawValue: text += name
                case Column.kind.rawValue: text += kind
                default: if !cell.isEmpty { text += Self.cell(cell) }
                }
            }
            text += "\r\n"
        }
        for finding in link.findings {
            row("finding", [.state: String(finding.exit.rawValue), .detail: finding.text])
        }
        for (name, path) in LinkTotals.fields {
            row("total", [.name: name, .records: String(link.totals[keyPath: path])])
            if let statement = link.statement {
                for (kind, balance) in [("opening", statement.opening), ("closing", statement.closing)] {
                    row(
                        kind,
                        [
                            .name: name, .records: String(balance.totals[keyPath: path]),
                            .from: CalendarTime.text(balance.at),
                        ])
                }
            }
        }
        for epoch in link.epochs { row("epoch", Self.cells(epoch)) }
        for gap in link.gaps {
            row("gap", Self.cells(gap))
            for topic in gap.topics {
                row(
                    "gap-topic",
                    [
                        .id: String(gap.id), .topic: topic.topic, .records: String(topic.records),
                        .state: gap.state.wordInAudit, .detail: topic.isAtMost ? "at most" : "",
                    ])
            }
        }
        for (index, loss) in link.losses.enumerated() {
            var cells = Self.cells(loss)
            let id = String(loss.id ?? UInt64(index + 1))
            cells[.id] = id
            row("loss", cells)
            for topic in loss.topics {
                row(
                    "loss-topic",
                    [.id: id, .topic: topic.topic, .records: String(topic.records), .state: "lost"])
            }
        }
        for topic in link.absentByTopic.isEmpty ? [] : TopicLosses.ranking(of: link) {
            for (state, records) in [
                ("lost", topic.records.lost), ("missing", topic.records.missing),
                ("lost-or-missing", topic.records.lostOrMissing),
            ] where records > 0 {
                row("topic", [.topic: topic.topic ?? "", .records: String(records), .state: state])
            }
        }
        for interval in link.unobserved { row("unobserved", Self.cells(interval)) }
        for action in link.actions {
            row("action", [.from: CalendarTime.text(action.at), .name: action.what, .detail: action.detail])
        }
    }

    private static func cells(_ epoch: EpochTotals) -> Cells {
        [
            .epoch: String(epoch.epoch.rawValue), .firstSequence: String(epoch.firstSequence.rawValue),
            .lastSequence: String(epoch.lastSequence.rawValue), .records: String(epoch.sums.sent),
            .from: CalendarTime.text(epoch.startedAt), .to: epoch.endedAt.map { CalendarTime.text($0) } ?? "",
            .detail: "delivered \(epoch.sums.delivered) late \(epoch.sums.late) missing \(epoch.sums.missing) lost"
                + " \(epoch.sums.lost)",
        ]
    }

    private static func cells(_ gap: AuditGap) -> Cells {
        [
            .from: gap.sourceFrom.map { CalendarTime.text($0) } ?? "",
            .to: gap.sourceTo.map { CalendarTime.text($0) } ?? "", .records: String(gap.records),
            .state: gap.state.wordInAudit, .cause: gap.cause.wordInAudit, .healedBy: gap.healedBy?.wordInAudit ?? "",
            .id: String(gap.id), .epoch: String(gap.epoch.rawValue),
            .firstSequence: String(gap.firstSequence.rawValue), .lastSequence: String(gap.lastSequence.rawValue),
            .firstBlock: String(gap.firstBlock.rawValue), .lastBlock: String(gap.lastBlock.rawValue),
            .openedAt: CalendarTime.text(gap.openedAt), .closedAt: gap.closedAt.map { CalendarTime.text($0) } ?? "",
            .acknowledged: gap.state == .lost ? String(gap.isAcknowledged) : "",
        ]
    }

    private static func cells(_ loss: AuditLoss) -> Cells {
        [
            .name: loss.cause.layer.wordInAudit, .from: CalendarTime.text(loss.from), .to: CalendarTime.text(loss.to),
            .records: String(loss.records), .state: "lost", .acknowledged: String(loss.isAcknowledged),
            .detail: loss.cause.reasonInAudit,
        ]
    }

    private static func cells(_ interval: UnobservedInterval) -> Cells {
        [
            .from: CalendarTime.text(interval.from), .to: CalendarTime.text(interval.to),
            .state: interval.sessionResumed ? "session-resumed" : "session-lost", .detail: interval.reason,
        ]
    }

    /// A cell: shown like anywhere else, quoted if it holds a comma or a quotation mark, not taken for a formula.
    static func cell(_ given: String) -> String {
        let text = ShownText.line(given)
        let isTame = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: ":"):
                true
            default: false
            }
        }
        if isTame { return text }
        let isNumber = text.utf8.dropFirst(text.hasPrefix("-") ? 1 : 0).allSatisfy { 48...57 ~= $0 } && text != "-"
        let harmless = isNumber || !ShownText.beginsFormula(given) ? text : "'" + text
        guard harmless.utf8.contains(where: { ",\"".utf8.contains($0) }) else { return harmless }
        var quoted = "\""
        for scalar in harmless.unicodeScalars {
            if scalar == "\"" { quoted.append("\"") }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }
}
