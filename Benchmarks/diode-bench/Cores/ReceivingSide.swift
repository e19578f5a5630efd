import DiodeProtocol
import ReceiverIT
import Time
import ReceiverITCore

/// The receiver between socket and outbox: frames in, deliveries out. ReceiverCore as the daemon runs it, on one thread.
///
/// Its clock goes forward a millisecond a block, so that the budget for signatures (half a core) does not stand in the
/// way of measuring a whole one.
struct ReceivingSide: ~Copyable {
    private var core: ReceiverCore
    private var now = MonotonicInstant(nanoseconds: 1_000_000_000)

    init(_ tape: FrameTape) throws {
        var settings = ReceiverCore.Settings()
        if let seal = tape.seal { settings.seals = [seal] }
        core = try ReceiverCore(
            card: tape.card, settings: settings, seed: 1, now: now, time: SendingSide.start)
    }

    /// Feeds the frames of one block that arrive, and takes what was decided.
    /// - Returns: how many records that released.
    mutating func receive(_ block: FrameTape.Block, arriving: [Int]) -> Int {
        now = now.advanced(by: .milliseconds(1))
        for index in arriving { receive(block, frame: index) }
        core.advance(now: now, time: SendingSide.start)
        return core.takeCommit().deliveries.count
    }

    mutating func receive(_ block: FrameTape.Block, frame index: Int) {
        let start = index * block.frameBytes
        core.receive(
            frame: block.frames.span.bytes.extracting(start..<start + block.frameBytes), now: now,
            time: SendingSide.start)
    }

    var counters: ReceiverCounters { core.counters }
}
