import Account
import Crypto
import DiodeProtocol
import Outbox

@testable import ReceiverIT
import Time
import Deliveries
@testable import ReceiverITCore

/// A receiver core under virtual time, with everything it committed.
final class TestLink {
    var core: ReceiverCore
    private(set) var now = MonotonicInstant(nanoseconds: 1_000_000_000)
    private(set) var time = UnixMilliseconds(rawValue: 1_763_716_000_100)
    private(set) var commits: [Commit] = []
    private(set) var deliveries: [Delivery] = []
    private(set) var events: [LinkEvent] = []

    convenience init(
        _ card: LinkCard, seed: UInt64 = 1, _ change: (inout ReceiverCore.Settings) -> Void = { _ in }
    ) throws {
        try self.init(cards: [card], seed: seed, change)
    }

    init(cards: [LinkCard], seed: UInt64 = 1, _ change: (inout ReceiverCore.Settings) -> Void = { _ in }) throws {
        var settings = ReceiverCore.Settings()
        change(&settings)
        core = try ReceiverCore(
            keys: cards.map { KeyChain($0) }, settings: settings, restoring: nil, seed: seed, now: now, time: time)
    }

    func receive(_ frames: [[UInt8]], path: Int = 0) {
        for frame in frames { core.receive(frame: frame.span.bytes, path: path, now: now, time: time) }
        collect()
    }

    /// Lets time pass as the receiver's loop does: from deadline to deadline, never two within a millisecond. (The verification budget
    /// fills up to a burst only: a leap over a second would be worth 50 ms of it.)
    func pass(_ duration: Duration) {
        let end = now.advanced(by: duration)
        let endTime = UnixMilliseconds(rawValue: time.rawValue + UInt64(duration / .milliseconds(1)))
        while let deadline = core.nextDeadline, deadline < end {
            now = min(end, max(deadline, now.advanced(by: .milliseconds(1))))
            let left = UInt64(end.nanoseconds - now.nanoseconds) / 1_000_000
            time = UnixMilliseconds(rawValue: endTime.rawValue - left)
            collect()
        }
        (now, time) = (end, endTime)
        collect()
    }

    /// Sets the receiver's wall clock forward or back by so many milliseconds.
    func step(_ milliseconds: Int64) {
        time = UnixMilliseconds(rawValue: UInt64(Int64(time.rawValue) + milliseconds))
    }

    func collect() {
        core.advance(now: now, time: time)
        let commit = core.takeCommit()
        commits.append(commit)
        deliveries += commit.deliveries
        events += commit.events
    }

    /// Payloads in the order of delivery, as text.
    var payloads: [String] { deliveries.map { String(decoding: $0.bytes[$0.payloadRange], as: UTF8.self) } }
    var sequences: [UInt64] { deliveries.map { $0.stamp.sequence.rawValue } }

    /// `sent = delivered + late + missing + lost`, and sent is what the decided sequences come to.
    var isBalanced: Bool {
        core.epochs.allSatisfy {
            $0.account.sent == $0.lastSequence.rawValue + 1 - $0.firstSequence.rawValue
        }
    }
}
