package import Account
package import DiodeProtocol
package import ReceiverITCore
package import Time

/// How a link was when it was last looked at: stored about once a second, for the audit and for the next start.
package struct LinkVitals: Sendable, Equatable {
    package var at: UnixMilliseconds
    package var state: LinkState
    var since: UnixMilliseconds
    package var reason: String
    package var heardUntil: UnixMilliseconds?
    package var clockOffsetMilliseconds: ClosedRange<Int64>?
    package var beat: Beat?
    /// How the beat came; nil before one was heard.
    package var form: WireForm?
    /// Over all starts.
    package var counters: ReceiverCounters
    /// Since the start.
    package var paths: [PathReport]

    package init(
        at: UnixMilliseconds, state: LinkState, since: UnixMilliseconds, reason: String,
        heardUntil: UnixMilliseconds? = nil, clockOffsetMilliseconds: ClosedRange<Int64>? = nil, beat: Beat? = nil,
        form: WireForm? = nil, counters: ReceiverCounters, paths: [PathReport] = []
    ) {
        self.at = at
        self.state = state
        self.since = since
        self.reason = reason
        self.heardUntil = heardUntil
        self.clockOffsetMilliseconds = clockOffsetMilliseconds
        self.beat = beat
        self.form = form
        self.counters = counters
        self.paths = paths
    }
}

extension WireForm {
    private static let sealedBit: Int64 = 256

    /// As it stands in the column `wire`: the version, and 256 more if it was sealed.
    var stored: Int64 { Int64(version) | (isSealed ? Self.sealedBit : 0) }

    /// nil for 0: none was heard.
    init?(stored number: Int64) {
        guard number != 0 else { return nil }
        self.init(version: UInt8(truncatingIfNeeded: number), isSealed: number & Self.sealedBit != 0)
    }
}
