internal import Time

/// Whether an IT broker that is connected answers at all: one that takes records and says nothing, or ends each connection before it does, looks
/// well from outside while nothing goes on.
struct AnswerWatch: Sendable {
    /// So long nothing may be answered while something was given and waits.
    static let patience = Duration.seconds(30)

    private var answered: UInt64 = 0
    private var since: MonotonicInstant?
    private(set) var isSilent = false

    /// - Parameters:
    ///   - isUnderWay: the broker was given something, over the connection that stands, and has not answered.
    ///   - isDrained: nothing waits for it, whether it was given or not.
    ///   - answered: how many records had an answer, ever.
    /// - Returns: whether `isSilent` has changed.
    mutating func note(isUnderWay: Bool, isDrained: Bool, answered: UInt64, now: MonotonicInstant) -> Bool {
        if isDrained || answered != self.answered { since = nil }
        // What a connection took with it is still owed.
        if isUnderWay { since = since ?? now }
        self.answered = answered
        let wasSilent = isSilent
        isSilent = since.map { $0.advanced(by: Self.patience) <= now } ?? false
        return isSilent != wasSilent
    }

    /// When it has to be looked at again.
    var deadline: MonotonicInstant? { isSilent ? nil : since?.advanced(by: Self.patience) }

    /// What status says of it.
    var lacks: [String] {
        isSilent
            ? ["the IT broker has answered nothing of what it is given for half a minute: records wait in the outbox"]
            : []
    }
}
