internal import Account
internal import DiodeProtocol

/// What table and page say alike about the account and the proof.
enum AuditAccount {
    /// One side of the double entry: a total and its parts.
    struct Sum {
        let total: Int64
        let name: String
        let parts: [(name: String, value: Int64)]

        var sentence: String {
            "\(name) \(ShownNumber.text(total)) = "
                + parts.map { "\($0.name) \(ShownNumber.text($0.value))" }.joined(separator: " + ")
        }
    }

    static func sums(of totals: LinkTotals) -> [Sum] {
        [
            Sum(
                total: totals.sent, name: "sent",
                parts: [
                    ("delivered", totals.delivered), ("late", totals.late), ("missing", totals.missing),
                    ("lost", totals.lost),
                ]),
            Sum(
                total: totals.delivered + totals.late, name: "delivered and late",
                parts: [
                    ("published", totals.published), ("outbox", totals.outbox), ("shed", totals.shed),
                    ("dead", totals.dead), ("folded", totals.folded),
                ]),
        ]
    }

    /// Whether what is here can be trusted, line by line.
    static func proof(of link: LinkAudit) -> [(name: String, value: String)] {
        var lines: [(String, String)] = []
        switch link.verification {
        case nil: lines.append(("ledger", "not verified in this report (--verify)"))
        case .intact(let entries, let detail):
            let more = detail.isEmpty ? "" : "; \(ShownText.line(detail))"
            lines.append(("ledger", "verified, \(ShownNumber.text(entries)) entries\(more)"))
        case .broken(let detail): lines.append(("ledger", "BROKEN: \(ShownText.line(detail))"))
        }
        lines.append(("replica", replica(of: link.replica)))
        lines.append(
            (
                "IT broker",
                words(link.replica.itMatches, "read back, the same", "read back, DIFFERENT", "not read back yet")
                    + refused(link.replica.itRefused)
            ))
        lines.append(
            (
                "link",
                (link.isStale ? "STALE" : "heard") + (link.heardUntil.map { ", until \(ShownTime.text($0))" } ?? "")
                    + (link.form.map { ", wire version \($0.version)\($0.isSealed ? ", sealed" : "")" } ?? "")
            ))
        for sender in link.senders where link.senders.count > 1 {
            lines.append(("card \(sender.place + 1)", words(sender)))
        }
        // Of a link of one path it says nothing that is not said beside.
        for path in link.paths where link.paths.count > 1 { lines.append(("path", words(path))) }
        if let begin = link.beginsAt {
            lines.append(("begins at", "epoch \(begin.epoch.rawValue), sequence \(begin.sequence.rawValue)"))
        }
        lines.append(("sender", sender(link.sender)))
        lines.append(
            (
                "clocks",
                "offset \(ShownNumber.text(link.clock.offsetMinMilliseconds)) … "
                    + "\(ShownNumber.text(link.clock.offsetMaxMilliseconds)) ms, "
                    + ShownNumber.counted(link.clock.steps, "step")
            ))
        let rejected = link.rejected
        lines.append(
            (
                "rejected",
                "bad signature \(ShownNumber.text(rejected.badSignature)), replayed \(ShownNumber.text(rejected.replayed)), "
                    + "malformed \(ShownNumber.text(rejected.malformed)), unknown link "
                    + "\(ShownNumber.text(rejected.unknownLink)), over budget \(ShownNumber.text(rejected.overBudget))"
            ))
        return lines
    }

    private static func words(_ sender: SenderReport) -> String {
        guard let role = sender.role, let epoch = sender.epoch else { return "\(sender.fingerprint): NEVER HEARD" }
        let heard = sender.heardUntil.map { ", until \(ShownTime.text($0))" } ?? ""
        let words =
            switch role {
            case .speaks: "speaks"
            case .standsBy: "stands by"
            case .older: "SPEAKS UNDER AN OLDER EPOCH"
            }
        return "\(sender.fingerprint): \(words), epoch \(epoch.rawValue)\(heard)"
    }

    private static func words(_ path: PathReport) -> String {
        guard let heard = path.heardUntil else { return "\(path.address): NOTHING since the receiver's start" }
        var words =
            "\(path.address): until \(ShownTime.text(heard)), \(ShownNumber.counted(path.frames, "frame")), first with "
            + ShownNumber.text(path.first)
        if let skew = path.skewMilliseconds { words += ", \(Int(skew.rounded())) ms later" }
        if let loss = path.loss { words += ", \(Int((loss * 100).rounded()))% lost lately" }
        return words
    }

    private static func refused(_ values: UInt64?) -> String {
        guard let values, values > 0 else { return "" }
        return ", \(ShownNumber.counted(values, "value")) refused by the IT broker"
    }

    private static func replica(of replica: LinkAudit.ReplicaState) -> String {
        let matches = words(
            replica.digestMatches, "the same as the sender's state", "DIFFERENT from the sender's state",
            "not compared with the sender's state yet")
        let time = replica.asOf.map { ", as of \(ShownTime.text($0))" } ?? ""
        return "\(ShownNumber.counted(replica.topics, "topic")), \(matches)\(time)"
    }

    private static func sender(_ sender: LinkAudit.SenderWord) -> String {
        let durable = words(sender.isDurable, "durable", "NOT durable", "durability unknown")
        return "\(durable), filtered \(ShownNumber.text(sender.filtered)), shed \(ShownNumber.text(sender.shed)), "
            + "echoes shed \(ShownNumber.text(sender.echoShed)), "
            + "dropped by the OT broker \(ShownNumber.text(sender.otBrokerDropped))"
    }

    private static func words(_ flag: Bool?, _ yes: String, _ no: String, _ unknown: String) -> String {
        flag.map { $0 ? yes : no } ?? unknown
    }
}
