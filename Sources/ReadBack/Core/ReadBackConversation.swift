/// What the core thread has to do next for a reading.
package enum ReadBackOrder: Sendable {
    /// Somebody wants to read; if the connection is new, whatever was known of the broker is void. The number names the reading.
    case begin(UInt64, isNewConnection: Bool)
    /// Some of what the IT broker retains.
    case compare([RetainedValue])
    /// Everything was put, unless the broker kept something back; and what can be on the broker.
    case end(isComplete: Bool, RetainedExpectations)
    /// The broker is gone, or cannot be read.
    case cancel
}

/// Who has said what, and whose turn it is: one reading after the other. `Position` is the outbox's.
///
/// ```text
///          request                accept                begin(behind:), settled        finish
///  idle ───────────▶ requested ───────────▶ accepted ───────────────────────▶ reading ────────▶ ended ─┐
///   ▲    (from any)                                                              │ values are put      │ all compared
///   └──────────── told ──────────── cancelled ◀── cancel, from any ──────────────┘                     │
///   ▲──────────────────────────────────────────────────────────────────────────────────────────────────┘
/// ```
///
/// Bounded: `valueLimit` values wait to be compared.
package struct ReadBackConversation<Position: Comparable & Sendable>: Sendable {
    private enum Phase {
        case idle
        case requested(isNewConnection: Bool)
        /// The core has noted the beginning; the store will say behind which position it lies.
        case accepted
        case reading
        case ended(isComplete: Bool, RetainedExpectations)
        case cancelled
    }

    /// What became of a value.
    package enum Putting: Sendable { case taken, full, over }

    package static var valueLimit: Int { 4_096 }

    private var phase = Phase.idle
    /// Of the reading: what is said of an earlier one does not count.
    private var number: UInt64 = 0
    private var start: Position?
    private var values: [RetainedValue] = []
    private var isWished = false

    package init() {}

    // MARK: The publisher speaks

    /// Wants to read; whatever was under way is over. The core accepts it once its replica is whole.
    package mutating func request(isNewConnection: Bool) {
        let number = number + 1
        self = Self()
        self.number = number
        phase = .requested(isNewConnection: isNewConnection)
    }

    /// Begins to read, if it is time.
    /// - Parameter settled: of the outbox: every delivery before it has left.
    /// - Returns: whether to read now; true once.
    package mutating func start(settled: Position) -> Bool {
        guard case .accepted = phase, let start, settled >= start else { return false }
        phase = .reading
        return true
    }

    /// Puts a value to be compared.
    package mutating func put(_ value: RetainedValue) -> Putting {
        guard case .reading = phase else { return .over }
        guard values.count < Self.valueLimit else { return .full }
        values.append(value)
        return .taken
    }

    /// Everything was put.
    package mutating func finish(isComplete: Bool, _ expectations: RetainedExpectations) {
        if case .reading = phase { phase = .ended(isComplete: isComplete, expectations) }
    }

    /// The connection is lost, or the broker cannot be read: nobody knows what it retains.
    package mutating func cancel() {
        let number = number
        self = Self()
        self.number = number
        phase = .cancelled
    }

    /// Moves out whether the core wants another reading.
    package mutating func takeWish() -> Bool {
        defer { isWished = false }
        return isWished
    }

    // MARK: The core speaks

    /// Moves out what is to be done now; nil if there is nothing. A request is repeated until it is accepted.
    package mutating func takeOrder() -> ReadBackOrder? {
        switch phase {
        case .idle, .accepted: return nil
        case .requested(let isNewConnection): return .begin(number, isNewConnection: isNewConnection)
        case .cancelled:
            phase = .idle
            return .cancel
        case .reading, .ended:
            guard values.isEmpty else {
                let values = values
                self.values = []
                return .compare(values)
            }
            guard case .ended(let isComplete, let expectations) = phase else { return nil }
            phase = .idle
            return .end(isComplete: isComplete, expectations)
        }
    }

    /// From now on what changes is on its way to the broker.
    package mutating func accept() {
        if case .requested = phase { phase = .accepted }
    }

    /// Everything that was repaired has been handed over: another reading will tell.
    package mutating func wish() { isWished = true }

    // MARK: The store speaks

    /// Everything from before the beginning of a reading lies before this position.
    package mutating func begin(_ number: UInt64, behind position: Position) {
        if self.number == number { start = position }
    }
}
