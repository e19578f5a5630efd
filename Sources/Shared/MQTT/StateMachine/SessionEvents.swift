/// What a session has to tell its user; filled by its methods, shown as an `InboundBatch`, cleared and filled again.
///
/// Bounded by what one read of the server can hold, and by the windows of publishes and subscriptions.
public struct SessionEvents: Sendable {
    var records: [InboundRecord] = []
    var aliasedTopics: [UInt8] = []
    public internal(set) var settlements: [Settlement] = []
    public internal(set) var subscriptions: [SubscriptionResult] = []
    /// Set by a CONNACK that said yes.
    public internal(set) var grant: ServerGrant?

    public init() {}

    /// How many messages there are.
    public var messageCount: Int { records.count }

    public var isEmpty: Bool { grant == nil && hasOnlyGrant }

    /// Nothing that a batch would show.
    var hasOnlyGrant: Bool { records.isEmpty && settlements.isEmpty && subscriptions.isEmpty }

    /// Forgets everything and keeps the memory.
    public mutating func clear() {
        records.removeAll(keepingCapacity: true)
        aliasedTopics.removeAll(keepingCapacity: true)
        settlements.removeAll(keepingCapacity: true)
        subscriptions.removeAll(keepingCapacity: true)
        grant = nil
    }

    /// - Parameter bytes: what was given to `Session.receive` since the last `clear`.
    @_lifetime(borrow self, copy bytes)
    public func batch(bytes: RawSpan, version: ProtocolVersion) -> InboundBatch {
        InboundBatch(
            bytes: bytes, aliasedTopics: aliasedTopics.span.bytes, records: records.span, version: version,
            settlements: settlements.span, subscriptions: subscriptions.span)
    }
}
