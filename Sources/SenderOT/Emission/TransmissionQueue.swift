internal import Collections
public import DiodeProtocol
public import SenderOTCore
internal import Synchronization
public import Threading

/// A block that has left, and its last sequence; all 0 before the first.
public struct LeftBlock: Sendable, Equatable {
    public var epoch = Epoch(rawValue: 0)
    public var sequence = SequenceNumber(rawValue: 0)
    public var block = BlockNumber(rawValue: 0)
}

/// What waits for the emitter: one queue for each class, between the threads that make blocks and the one that sends.
///
/// Bounded in bytes for each class. A full class refuses: whoever offers keeps the block and waits for room, so that the
/// journal is the queue and nothing live is ever dropped here.
public final class TransmissionQueue: Sendable {
    private struct Lane {
        var waiting = Ring<Transmission>()
        var bytes = 0

        mutating func pop() -> Transmission? {
            let transmission = waiting.popFirst()
            if let transmission { bytes -= transmission.block.symbols.count }
            return transmission
        }
    }

    private struct Lanes {
        var lanes = [Lane](repeating: Lane(), count: TransmissionClass.allCases.count)
        var senderSleeps = false
        var offererSleeps = false
        var isFinished = false
        var newestLeft = LeftBlock()
        /// Who wants to know when that changes.
        var leftListener: Wakeup?
        var newestSnapshot = BlockNumber(rawValue: 0)
    }

    private let lanes = Lock(Lanes())
    private let laneBytes: Int
    /// Blocks of live that were offered and whose source frames have not all been sent.
    private let unsent = Atomic<Int>(0)
    private let somethingWaits: Wakeup
    private let roomAppeared: Wakeup

    /// - Parameter laneBytes: the most bytes of blocks that wait in one class; one block always fits.
    /// - Throws: when the process has no descriptor left.
    public init(laneBytes: Int = 8 << 20) throws(SystemError) {
        self.laneBytes = laneBytes
        somethingWaits = try Wakeup()
        roomAppeared = try Wakeup()
    }

    /// Whether everything live that was offered has left, its repair symbols aside: a record that comes now need not wait.
    public var isIdle: Bool { unsent.load(ordering: .acquiring) == 0 }

    /// The newest live block whose source frames have left.
    public var newestLeft: LeftBlock { lanes.withLock { $0.newestLeft } }

    /// Signals once when a live block leaves that is newer than `known`; at once if one has left.
    package func signal(_ listener: Wakeup, whenLeftAfter known: LeftBlock) {
        let isNewer = lanes.withLock { state in
            state.leftListener = state.newestLeft == known ? listener : nil
            return state.newestLeft != known
        }
        if isNewer { listener.signal() }
    }

    /// The newest snapshot block whose source frames have left; 0 before the first.
    public var newestSnapshot: BlockNumber { lanes.withLock { $0.newestSnapshot } }

    /// Bytes of blocks that wait in a class.
    package func waitingBytes(_ kind: TransmissionClass) -> Int { lanes.withLock { $0.lanes[kind.rawValue].bytes } }

    /// Live blocks that have not left.
    public var unsentBlocks: Int { unsent.load(ordering: .acquiring) }

    /// - Returns: false if the class is full; the transmission was not taken.
    public func offer(_ transmission: Transmission) -> Bool {
        let isLive = transmission.kind == .live
        if isLive { unsent.add(1, ordering: .acquiringAndReleasing) }
        let (taken, wake) = lanes.withLock { state in
            let bytes = transmission.block.symbols.count
            let lane = transmission.kind.rawValue
            guard state.lanes[lane].bytes == 0 || state.lanes[lane].bytes + bytes <= laneBytes else {
                state.offererSleeps = true
                return (false, false)
            }
            state.lanes[lane].waiting.append(transmission)
            state.lanes[lane].bytes += bytes
            defer { state.senderSleeps = false }
            return (true, state.senderSleeps)
        }
        if !taken, isLive { unsent.subtract(1, ordering: .acquiringAndReleasing) }
        if wake { somethingWaits.signal() }
        return taken
    }

    /// Sleeps until room has appeared since an offer was refused, or the time is over. One thread waits at a time.
    public func waitForRoom(timeout: Duration) { roomAppeared.wait(timeout: timeout) }

    /// Says that nothing more will be offered.
    public func finish() {
        lanes.withLock { $0.isFinished = true }
        somethingWaits.signal()
    }

    // The sending side.

    /// The oldest transmission of a class.
    package func take(_ kind: TransmissionClass) -> Transmission? {
        let (transmission, wake) = lanes.withLock { state in
            let transmission = state.lanes[kind.rawValue].pop()
            guard transmission != nil, state.offererSleeps else { return (transmission, false) }
            state.offererSleeps = false
            return (transmission, true)
        }
        if wake { roomAppeared.signal() }
        return transmission
    }

    /// The source frames of one live block have left; `sequence` is its last.
    func sourceLeft(_ sequence: SequenceNumber, _ id: BlockID) {
        unsent.subtract(1, ordering: .acquiringAndReleasing)
        let listener = lanes.withLock { state in
            state.newestLeft = LeftBlock(epoch: id.epoch, sequence: sequence, block: id.block)
            return state.leftListener.take()
        }
        listener?.signal()
    }

    /// The source frames of one snapshot block have left.
    func snapshotLeft(_ id: BlockID) { lanes.withLock { $0.newestSnapshot = id.block } }

    /// Sleeps until something is offered, nothing more will be, or the time is over.
    func waitForWork(timeout: Duration?) {
        let sleeps = lanes.withLock { state in
            let empty = state.lanes.allSatisfy(\.waiting.isEmpty)
            state.senderSleeps = empty && !state.isFinished
            return state.senderSleeps
        }
        if sleeps { somethingWaits.wait(timeout: timeout) }
    }

    /// Nothing waits and nothing more will.
    var isFinished: Bool {
        lanes.withLock { state in state.isFinished && state.lanes.allSatisfy(\.waiting.isEmpty) }
    }
}
