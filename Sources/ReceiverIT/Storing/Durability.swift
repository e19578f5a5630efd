public import Account
internal import DiodeProtocol
internal import Threading
public import Time

/// Whether what the receiver accepts outlives it, since when, and why not.
public struct Durability: Sendable, Equatable {
    public internal(set) var isDurable: Bool
    public internal(set) var since: UnixMilliseconds
    /// Empty while it is.
    public internal(set) var reason: String
    /// Why the disk may not take what comes next; nil while there is room.
    public internal(set) var disk: Condition?
}

/// Where the store thread and the thread that syncs say so.
final class DurabilityBoard: Sendable {
    private struct State: Sendable {
        var shown: Durability
        /// Why transactions fail, and why the log cannot be synced.
        var commitFault: String?
        var syncFault: String?
    }

    private let state: Lock<State>

    init(time: UnixMilliseconds) {
        state = Lock(
            State(
                shown: Durability(isDurable: true, since: time, reason: "", disk: nil), commitFault: nil, syncFault: nil
            ))
    }

    var shown: Durability { state.withLock { $0.shown } }

    /// - Returns: what is shown now if that is another state than before.
    @discardableResult
    func noteCommit(fault: String?, time: UnixMilliseconds) -> Durability? {
        note(time) { $0.commitFault = fault }
    }

    @discardableResult
    func noteSync(fault: String?, time: UnixMilliseconds) -> Durability? {
        note(time) { $0.syncFault = fault }
    }

    /// - Parameter trouble: why the disk may not take what comes next; nil while there is room.
    /// - Returns: what is shown now if that has begun or is over.
    func noteDisk(_ trouble: String?, time: UnixMilliseconds) -> Durability? {
        state.withLock { state in
            let known = state.shown.disk
            state.shown.disk = trouble.map { Condition(.degraded, since: known?.since ?? time, reason: $0) }
            return (known == nil) == (trouble == nil) ? nil : state.shown
        }
    }

    private func note(_ time: UnixMilliseconds, _ change: @Sendable (inout State) -> Void) -> Durability? {
        state.withLock { state in
            change(&state)
            let reason = state.commitFault ?? state.syncFault
            let isNews = state.shown.isDurable != (reason == nil)
            if isNews { state.shown.since = time }
            state.shown.isDurable = reason == nil
            state.shown.reason = reason ?? ""
            return isNews ? state.shown : nil
        }
    }
}
