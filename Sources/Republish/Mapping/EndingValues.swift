internal import Collections
internal import MQTTProtocol
internal import Threading
internal import Time

/// When the retained values on the IT broker end by their message expiry interval: a broker of MQTT 5 ends them by itself, as the plant's did,
/// and tells nobody. The deletion that the sender makes then is left to it, since an empty publish would be a message that the plant never saw.
///
/// ```text
///  published with an interval, or read back with one ─▶ ends at … ─┐
///  deletion of an expired value ──────────────────────────────────┴▶ over by then: left to the broker ─▶ read back soon, once
///                                └▶ anything else there, or unknown: published                       └▶ still there: never again
/// ```
///
/// Publisher and reader share it. Bounded: beyond the limit a value is not known, and its deletion is published.
final class EndingValues: Sendable {
    private struct State {
        /// By topic of the plant.
        var ends: [Int: MonotonicInstant] = [:]
        /// Topics whose deletion was left to the broker, and since when it should be done.
        var left: [Int: MonotonicInstant] = [:]
        var isVersion5 = false
        /// It was found to keep what has ended.
        var keepsAll = false
        /// Whether what was left to it has been read back, or is about to be.
        var isChecked = false
        /// Something was left to it by mistake.
        var needsCheck = false

        mutating func insert(_ key: Int, _ end: MonotonicInstant) {
            // MQTT 3.1.1 has no intervals.
            if isVersion5, ends.count < limit { ends[key] = end }
        }
    }

    private static let limit = 65_536
    /// Brokers count whole seconds, and a value was on its way to them.
    private static let slack = Duration.seconds(2)

    private let state = Lock(State())

    /// The publisher has a connection.
    /// - Parameter isOther: to another broker than before, for all that is known.
    func connected(_ version: ProtocolVersion, isOther: Bool) {
        state.withLock {
            $0.isVersion5 = version == .v5
            $0.isChecked = false
            if isOther { ($0.keepsAll, $0.ends, $0.left) = (false, [:], [:]) }
        }
    }

    /// A retained value is published.
    /// - Parameter secondsLeft: of its interval; nil: it never ends.
    func note(_ topic: RawSpan, secondsLeft: UInt32?, now: MonotonicInstant) {
        state.withLock {
            if $0.ends.isEmpty, $0.left.isEmpty, secondsLeft == nil { return }
            let key = topic.processHash
            $0.left[key] = nil
            $0.ends[key] = nil
            if let secondsLeft { $0.insert(key, now.advanced(by: .seconds(Int64(secondsLeft)))) }
        }
    }

    /// A retained value with an interval was read back. What has been published since is known better.
    func wasRead(_ topic: RawSpan, secondsLeft: UInt32, now: MonotonicInstant) {
        state.withLock {
            let key = topic.processHash
            if $0.ends[key] == nil { $0.insert(key, now.advanced(by: .seconds(Int64(secondsLeft)))) }
        }
    }

    /// A retained value never came to the broker: what lies there is an older one. If its deletion was left to the broker already, that one stays until
    /// it is read back.
    func forget(_ topic: RawSpan) {
        state.withLock {
            if $0.ends.isEmpty, $0.left.isEmpty { return }
            let key = topic.processHash
            $0.ends[key] = nil
            if $0.left.removeValue(forKey: key) != nil { $0.needsCheck = true }
        }
    }

    /// Whether a value that should be there has ended, as it should, and the sender has not said so yet.
    func isOver(_ topic: RawSpan, now: MonotonicInstant) -> Bool {
        state.withLock {
            guard $0.isVersion5, !$0.keepsAll, let end = $0.ends[topic.processHash] else { return false }
            return end <= now.advanced(by: Self.slack)
        }
    }

    /// A deletion is about to be published.
    /// - Parameter isExpiry: the sender made it because the value has expired.
    /// - Returns: whether it is left to the broker.
    func takeEnded(_ topic: RawSpan, isExpiry: Bool, now: MonotonicInstant) -> Bool {
        state.withLock {
            if $0.ends.isEmpty, $0.left.isEmpty { return false }
            let key = topic.processHash
            $0.left[key] = nil
            guard let end = $0.ends.removeValue(forKey: key), isExpiry, $0.isVersion5, !$0.keepsAll,
                end <= now.advanced(by: Self.slack)
            else { return false }
            if $0.left.count >= Self.limit { $0.left = [:] }
            $0.left[key] = max(now, end).advanced(by: Self.slack)
            return true
        }
    }

    /// The broker was read back, and a value has to be deleted that should not be there.
    func wasKept(_ topic: RawSpan, now: MonotonicInstant) {
        state.withLock {
            if !$0.left.isEmpty, let due = $0.left[topic.processHash], due <= now { $0.keepsAll = true }
        }
    }

    /// Moves out whether a connection has left something to the broker for the first time, or by mistake: it is to be read back whether that
    /// is gone.
    func takeCheck() -> Bool {
        state.withLock {
            if $0.needsCheck {
                $0.needsCheck = false
                return true
            }
            guard !$0.left.isEmpty, !$0.isChecked, !$0.keepsAll else { return false }
            $0.isChecked = true
            return true
        }
    }
}
