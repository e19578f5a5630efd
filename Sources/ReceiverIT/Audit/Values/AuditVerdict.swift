internal import Account

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

    public init(_ exit: AuditExit, _ text: String) {
        self.exit = exit
        self.text = text
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
    public var findings: [AuditFinding] { integrity + lostForGood + stillMissing + differing }

    private var differing: [AuditFinding] {
        // While nothing is missing, a digest that differs is a matter of integrity.
        let agreement = Agreement(
            digestMatches: isSettled ? nil : replica.digestMatches, itMatches: replica.itMatches,
            itRefused: replica.itRefused)
        return agreement.differences.map { AuditFinding(.well, $0) }
    }

    private var integrity: [AuditFinding] {
        var found = imbalances.map { AuditFinding(.broken, "the account does not balance: \($0)") }
        if case .broken(let where_) = verification { found.append(AuditFinding(.broken, where_)) }
        found += (alterations + equivocations).map { AuditFinding(.broken, $0) }
        if isSettled, replica.digestMatches == false {
            found.append(AuditFinding(.broken, "the replica differs from the sender's state while nothing is missing"))
        }
        return found
    }

    private var lostForGood: [AuditFinding] {
        let gaps = gaps.filter { $0.state == .lost && !$0.isAcknowledged }
        let unacknowledged = losses.filter { !$0.isAcknowledged && !$0.cause.isByDesign }
        let losses = unacknowledged.filter { $0.records > 0 }
        var found: [AuditFinding] = []
        if !gaps.isEmpty {
            let records = gaps.reduce(0) { $0 &+ $1.lost }
            found.append(
                AuditFinding(
                    .lost,
                    "\(counted(gaps.count, "gap")) lost with \(counted(records, "record")), not acknowledged"))
        }
        if !losses.isEmpty {
            let records = losses.reduce(0) { $0 &+ $1.records }
            let layers = Set(losses.map(\.cause.layer.wordInAudit)).sorted().joined(separator: ", ")
            found.append(
                AuditFinding(.lost, "\(counted(records, "record")) lost (\(layers)), not acknowledged"))
        }
        found += unacknowledged.filter { $0.records == 0 && $0.cause.isUncounted }.map {
            AuditFinding(
                .lost,
                "how many records are lost between \(ShownTime.text($0.from)) and \(ShownTime.text($0.to)) nobody can say:"
                    + " \($0.cause.wordsInAudit) (after record \($0.last.text)), not acknowledged")
        }
        if unnamedLosses > 0 {
            found.append(AuditFinding(.lost, "\(counted(unnamedLosses, "record")) lost that no entry names"))
        }
        return found
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

    private var stillMissing: [AuditFinding] {
        let open = gaps.filter { $0.state == .open }
        var found: [AuditFinding] = []
        if !open.isEmpty {
            let records = open.reduce(0) { $0 &+ $1.missing }
            found.append(AuditFinding(.open, "\(counted(open.count, "gap")) open with \(counted(records, "record"))"))
        }
        if isStale {
            let until = heardUntil.map { "nothing heard since \(ShownTime.text($0))" } ?? "nothing was ever heard"
            found.append(AuditFinding(.open, "the link is stale: \(until)"))
        }
        return found
    }

    private func counted(_ count: some BinaryInteger, _ noun: String) -> String { ShownNumber.counted(count, noun) }
}
