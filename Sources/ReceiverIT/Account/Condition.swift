public import Time

/// How a part of the pair is: the link, the sender, a broker.
public struct Condition: Sendable, Hashable {
    /// nil: nobody here knows.
    public let state: LinkState?
    /// When that began; nil where nobody knows.
    public let since: UnixMilliseconds?
    /// Why it is not well, or what it cannot do; empty while there is nothing to say.
    public let reason: String

    public init(_ state: LinkState?, since: UnixMilliseconds?, reason: String) {
        self.state = state
        self.since = since
        self.reason = reason
    }
}
