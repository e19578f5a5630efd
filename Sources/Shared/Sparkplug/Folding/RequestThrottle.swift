/// How often a node of the plant is asked for a rebirth: at once, and then, as long as it is in vain, at intervals that double.
struct RequestThrottle: Sendable {
    static let longest = Duration.seconds(600)

    private let first: Duration
    private var interval: Duration
    private var notBefore: Duration?

    init(first: Duration) {
        self.first = first
        interval = first
    }

    /// Whether it was asked three times or more, and not for nothing: what was amiss is amiss again each time.
    func isInVain(now: Duration) -> Bool {
        guard let notBefore else { return false }
        return interval > first * 2 && now < notBefore + interval
    }

    /// - Returns: whether to ask now.
    mutating func asks(now: Duration) -> Bool {
        if let notBefore {
            guard now >= notBefore else { return false }
            // Nothing was amiss for a whole interval: what happens now is something new.
            interval = now >= notBefore + interval ? first : min(interval * 2, Self.longest)
        }
        notBefore = now + interval
        return true
    }
}
