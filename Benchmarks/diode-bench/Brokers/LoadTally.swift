import Synchronization

/// What publisher and consumer of one run know of each other.
final class LoadTally: Sendable {
    /// Messages written to the OT broker.
    let sent = Atomic<Int>(0)
    /// Messages that reached the consumer, each counted once.
    let received = Atomic<Int>(0)
    /// A probe reached the consumer: the way is open.
    let isOpen = Atomic<Bool>(false)
    /// The publisher has sent everything.
    let isSent = Atomic<Bool>(false)

    var underway: Int { sent.load(ordering: .relaxed) - received.load(ordering: .relaxed) }
}
