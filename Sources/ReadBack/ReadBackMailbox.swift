package import Outbox
package import ReadBackCore
public import Threading

/// Where the publisher, the core and the store of one link speak of what the IT broker retains. `ReadBack.swift` draws who says what when.
///
/// Nothing here waits but `put`, while too many values are not compared yet: on the thread that reads, which nobody waits for.
public final class ReadBackMailbox: Sendable {
    private let conversation = Lock(ReadBackConversation<OutboxPosition>())
    /// The publisher's.
    private let wakeup: Wakeup
    private let room: Wakeup

    /// - Parameter wakeup: signalled when the publisher may have something to do.
    /// - Throws: when the process has no descriptor left.
    public init(wakeup: Wakeup) throws(SystemError) {
        self.wakeup = wakeup
        room = try Wakeup()
    }

    // MARK: The publisher's side

    package func request(isNewConnection: Bool) {
        conversation.withLock { $0.request(isNewConnection: isNewConnection) }
    }

    package func start(settled: OutboxPosition) -> Bool { conversation.withLock { $0.start(settled: settled) } }

    /// Hands over a value; waits while too many are not compared yet.
    /// - Returns: false when the reading is over.
    package func put(_ value: RetainedValue) -> Bool {
        while true {
            switch conversation.withLock({ $0.put(value) }) {
            case .taken: return true
            case .over: return false
            case .full: room.wait(timeout: .milliseconds(100))
            }
        }
    }

    package func finish(isComplete: Bool, _ expectations: RetainedExpectations) {
        conversation.withLock { $0.finish(isComplete: isComplete, expectations) }
    }

    package func cancel() {
        conversation.withLock { $0.cancel() }
        room.signal()
    }

    package func takeWish() -> Bool { conversation.withLock { $0.takeWish() } }

    // MARK: The core's side

    /// Does what there is to do for a reading, at most one thing.
    /// - Parameters:
    ///   - wishes: everything that was wrong has been handed over.
    ///   - body: does it; of a beginning it says whether that makes sense now.
    package func serve(wishes: Bool, _ body: (ReadBackOrder) -> Bool) {
        if wishes {
            conversation.withLock { $0.wish() }
            wakeup.signal()
        }
        guard let order = conversation.withLock({ $0.takeOrder() }) else { return }
        if case .compare = order { room.signal() }
        let isAccepted = body(order)
        if case .begin = order, isAccepted { conversation.withLock { $0.accept() } }
    }

    // MARK: The store's side

    /// Everything from before the beginning of a reading lies before this position of the outbox.
    package func begin(_ number: UInt64, behind position: OutboxPosition) {
        conversation.withLock { $0.begin(number, behind: position) }
        wakeup.signal()
    }
}
