/// How often one node is born again on request: at once if its last birth is an interval ago; else one birth, at the end of the interval,
/// for all that was asked in between.
struct RebirthThrottle: Sendable {
    private let interval: Duration
    private var lastBirth: Duration?
    /// When the birth is due that somebody waits for.
    private(set) var due: Duration?

    init(interval: Duration) { self.interval = interval }

    /// - Returns: whether to be born now; else `due` says when.
    mutating func asks(now: Duration) -> Bool {
        guard let lastBirth, now < lastBirth + interval else { return true }
        due = lastBirth + interval
        return false
    }

    /// The node was born, for whatever reason: nobody waits any more.
    mutating func wasBorn(now: Duration) {
        lastBirth = now
        due = nil
    }

    /// The node has died: whoever waits is answered by its next birth.
    mutating func forget() { due = nil }
}
