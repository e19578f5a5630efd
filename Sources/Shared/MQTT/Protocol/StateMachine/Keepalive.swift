/// When to ping, and how long to wait for the answer (§3.1.2.10).
///
/// A ping is due when nothing was sent, or nothing came, for the keep alive time. It fails when then nothing at all
/// comes for `patience`, or no PINGRESP for ten times that (a server that talks but never answers). While a large packet comes, the server
/// cannot answer before its end.
struct Keepalive: Sendable {
    /// Zero: no pings of its own accord.
    private var interval: Duration
    private let patience: Duration
    private var lastSent: Duration
    private var lastReceived: Duration
    /// When bytes of a large packet came last, before which the server could answer nothing.
    private(set) var lastPart = Duration.zero
    /// When the ping that has no answer yet was sent.
    private(set) var pingSentAt: Duration?

    init(seconds: UInt16, patience: Duration, now: Duration) {
        interval = .seconds(Int64(seconds))
        self.patience = patience
        lastSent = now
        lastReceived = now
    }

    mutating func sent(now: Duration) { lastSent = now }
    mutating func received(now: Duration) { lastReceived = now }

    /// Bytes of a large packet have come, after which the server may owe an answer.
    mutating func receivedPart(now: Duration) {
        lastReceived = now
        lastPart = now
    }
    mutating func pinged(now: Duration) { pingSentAt = now }

    /// - Returns: false if no ping was out.
    mutating func answered() -> Bool {
        defer { pingSentAt = nil }
        return pingSentAt != nil
    }

    func isPingDue(now: Duration) -> Bool {
        guard pingSentAt == nil, interval > .zero else { return false }
        return now >= min(lastSent, lastReceived) + interval
    }

    func isDead(now: Duration) -> Bool {
        guard let pingSentAt else { return false }
        return now >= silentAt(pingSentAt)
    }

    /// When to look again.
    var deadline: Duration? {
        if let pingSentAt { return silentAt(pingSentAt) }
        return interval > .zero ? min(lastSent, lastReceived) + interval : nil
    }

    private func silentAt(_ pingSentAt: Duration) -> Duration {
        min(max(pingSentAt, lastReceived) + patience, max(pingSentAt, lastPart) + patience * 10)
    }
}
