public import Account

/// What `--audit` exits with (C2); of several, the highest.
public enum AuditExit: Int32, Hashable, Comparable, Sendable {
    /// Balanced, nothing missing.
    case well = 0
    /// Gaps are open, or the link is stale.
    case open = 3
    /// Records are lost, shed or dead-lettered for good, and nobody has acknowledged that.
    case lost = 4
    /// The ledger does not balance or verify, equivocation was seen, or digests differ while settled.
    case broken = 5

    public static func < (a: AuditExit, b: AuditExit) -> Bool { a.rawValue < b.rawValue }
}

/// One reason for an exit code, as a sentence without a full stop.
public struct AuditFinding: Hashable, Sendable {
    public let exit: AuditExit
    public let text: String
    /// What to do about it; empty where `text` says it.
    public let advice: String

    public init(_ exit: AuditExit, _ text: String, advice: String = "") {
        self.exit = exit
        self.text = text
        self.advice = advice
    }
}

extension AuditReport {
    /// The highest exit code of its links.
    public var exit: AuditExit { links.map(\.exit).max() ?? .well }
}

extension LinkAudit {
    /// The highest exit code of its findings.
    public var exit: AuditExit { findings.map(\.exit).max() ?? .well }

    /// Computed, not asserted: every sum of this report holds, and nobody has found another that does not.
    public var isBalanced: Bool { imbalances.isEmpty }

    /// `verified` of the contract: null if nobody asked.
    public var isVerified: Bool? {
        switch verification {
        case nil: nil
        case .intact: true
        case .broken: false
        }
    }

    /// Every sum that does not hold.
    public var imbalances: [String] { totals.disagreements + epochs.compactMap(\.disagreement) + disagreements }

    /// What is wrong, the worst first. Without any the link is well; one of exit 0 changes no exit code, but no such link is called well.
    public var findings: [AuditFinding] {
        let matters = matters.matters
        func found(_ weight: AccountMatters.Weight, _ exit: AuditExit) -> [AuditFinding] {
            matters.filter { $0.weight == weight }.map { AuditFinding(exit, $0.text, advice: $0.advice) }
        }
        let all = diverging + found(.broken, .broken) + found(.lost, .lost) + found(.open, .open) + stale + differing
        // What status gives as the reason is never left out.
        guard !reason.isEmpty, statement == nil, !all.contains(where: { isSaid(by: $0) }) else { return all }
        return all + [AuditFinding(.well, "the link is degraded: \(reason)")]
    }

    private func isSaid(by finding: AuditFinding) -> Bool {
        reason.hasPrefix(finding.text) || finding.text.contains(reason)
    }

    /// What of the account is not in order: the daemon's status follows from the same type.
    public var matters: AccountMatters {
        var matters = AccountMatters()
        matters.imbalances = imbalances
        matters.equivocations = equivocations
        matters.alterations = alterations
        matters.differs = isSettled && replica.digestMatches == false
        for gap in gaps {
            switch gap.state {
            case .open:
                matters.openGaps += 1
                matters.openRecords.add(records: gap.missing)
            case .lost where !gap.isAcknowledged:
                matters.lostGaps += 1
                matters.lostGapRecords.add(records: gap.lost)
            case .lost, .healed: break
            }
        }
        for loss in losses where !loss.isAcknowledged {
            matters.note(
                loss.cause, layer: loss.cause.layer.wordInAudit, records: loss.records, from: loss.from, to: loss.to,
                last: loss.last)
        }
        matters.unnamed = UInt64(unnamedLosses)
        return matters
    }

    private var diverging: [AuditFinding] {
        if case .broken(let where_) = verification { return [AuditFinding(.broken, where_)] }
        return []
    }

    private var differing: [AuditFinding] {
        // While nothing is missing, a digest that differs is a matter of integrity.
        let agreement = Agreement(
            digestMatches: isSettled ? nil : replica.digestMatches, itMatches: replica.itMatches,
            itRefused: replica.itRefused)
        return (agreement.differences + [clock.difference?.words].compactMap(\.self)).map { AuditFinding(.well, $0) }
    }

    private var stale: [AuditFinding] {
        guard isStale else { return [] }
        let until = heardUntil.map { "the newest beat came at \(ShownTime.text($0))" } ?? "no beat ever came"
        return [AuditFinding(.open, "the link is stale: \(reason.isEmpty ? until : "\(reason) (\(until))")")]
    }

    /// Records that the account calls lost and no gap and no loss of this report names. What nobody can name, nobody can
    /// have acknowledged. A period does not answer this: a loss may be counted in one and named in its neighbour.
    private var unnamedLosses: Int64 {
        guard statement == nil else { return 0 }
        let named =
            gaps.reduce(UInt64(0)) { $0 &+ $1.lost }
            &+ losses.reduce(UInt64(0)) { $1.cause.isNumbered ? $0 &+ $1.records : $0 }
        return max(0, totals.lost + totals.shed + totals.dead - Int64(clamping: named))
    }
}
