internal import Account

/// One line a link, for a report of several: what it exits with, what it lacks, and the first reason.
struct LinkSummary {
    let link: LinkAudit

    var exit: AuditExit { link.exit }
    var lost: String { ShownNumber.text(link.totals.lost) }
    var missing: String { ShownNumber.text(link.totals.missing) }

    /// The worst of what is wrong, and how much else there is.
    var reason: String {
        let findings = link.findings
        guard let first = findings.first else { return "well" }
        return findings.count > 1 ? "\(first.text); and \(findings.count - 1) more" : first.text
    }
}

extension AuditReport {
    /// The links, the worst first: by exit code, then by what is lost, then by what is missing, then by name.
    var worstFirst: [LinkAudit] {
        links.sorted { a, b in
            if a.exit != b.exit { return a.exit > b.exit }
            // Two links without an exit code differ still if one of them is not well.
            if a.findings.isEmpty != b.findings.isEmpty { return b.findings.isEmpty }
            if a.totals.lost != b.totals.lost { return a.totals.lost > b.totals.lost }
            return a.totals.missing != b.totals.missing ? a.totals.missing > b.totals.missing : a.link < b.link
        }
    }

    /// How many links exit with which code, the worst first: `1 link exits 4, 49 links exit 0`.
    var summary: String {
        let codes = Set(links.map(\.exit)).sorted(by: >)
        return codes.map { code in
            let count = links.count { $0.exit == code }
            return "\(ShownNumber.counted(count, "link")) exit\(count == 1 ? "s" : "") \(code.rawValue)"
        }.joined(separator: ", ")
    }
}
