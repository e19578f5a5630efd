public import Account
public import Storage
public import Threading

/// One reader of a queue: takes a window of what waits, and says what became of it. Outputs of one queue share its rows and nothing else;
/// none waits for another.
///
/// ```text
///  waiting ── take ──▶ taken ── settle ──▶ answered ── all before it too ──▶ gone
///     ▲                  │                    │
///     └───── rewind ─────┴────────────────────┘
/// ```
///
/// A delivery leaves only when all before it are answered. So after the IT side was lost, or the receiver was killed, a run
/// repeats in order that ends at the newest, and no older value lands behind a newer one of its topic.
///
/// Its account balances by itself: see ``OutboxTotals``.
///
/// `take`, `settle`, `repeatTaken` and `rewind` belong to one thread.
public final class OutboxOutput: Sendable {
    public let name: OutputName
    /// Signalled when there may be something to take.
    public let wakeup: Wakeup
    /// Of the queue that it reads.
    private let state: Lock<DeliveryQueueState>
    /// Among the queue's outputs.
    private let index: Int
    private let link: Int
    private let database: OutboxDatabase
    /// Opened by the first reading; one thread reads at a time.
    private let reader = Lock<OutboxReader?>(nil)
    private let readFailure = Lock<StorageError?>(nil)

    init(
        _ name: OutputName, index: Int, of state: Lock<DeliveryQueueState>, link: Int, database: OutboxDatabase
    ) throws(SystemError) {
        self.name = name
        self.index = index
        self.state = state
        self.link = link
        self.database = database
        wakeup = try Wakeup()
    }

    /// Takes the oldest waiting deliveries, in order, as many as both limits allow (at least one, whatever it costs). It may
    /// return none although some wait: they are being moved, a transaction must come first, or the disk cannot be read
    /// (`readError`); `wakeup` tells when, but for the last.
    ///
    /// What was, or may have been, taken before counts as repeated in doubt.
    /// - Parameter isSure: whether a delivery is none of these, because it is known that it was not sent, or what was sent of it goes on.
    public func take(
        records: Int, bytes: Int, isSure: (QueuedDelivery) -> Bool = { _ in false }
    ) -> [QueuedDelivery] {
        let index = index
        while true {
            switch state.withLock({ $0.take(records: records, bytes: bytes, output: index, isSure: isSure) }) {
            case .window(let window):
                // What comes now lies in memory: whatever the disk refused does not stand before it any more.
                if !window.isEmpty { readFailure.withLock { $0 = nil } }
                return window
            case .onDisk(let order):
                do throws(StorageError) {
                    let read = try read(order)
                    state.withLock { $0.load(read.deliveries, upTo: read.end, order, output: index) }
                    readFailure.withLock { $0 = nil }
                } catch {
                    readFailure.withLock { $0 = error }
                    return []
                }
            }
        }
    }

    private func read(_ order: OutputWindow.ReadOrder) throws(StorageError) -> OutboxReader.Reading {
        let (database, link) = (database, link)
        return try reader.withLock { reader throws(StorageError) in
            do throws(StorageError) {
                if reader == nil { reader = try OutboxReader(database, link: link) }
                guard let reading = try reader?.read(order) else { preconditionFailure("the reader was just opened") }
                return reading
            } catch {
                reader = nil
                throw error
            }
        }
    }

    /// The file that it read was set aside.
    func forgetDatabase() { reader.withLock { $0 = nil } }

    /// Why the last reading from disk failed; nil if it did not, or if deliveries have been taken since. The next `take` tries again.
    public var readError: StorageError? { readFailure.withLock { $0 } }

    /// Notes the final word on deliveries that were taken. Positions that are not taken any more are ignored: they were
    /// answered already or put back by `rewind`.
    public func settle(_ settlements: [OutboxSettlement]) {
        guard !settlements.isEmpty else { return }
        let index = index
        state.withLock { $0.settle(settlements, output: index) }
    }

    /// Puts back what was taken and has not left, in order. What was answered is not offered again, unless something older of its topic is.
    public func rewind() {
        let index = index
        state.withLock { $0.rewind(output: index) }
        wakeup.signal()
    }

    /// What was taken at a position and has not left.
    public func taken(at position: OutboxPosition) -> QueuedDelivery? {
        let index = index
        return state.withLock { $0.taken(at: position, output: index) }
    }

    /// Offers some of what is taken once more, in order: these, and behind each what was settled as published of its topic since, since no older
    /// value may land behind a newer one. Their answers so far are void. Costs the time of the window.
    public func repeatTaken(_ positions: [OutboxPosition]) -> [QueuedDelivery] {
        let index = index
        return state.withLock { $0.repeatTaken(positions, output: index) }
    }

    /// Keeps notes over a restart: each is stored in one transaction with whatever is settled until then. A note of the same name
    /// goes before; nil: the note goes.
    /// - Parameter isAwaited: a transaction is to come at once; `wakeup` tells of its end.
    /// - Returns: a number that `keptThrough` reaches once they are stored.
    @discardableResult
    public func keep(_ notes: [(name: [UInt8], value: [UInt8]?)], isAwaited: Bool = false) -> UInt64 {
        let index = index
        let (number, wakeup) = state.withLock { ($0.keep(notes, output: index), $0.storeWakeup) }
        if isAwaited { wakeup?.signal() }
        return number
    }

    /// Up to where notes are stored; `.max` while transactions fail, since waiting for one would not make them safer.
    public var keptThrough: UInt64 {
        let index = index
        return state.withLock { $0.keptThrough(output: index) }
    }

    /// Moves out those notes that an earlier process kept.
    public func takeNotes(where isWanted: (OutputNote) -> Bool = { _ in true }) -> [OutputNote] {
        let index = index
        return state.withLock { $0.takeNotes(output: index, isWanted) }
    }

    /// So many deliveries are sent once more although the IT broker has them, since something older of their topics went again.
    public func noteDoubts(_ records: Int) {
        let index = index
        state.withLock { $0.noteDoubts(records, output: index) }
    }

    /// Takes nothing any more: the process ends, and what it might have taken without it is in no doubt.
    public func finish() {
        let index = index
        state.withLock { $0.finish(output: index) }
    }

    /// Every delivery that was taken, or may have been by an earlier process, lies before this position.
    public var takenBefore: OutboxPosition {
        let index = index
        return OutboxPosition(rawValue: state.withLock { $0.takenBefore(output: index) })
    }

    /// Every delivery before this position has left it.
    public var settled: OutboxPosition {
        let index = index
        return OutboxPosition(rawValue: state.withLock { $0.settled(output: index) })
    }

    public var load: OutboxLoad {
        let index = index
        return state.withLock { $0.load(output: index) }
    }

    public var totals: OutboxTotals {
        let index = index
        return state.withLock { $0.totals(output: index) }
    }

    /// What was lost and no transaction has named yet, one for each cause.
    public var losses: [Loss] {
        let index = index
        return state.withLock { $0.losses(output: index) }
    }
}
