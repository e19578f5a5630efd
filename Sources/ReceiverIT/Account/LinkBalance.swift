public import DiodeProtocol
public import JSON
public import Time

/// The account of a link at an instant. The ledger keeps one at least every 15 minutes, at the first commit after a quarter of
/// an hour of UTC (so that a day begins with one in every zone), and at each start and stop: the body of an entry of kind
/// ``kind``.
public struct LinkBalance: Hashable, Sendable {
    /// The kind of its ledger entries.
    public static let kind = "balance"

    /// The receiver's clock.
    public var at: UnixMilliseconds
    public var totals: LinkTotals
    /// The epochs that the receiver still told apart at that time.
    public var epochs: [Epoch]

    /// One epoch's part of it.
    public struct Epoch: Hashable, Sendable {
        public var epoch: DiodeProtocol.Epoch
        public var sums: EpochSums

        public init(_ epoch: DiodeProtocol.Epoch, _ sums: EpochSums) {
            self.epoch = epoch
            self.sums = sums
        }
    }

    /// What the totals of a link come to.
    public init(at: UnixMilliseconds, totals: LinkTotals, of epochs: [EpochTotals]) {
        self.init(at: at, totals: totals, epochs: epochs.map { Epoch($0.epoch, $0.sums) })
    }

    public init(at: UnixMilliseconds, totals: LinkTotals, epochs: [Epoch]) {
        self.at = at
        self.totals = totals
        self.epochs = epochs
    }

    /// The body of its ledger entry. The time is the entry's own.
    public var json: JSONValue {
        [
            "totals": totals.json,
            "epochs": .array(
                epochs.map {
                    [
                        .number($0.epoch.rawValue), .integer($0.sums.sent), .integer($0.sums.delivered),
                        .integer($0.sums.late), .integer($0.sums.missing), .integer($0.sums.lost),
                    ]
                }),
        ]
    }

    /// - Returns: nil for a body that is no balance.
    public init?(at: UnixMilliseconds, json: JSONValue) {
        guard let totals = json["totals"].flatMap({ LinkTotals(json: $0) }), let rows = json["epochs"]?.elements else {
            return nil
        }
        var epochs: [Epoch] = []
        for row in rows {
            let numbers = (row.elements ?? []).compactMap(\.integer)
            guard numbers.count == 6, row.elements?.count == 6, numbers[0] > 0 else { return nil }
            epochs.append(
                Epoch(
                    DiodeProtocol.Epoch(rawValue: UInt64(numbers[0])),
                    EpochSums(
                        sent: numbers[1], delivered: numbers[2], late: numbers[3], missing: numbers[4], lost: numbers[5]
                    )))
        }
        self.init(at: at, totals: totals, epochs: epochs)
    }

    /// The balance that is in force at a time: the newest of before it, or nothing at all before the first; from `now` on, the
    /// present one. Two periods that meet at that time both use it: so they add up.
    ///
    /// - Parameter history: ascending in time.
    public static func inForce(
        at time: UnixMilliseconds, history: [LinkBalance], now: LinkBalance
    ) -> LinkBalance {
        if time > now.at { return now }
        let earlier = history.prefix { $0.at < time }
        return earlier.last ?? LinkBalance(at: time, totals: LinkTotals(), epochs: [])
    }
}
