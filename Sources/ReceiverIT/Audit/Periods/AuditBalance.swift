public import DiodeProtocol
public import JSON
public import Time

/// The account of a link at an instant. The ledger keeps one at least every 15 minutes, at the first commit after a quarter of
/// an hour of UTC (so that a day begins with one in every zone), and at each start and stop: the body of an entry of kind
/// ``kind``.
public struct AuditBalance: Hashable, Sendable {
    /// The kind of its ledger entries.
    public static let kind = "balance"

    /// The receiver's clock.
    public var at: UnixMilliseconds
    public var totals: AuditTotals
    /// The epochs that the receiver still told apart at that time.
    public var epochs: [Epoch]

    /// One epoch's part of it.
    public struct Epoch: Hashable, Sendable {
        public var epoch: DiodeProtocol.Epoch
        public var sent, delivered, late, missing, lost: Int64

        public init(
            epoch: DiodeProtocol.Epoch, sent: Int64, delivered: Int64, late: Int64, missing: Int64, lost: Int64
        ) {
            self.epoch = epoch
            self.sent = sent
            self.delivered = delivered
            self.late = late
            self.missing = missing
            self.lost = lost
        }

        /// The numbers of a whole epoch.
        public init(_ epoch: AuditEpoch) {
            self.init(
                epoch: epoch.epoch, sent: epoch.sent, delivered: epoch.delivered, late: epoch.late,
                missing: epoch.missing, lost: epoch.lost)
        }
    }

    public init(at: UnixMilliseconds, totals: AuditTotals, epochs: [Epoch]) {
        self.at = at
        self.totals = totals
        self.epochs = epochs
    }

    /// The account of a report that was not narrowed.
    public init(of link: LinkAudit, at: UnixMilliseconds) {
        self.init(at: at, totals: link.totals, epochs: link.epochs.map { Epoch($0) })
    }

    /// The body of its ledger entry. The time is the entry's own.
    public var json: JSONValue {
        [
            "totals": totals.json,
            "epochs": .array(
                epochs.map {
                    [
                        .number($0.epoch.rawValue), .integer($0.sent), .integer($0.delivered), .integer($0.late),
                        .integer($0.missing), .integer($0.lost),
                    ]
                }),
        ]
    }

    /// - Returns: nil for a body that is no balance.
    public init?(at: UnixMilliseconds, json: JSONValue) {
        guard let totals = json["totals"].flatMap({ AuditTotals(json: $0) }), let rows = json["epochs"]?.elements else {
            return nil
        }
        var epochs: [Epoch] = []
        for row in rows {
            let numbers = (row.elements ?? []).compactMap(\.integer)
            guard numbers.count == 6, row.elements?.count == 6, numbers[0] > 0 else { return nil }
            epochs.append(
                Epoch(
                    epoch: DiodeProtocol.Epoch(rawValue: UInt64(numbers[0])), sent: numbers[1], delivered: numbers[2],
                    late: numbers[3], missing: numbers[4], lost: numbers[5]))
        }
        self.init(at: at, totals: totals, epochs: epochs)
    }

    /// The balance that is in force at a time: the newest of before it, or nothing at all before the first; from `now` on, the
    /// present one. Two periods that meet at that time both use it: so they add up.
    ///
    /// - Parameter history: ascending in time.
    public static func inForce(
        at time: UnixMilliseconds, history: [AuditBalance], now: AuditBalance
    ) -> AuditBalance {
        if time > now.at { return now }
        let earlier = history.prefix { $0.at < time }
        return earlier.last ?? AuditBalance(at: time, totals: AuditTotals(), epochs: [])
    }
}
