/// Now, as two clocks tell it; the room has none of its own.
public struct Moment: Sendable, Hashable {
    /// Since some fixed instant of this process; never goes back.
    public var sinceStart: Duration
    /// Unix time in milliseconds, for the timestamps of payloads that the room makes itself.
    public var unixMilliseconds: UInt64

    public init(sinceStart: Duration, unixMilliseconds: UInt64) {
        self.sinceStart = sinceStart
        self.unixMilliseconds = unixMilliseconds
    }
}
