/// What a session has to tell its user; filled by its methods, shown as an `InboundBatch`, cleared and filled again.
///
/// Bounded by what one read of the server can hold, and by the windows of publishes and subscriptions.
public struct SessionEvents: Sendable {
    var records: [InboundRecord] = []
    /// See `InboundBatch`.
    var copies: [UInt8] = []
    var faults = FaultTally()
    /// Some bytes of a large packet have come, so that whoever waits for the server knows that it is busy.
    var hasPart = false
    public package(set) var settlements: [Settlement] = []
    public package(set) var subscriptions: [SubscriptionResult] = []
    /// Set by a CONNACK that said yes.
    public package(set) var grant: ServerGrant?

    public init() {}

    /// Keeps bytes that are not told as they lie in the receive buffer.
    mutating func keep(_ bytes: RawSpan) -> InboundRecord.Piece {
        defer { copies.append(span: bytes) }
        return InboundRecord.Piece(offset: UInt32(copies.count), count: UInt32(bytes.byteCount))
    }

    /// How many messages there are.
    public var messageCount: Int { records.count }

    public var isEmpty: Bool { grant == nil && hasOnlyGrant }

    /// Nothing that a batch would show.
    package var hasOnlyGrant: Bool {
        records.isEmpty && settlements.isEmpty && subscriptions.isEmpty && faults.isEmpty && !hasPart
    }

    /// Forgets everything and keeps the memory.
    public mutating func clear() {
        records.removeAll(keepingCapacity: true)
        copies.removeAll(keepingCapacity: true)
        if !faults.isEmpty { faults.removeAll() }
        hasPart = false
        settlements.removeAll(keepingCapacity: true)
        subscriptions.removeAll(keepingCapacity: true)
        grant = nil
    }

    /// - Parameter bytes: what was given to `Session.receive` since the last `clear`.
    @_lifetime(borrow self, copy bytes)
    public func batch(bytes: RawSpan, version: ProtocolVersion) -> InboundBatch {
        InboundBatch(
            bytes: bytes, copies: copies.span.bytes, records: records.span, version: version,
            settlements: settlements.span, subscriptions: subscriptions.span, faults: faults)
    }
}
