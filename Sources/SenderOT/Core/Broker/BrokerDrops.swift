package import DiodeProtocol
package import Time

/// What the OT broker says that it dropped, followed over its restarts and ours (ADR 0012): no I/O, no clock.
///
/// Mosquitto counts what its queue limits took from all its subscribers since it was started. Each `sys_interval` it tells its uptime,
/// then the counts that changed. So when it tells its uptime, what was heard of the count before is what it was one interval ago.
///
/// ```text
/// uptime ── dropped 0 ── uptime ───────── uptime ── dropped 50 ── uptime
///                          └ mark: 0, until here ┘                  └ 50 were dropped since the mark
/// ```
package struct BrokerDrops: Sendable {
    /// What was known at a moment.
    package struct Mark: Sendable, Equatable {
        var dropped: UInt64
        /// Until then nothing more was dropped.
        var at: UnixMilliseconds
        /// When the broker was started.
        var began: UnixMilliseconds
    }

    /// Two readings of an uptime, in whole seconds, tell the same start within this.
    private static let startTolerance: UInt64 = 5_000

    /// Known from the connection before, or the process before.
    package private(set) var mark: Mark?
    /// What was heard on this connection; nil until the broker tells.
    private var count: UInt64?
    private var lastTick: UnixMilliseconds?

    package init(mark: Mark? = nil) { self.mark = mark }

    /// Whether the broker tells, on this connection.
    package var isTold: Bool { count != nil }

    /// The connection ended: what is heard next is to be compared with what was known.
    package mutating func disconnected() {
        count = nil
        lastTick = nil
    }

    /// The broker tells how many it dropped since it was started.
    package mutating func hear(dropped: UInt64) { count = dropped }

    /// The broker tells how long it has been running, now and not as a retained value.
    /// - Returns: what is to be stated, at most a restart and a count.
    package mutating func hear(uptimeSeconds: UInt64, at now: UnixMilliseconds) -> [BrokerDrop] {
        defer { lastTick = now }
        guard let count else { return [] }
        let running = min(uptimeSeconds, now.rawValue / 1_000) * 1_000
        let began = UnixMilliseconds(rawValue: now.rawValue - running)
        guard let known = mark else {
            mark = Mark(dropped: count, at: lastTick ?? now, began: began)
            return []
        }
        var found: [BrokerDrop] = []
        let isRestarted = began.rawValue > known.began.rawValue + Self.startTolerance || count < known.dropped
        // The clock may have been set back meanwhile.
        let from = min(known.at, now)
        if isRestarted { found.append(BrokerDrop(reason: .restarted, from: from, to: now, records: nil)) }
        let before = isRestarted ? 0 : known.dropped
        if count > before {
            found.append(BrokerDrop(reason: .queueLimit, from: from, to: now, records: count - before))
        }
        mark = Mark(dropped: count, at: lastTick ?? known.at, began: isRestarted ? began : known.began)
        return found
    }
}

extension BrokerDrops.Mark {
    /// `dropped:at:began`, for the journal.
    package var text: String { "\(dropped):\(at.rawValue):\(began.rawValue)" }

    /// - Returns: nil for anything else.
    package init?(_ text: some StringProtocol) {
        let numbers = text.split(separator: ":", omittingEmptySubsequences: false).map { UInt64($0) }
        guard numbers.count == 3, let dropped = numbers[0], let at = numbers[1], let began = numbers[2],
            max(at, began) < 1 << 62
        else { return nil }
        self.init(dropped: dropped, at: UnixMilliseconds(rawValue: at), began: UnixMilliseconds(rawValue: began))
    }
}
