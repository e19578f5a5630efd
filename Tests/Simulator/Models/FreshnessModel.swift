import Account
import DiodeProtocol
import ReceiverITCore
import Time

/// When a link may be called online or degraded: only while beats of the newest epoch come, and in time. It knows when each beat was made, which a
/// receiver does not.
struct FreshnessModel {
    /// What the rest of a beat's frames may take. The last one may be damaged where nothing rests on it any more: in the signature over a header that
    /// another frame has brought.
    private static let restOfBeat: UInt64 = 500_000_000

    private struct Beat: Hashable, Comparable {
        let epoch: Epoch
        let block: BlockNumber

        static func < (a: Beat, b: Beat) -> Bool {
            (a.epoch, a.block.rawValue) < (b.epoch, b.block.rawValue)
        }
    }

    private var made: [Beat: UInt64] = [:]
    private var newest: Beat?
    /// When frames of it last came, and how long its first was on its way.
    private var heardAt: UInt64 = 0
    private var delay: UInt64 = 0
    /// Of the beats of its epoch that came to this process, the shortest; and since when.
    private var leastDelay: UInt64 = 0
    private var epochSince: UInt64 = 0

    mutating func make(_ id: BlockID, now: UInt64) {
        let beat = Beat(epoch: id.epoch, block: id.block)
        if made[beat] == nil { made[beat] = now }
    }

    /// A frame came as the sender had sent it.
    mutating func receive(_ id: BlockID, now: UInt64) {
        let beat = Beat(epoch: id.epoch, block: id.block)
        guard id.channel == .beat, let madeAt = made[beat], newest.map({ $0 <= beat }) ?? true else { return }
        heardAt = now
        guard newest != beat else { return }
        let isFirst = newest?.epoch != beat.epoch
        (newest, delay) = (beat, now - madeAt)
        if isFirst { (leastDelay, epochSince) = (delay, now) }
        leastDelay = min(leastDelay, delay)
    }

    /// The receiver was killed.
    mutating func restart() { newest = nil }

    /// P9 of what the receiver says.
    func check(
        _ state: LinkState, _ settings: ReceiverCore.Settings, now: UInt64
    ) throws(NamespaceModel.Violation) {
        guard !state.isSilent else { return }
        guard newest != nil, now <= heardAt + settings.silenceTimeout.nanoseconds + Self.restOfBeat else {
            throw NamespaceModel.Violation(
                promise: "P9", detail: "\(state), and no beat came for \(now - heardAt) ns")
        }
        let lag = delay - leastDelay
        // And what clocks may drift.
        let tolerance = (now - epochSince) / 5_000 + Self.restOfBeat
        let limit = state == .online ? settings.freshness.degraded : settings.freshness.stale
        guard lag <= limit.nanoseconds + tolerance else {
            throw NamespaceModel.Violation(promise: "P9", detail: "\(state), and values are \(lag) ns old")
        }
    }
}
