internal import Time

/// Whether an IT broker that is connected answers at all: one that takes records and says nothing, or ends each connection before it does, looks
/// well from outside while nothing goes on.
struct AnswerWatch: Sendable {
    /// So long nothing may be answered while something waits.
    static let patience = Duration.seconds(30)

    private var answered: UInt64 = 0
    private var since: MonotonicInstant?
    private(set) var isSilent = false

    /// - Parameters:
    ///   - isWaiting: there are records that the broker has not answered, or was not given yet.
    ///   - answered: how many records had an answer, ever.
    /// - Returns: whether `isSilent` has changed.
    mutating func note(isWaiting: Bool, answered: UInt64, now: MonotonicInstant) -> Bool {
        if !isWaiting {
            since = nil
        } else if since == nil || answered != self.answered {
            since = now
        }
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
