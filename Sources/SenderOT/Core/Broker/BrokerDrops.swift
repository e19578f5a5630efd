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
        /// When the broker was started, by a clock that may have been set since.
        var began: UnixMilliseconds
        /// Of the newest uptime that was heard; nil in what an older version noted.
        var uptime: Uptime?

        init(dropped: UInt64, at: UnixMilliseconds, began: UnixMilliseconds, uptime: Uptime? = nil) {
            self.dropped = dropped
            self.at = at
            self.began = began
            self.uptime = uptime
        }
    }

    /// How long the broker had been running, and when it said so, by a clock that nobody sets.
    package struct Uptime: Sendable, Equatable {
        var seconds: UInt64
        var heard: BootInstant
    }

    /// A moment since this machine was started.
    package struct BootInstant: Sendable, Equatable {
        /// Another number at each start of the machine.
        let boot: UInt64
        let milliseconds: UInt64

        package init(boot: UInt64, milliseconds: UInt64) {
            self.boot = boot
            self.milliseconds = milliseconds
        }
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
    /// - Parameters:
    ///   - now: for the statements.
    ///   - instant: for what is decided: a clock that was set is no restart of the broker.
    /// - Returns: what is to be stated, at most a restart and a count.
    package mutating func hear(
        uptimeSeconds: UInt64, at now: UnixMilliseconds, _ instant: BootInstant
    ) -> [BrokerDrop] {
        defer { lastTick = now }
        let uptime = Uptime(seconds: uptimeSeconds, heard: instant)
        guard let count else { return [] }
        let running = min(uptimeSeconds, now.rawValue / 1_000) * 1_000
        let began = UnixMilliseconds(rawValue: now.rawValue - running)
        guard let known = mark else {
            mark = Mark(dropped: count, at: lastTick ?? now, began: began, uptime: uptime)
            return []
        }
        var found: [BrokerDrop] = []
        let isRestarted = count < known.dropped || Self.isRestarted(since: known, uptime, began: began)
        // The clock may have been set back meanwhile.
        let from = min(known.at, now)
        if isRestarted { found.append(BrokerDrop(reason: .restarted, from: from, to: now, records: nil)) }
        let before = isRestarted ? 0 : known.dropped
        if count > before {
            found.append(BrokerDrop(reason: .queueLimit, from: from, to: now, records: count - before))
        }
        mark = Mark(
            dropped: count, at: lastTick ?? known.at, began: isRestarted ? began : known.began, uptime: uptime)
        return found
    }

    /// Whether the broker was started anew since the mark. Only where this machine was, too, there is no clock but that of day.
    private static func isRestarted(since known: Mark, _ uptime: Uptime, began: UnixMilliseconds) -> Bool {
        guard let before = known.uptime, before.heard.boot == uptime.heard.boot else {
            return began.rawValue > known.began.rawValue + startTolerance
        }
        let passed = uptime.heard.milliseconds.subtractingReportingOverflow(before.heard.milliseconds)
        let expected = before.seconds.addingReportingOverflow((passed.overflow ? 0 : passed.partialValue) / 1_000)
        let latest = uptime.seconds.addingReportingOverflow(startTolerance / 1_000)
        return !expected.overflow && !latest.overflow && latest.partialValue < expected.partialValue
    }
}

extension BrokerDrops.Mark {
    /// `dropped:at:began:uptime:boot:milliseconds`, for the journal; without the last three if they are not known.
    package var text: String {
        let times = uptime.map { ":\($0.seconds):\($0.heard.boot):\($0.heard.milliseconds)" } ?? ""
        return "\(dropped):\(at.rawValue):\(began.rawValue)\(times)"
    }

    /// - Returns: nil for anything else.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { UInt64($0) }
        guard numbers.count == parts.count, numbers.count == 3 || numbers.count == 6, max(numbers[1], numbers[2]) < 1 << 62
        else { return nil }
        let uptime =
            numbers.count == 6
            ? BrokerDrops.Uptime(
                seconds: numbers[3], heard: BrokerDrops.BootInstant(boot: numbers[4], milliseconds: numbers[5])) : nil
        self.init(
            dropped: numbers[0], at: UnixMilliseconds(rawValue: numbers[1]),
            began: UnixMilliseconds(rawValue: numbers[2]), uptime: uptime)
    }
}
