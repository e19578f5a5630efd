public import Account
internal import DiodeProtocol
internal import JSON
public import Time

/// The account of a period: opening balance, what happened, closing balance.
///
/// ```text
/// opening + change = closing                 and the closing of one period is the opening of the next
/// gaps at the start + opened − closed = gaps at the end
/// ```
public struct PeriodStatement: Hashable, Sendable {
    public var period: AuditPeriod
    /// The accounts at both ends, each with the instant it is from: at most a quarter of an hour before the period's.
    public var opening, closing: LinkBalance
    /// Gaps that were open when it began, that opened and that closed in it, that were open when it ended.
    public var gapsBefore, gapsOpened, gapsClosed, gapsAfter: Int

    /// What happened in it.
    public var change: LinkTotals { closing.totals - opening.totals }

    var json: JSONValue {
        [
            "since": .time(period.since), "until": .time(period.until), "opening": Self.json(opening),
            "closing": Self.json(closing),
            "gaps": [
                "opening": .number(gapsBefore), "opened": .number(gapsOpened), "closed": .number(gapsClosed),
                "closing": .number(gapsAfter),
            ],
        ]
    }

    private static func json(_ balance: LinkBalance) -> JSONValue {
        ["as_of": .time(balance.at), "totals": balance.totals.json]
    }
}

extension LinkAudit {
    /// This report of now, narrowed to a period.
    ///
    /// Totals and epochs become what changed in it. Gaps stay if they were open at any time of it, with what has become of them
    /// since: one that healed the day after is healed, since nothing has to be done about it. A loss belongs to the period in
    /// which it began. What is said of the whole (chain, digests, configuration, counters) is not narrowed. The link counts as
    /// stale if it has not been heard since the period ended.
    ///
    /// - Parameters:
    ///   - history: the ledger's balances, ascending in time.
    ///   - now: the time of this report.
    public func narrowed(to period: AuditPeriod, history: [LinkBalance], now: UnixMilliseconds) -> LinkAudit {
        let present = LinkBalance(of: self, at: now)
        let zero = LinkBalance(at: history.first?.at ?? now, totals: LinkTotals(), epochs: [])
        let opening =
            period.since.map { LinkBalance.inForce(at: $0, history: history, now: present) } ?? zero
        let closing =
            period.until.map { LinkBalance.inForce(at: $0, history: history, now: present) } ?? present
        func wereOpen(at time: UnixMilliseconds?) -> Int {
            guard let time else { return 0 }
            return gaps.count { $0.openedAt < time && ($0.ended.map { $0 >= time } ?? true) }
        }
        var result = self
        let statement = PeriodStatement(
            period: period, opening: opening, closing: closing, gapsBefore: wereOpen(at: period.since),
            gapsOpened: gaps.count { period.contains($0.openedAt) },
            gapsClosed: gaps.count { gap in gap.ended.map { period.contains($0) } ?? false },
            gapsAfter: period.until.map { wereOpen(at: $0) } ?? gaps.count { $0.state == .open })
        result.statement = statement
        result.totals = statement.change
        result.epochs = epochs.compactMap { Self.change(of: $0, from: opening, to: closing, in: period) }
        result.gaps = gaps.filter { period.touches(from: $0.openedAt, to: $0.ended) }
        let listed = Set(result.gaps.map(\.id))
        // Of all gaps, since a jump may reach some that are not of this period.
        result.absentByTopic = attribution.sums { listed.contains($0.id) }
        result.losses = losses.filter { period.contains($0.from) }
        result.unobserved = unobserved.filter { period.touches(from: $0.from, to: $0.to) }
        result.actions = actions.filter { period.contains($0.at) }
        if let until = period.until, let heardUntil, heardUntil >= until { result.isStale = false }
        return result
    }

    /// What changed in one epoch; nil if nothing did and it was not there either.
    private static func change(
        of epoch: EpochTotals, from opening: LinkBalance, to closing: LinkBalance, in period: AuditPeriod
    ) -> EpochTotals? {
        let before = opening.epochs.first { $0.epoch == epoch.epoch }?.sums ?? EpochSums()
        let after = closing.epochs.first { $0.epoch == epoch.epoch }?.sums ?? EpochSums()
        guard before != after || period.touches(from: epoch.startedAt, to: epoch.endedAt) else { return nil }
        var result = epoch
        result.sums = after - before
        return result
    }
}
