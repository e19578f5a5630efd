public import Deliveries
internal import DiodeProtocol
import Threading

/// Between the publisher, who reads back what the IT broker retains of a link, and the receiver, who compares it with the
/// replica (ADR 0013).
///
/// ```text
///  publisher                         receiver                    store
///  request ────────────────────────▶ accept, once it is whole ─▶ begin(behind:)
///  waits until all before it is settled; reads
///  put … put, finish ──────────────▶ compares, repairs
///                       wish ◀────── all of it is repaired: read again
/// ```
///
/// What changes after the beginning is on its way to the broker, so it is not compared. Bounded: 4,096 values wait, then `put` waits.
public final class ReadBack: Sendable {
    /// What the receiver has to do next.
    public enum Order: Sendable {
        /// Somebody wants to read; if the connection is new, whatever was known of the broker is void. The number names the reading.
        case begin(UInt64, isNewConnection: Bool)
        case compare([RetainedValue])
        /// Everything was put. `admits` tells which topics can be on the broker.
        case end(isComplete: Bool, admits: @Sendable ([UInt8]) -> Bool)
        /// The broker is gone, or cannot be read.
        case cancel
    }

    private enum Phase {
        case idle
        case requested(isNewConnection: Bool)
        /// The receiver has noted the beginning; the store will say behind which position it lies.
        case accepted
        case reading
        case ended(isComplete: Bool, admits: @Sendable ([UInt8]) -> Bool)
        case cancelled
    }

    private struct State {
        var phase = Phase.idle
        /// Of the reading.
        var number: UInt64 = 0
        var start: OutboxPosition?
        var values: [RetainedValue] = []
        var isWished = false
    }

    private static let valueLimit = 4_096

    private let state = Lock(State())
    /// The publisher's.
    private let wakeup: Wakeup
    private let room: Wakeup

    init(wakeup: Wakeup) throws(SystemError) {
        self.wakeup = wakeup
        room = try Wakeup()
    }

    // MARK: The publisher's side

    /// Wants to read. The receiver accepts it once its replica is whole.
    public func request(isNewConnection: Bool) {
        state.withLock { state in
            state = State(phase: .requested(isNewConnection: isNewConnection), number: state.number + 1)
        }
    }

    /// Whether to read now; true once.
    /// - Parameter settled: of the outbox: every delivery before it has left.
    public func takeStart(settled: OutboxPosition) -> Bool {
        state.withLock { state in
            guard case .accepted = state.phase, let start = state.start, settled >= start else { return false }
            state.phase = .reading
            return true
        }
    }

    /// Hands over a value; waits while too many are not compared yet.
    /// - Returns: false when the reading is over.
    public func put(_ value: RetainedValue) -> Bool {
        while true {
            let answer: Bool? = state.withLock { state in
                guard case .reading = state.phase else { return false }
                guard state.values.count < Self.valueLimit else { return nil }
                state.values.append(value)
                return true
            }
            if let answer { return answer }
            room.wait(timeout: .milliseconds(100))
        }
    }

    /// Everything was put.
    public func finish(isComplete: Bool, admits: @escaping @Sendable ([UInt8]) -> Bool) {
        state.withLock { state in
            if case .reading = state.phase { state.phase = .ended(isComplete: isComplete, admits: admits) }
        }
    }

    /// The connection is lost, or the broker cannot be read: nobody knows what it retains.
    public func cancel() {
        state.withLock { state in state = State(phase: .cancelled, number: state.number) }
        room.signal()
    }

    /// Whether the receiver wants another reading; true once.
    public func takeWish() -> Bool {
        state.withLock { state in
            defer { state.isWished = false }
            return state.isWished
        }
    }

    // MARK: The receiver's side

    /// What to do now; nil if there is nothing.
    public func takeOrder() -> Order? {
        state.withLock { state in
            switch state.phase {
            case .idle, .accepted: return nil
            case .requested(let isNewConnection): return .begin(state.number, isNewConnection: isNewConnection)
            case .cancelled:
                state.phase = .idle
                return .cancel
            case .reading, .ended:
                guard state.values.isEmpty else {
                    let values = state.values
                    state.values = []
                    room.signal()
                    return .compare(values)
                }
                guard case .ended(let isComplete, let admits) = state.phase else { return nil }
                state.phase = .idle
                return .end(isComplete: isComplete, admits: admits)
            }
        }
    }

    /// From now on what changes is on its way to the broker.
    public func accept() {
        state.withLock { state in
            if case .requested = state.phase { state.phase = .accepted }
        }
    }

    /// Everything that was repaired has been handed over: another reading will tell.
    public func wish() {
        state.withLock { $0.isWished = true }
        wakeup.signal()
    }

    // MARK: The store's side

    /// Everything from before the beginning of a reading lies before this position.
    public func begin(_ number: UInt64, behind position: OutboxPosition) {
        state.withLock { state in if state.number == number { state.start = position } }
        wakeup.signal()
    }
}
