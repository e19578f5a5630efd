internal import Collections

/// Our requests that the server has not answered yet: publishes of QoS 1 and 2, subscriptions, unsubscriptions.
///
/// ```text
///  PUBLISH 1 ─▶ puback ─▶ settled                       SUBSCRIBE ─▶ suback ─▶ settled
///  PUBLISH 2 ─▶ pubrec ─▶ PUBREL ─▶ pubcomp ─▶ settled
/// ```
///
/// The ring is in the order of first sending. Packet identifiers are its positions: the request with serial number *n*
/// has identifier *n* mod (65,535 − *k*) + *k* + 1, so that no table is needed to find it; the *k* below are the user's own
/// (``HeldPublishes``). On a resumed session what is unsettled is sent again, in order, as far as the window allows (§4.4, §4.9).
///
/// Invariant: publishes on the wire ≤ window, those of QoS 2 ≤ exactlyOnceWindow; ring.count < 65,535 − *k*.
package struct OutboundWindow: Sendable {
    enum Awaiting: Sendable, Equatable {
        case puback
        case pubrec
        case pubcomp
        case suback(filters: Int)
        case unsuback(filters: Int)
        /// Answered, but not yet at the front of the ring.
        case nothing
    }

    struct Request: Sendable {
        /// The publisher's token, or the number of a `SubscriptionRequest`.
        var token: UInt64
        var awaiting: Awaiting
        /// The PUBLISH as it was sent, while it may have to be sent again.
        var packet: [UInt8]
        /// Position among everything sent on this connection; proves what came before it (see `UnconfirmedSends`).
        var order: UInt64 = 0
        var sentAt = Duration.zero
        /// On the wire of this connection.
        var isSent = false

        var isExactlyOnce: Bool { awaiting == .pubrec || awaiting == .pubcomp }
        var isPublish: Bool { awaiting == .puback || isExactlyOnce }
    }

    /// Publishes under identifiers of the user's choice.
    var held = HeldPublishes()
    /// Identifiers 1…`heldIdentifiers` are the user's.
    private let heldIdentifiers: Int
    private var identifiers: Int { 65_535 - heldIdentifiers }
    private var maximumSpan: Int { identifiers - 1 }

    private(set) var ring = Ring<Request>()
    private var base: UInt64 = 0
    /// Position in `ring` of the first request that has to be sent again; the ring's end when there is none.
    private var resend = 0
    /// Publishes sent on this connection and not settled, and those of QoS 2 among them.
    package private(set) var onWire = 0
    private var exactlyOnceOnWire = 0
    /// Publishes not settled, sent on this connection or not.
    private(set) var unsettled = 0
    var window = 0
    /// A server of MQTT 3.1.1 cannot say how many QoS 2 publishes it takes. Mosquitto discards what is above its
    /// `max_inflight_messages` (20 by default) and acknowledges it all the same, since 3.1.1 has no reason codes.
    static let exactlyOnceWindow3 = 20
    var exactlyOnceWindow = 0

    init(heldIdentifiers: UInt16 = 0) {
        self.heldIdentifiers = min(Int(heldIdentifiers), 32_768)
    }

    /// Whether the user chooses this identifier.
    func isHeld(_ identifier: UInt16) -> Bool { identifier > 0 && Int(identifier) <= heldIdentifiers }

    /// Something has to be sent again before anything new may be sent.
    var isResending: Bool { resend < ring.count }

    /// Whether one more request has a packet identifier; subscriptions need no more than that.
    var hasIdentifier: Bool { !isResending && ring.count < maximumSpan }

    /// Whether a publish of this QoS (1 or 2) may be sent now.
    func hasRoom(_ qos: QoS) -> Bool { hasIdentifier && fits(isExactlyOnce: qos == .exactlyOnce) }

    private func fits(isExactlyOnce: Bool) -> Bool {
        onWire + held.count < window
            && !(isExactlyOnce && exactlyOnceOnWire + held.count >= exactlyOnceWindow)
    }

    /// Whether a publish under an identifier of the user's may be sent now.
    var hasRoomToHold: Bool { !isResending && fits(isExactlyOnce: true) }

    /// The oldest request on the wire: how long the server has been owing an answer.
    var oldestSentAt: Duration? {
        let first = ring.first.flatMap { $0.isSent ? $0.sentAt : nil }
        return earlier(first, held.oldestSentAt)
    }

    /// The identifier that the next request gets.
    var nextIdentifier: UInt16 { identifier(base + UInt64(ring.count)) }

    private func identifier(_ serial: UInt64) -> UInt16 {
        UInt16(heldIdentifiers) + UInt16(serial % UInt64(identifiers)) + 1
    }

    /// Takes a request that has just been sent with `nextIdentifier`.
    mutating func append(_ request: Request) {
        precondition(hasIdentifier, "no packet identifier is free")
        ring.append(request)
        resend = ring.count
        if request.isPublish {
            unsettled += 1
            count(request, 1)
        }
    }

    /// The position of the request with this identifier that still awaits something.
    func position(of identifier: UInt16) -> Int? {
        let offset = Int(identifier) - 1 - heldIdentifiers
        guard offset >= 0 else { return nil }
        let position = (offset + identifiers - Int(base % UInt64(identifiers))) % identifiers
        guard position < ring.count, ring[position].awaiting != .nothing, ring[position].isSent else { return nil }
        return position
    }

    /// PUBREC has come: the message is the server's, its release is under way.
    mutating func received(at position: Int) {
        ring[position].awaiting = .pubcomp
        ring[position].packet = []
    }

    /// The request is answered.
    /// - Returns: the request as it was.
    @discardableResult
    mutating func settle(at position: Int) -> Request {
        let request = ring[position]
        if request.isPublish {
            unsettled -= 1
            if request.isSent { count(request, -1) }
        }
        ring[position].awaiting = .nothing
        ring[position].packet = []
        dropAnswered()
        return request
    }

    private mutating func count(_ request: Request, _ step: Int) {
        onWire += step
        if request.isExactlyOnce { exactlyOnceOnWire += step }
    }

    private mutating func dropAnswered() {
        while let first = ring.first, first.awaiting == .nothing {
            ring.popFirst()
            base += 1
            resend = max(0, resend - 1)
        }
    }

    /// The network connection has ended. Publishes stay; subscriptions are given back.
    mutating func close() -> [Request] {
        var lost: [Request] = []
        for position in 0..<ring.count {
            ring[position].isSent = false
            if !ring[position].isPublish, ring[position].awaiting != .nothing {
                lost.append(ring[position])
                ring[position].awaiting = .nothing
            }
        }
        onWire = 0
        exactlyOnceOnWire = 0
        resend = 0
        dropAnswered()
        return lost
    }

    /// The session is gone: everything is given back, oldest first.
    mutating func abandon() -> [Request] {
        var lost: [Request] = []
        while let request = ring.popFirst() {
            base += 1
            if request.awaiting != .nothing { lost.append(request) }
        }
        onWire = 0
        exactlyOnceOnWire = 0
        unsettled = 0
        resend = 0
        return lost
    }

    /// The next request to send again, if the window has room.
    mutating func nextResend() -> (position: Int, identifier: UInt16)? {
        while resend < ring.count {
            guard ring[resend].awaiting != .nothing else {
                resend += 1
                continue
            }
            guard fits(isExactlyOnce: ring[resend].isExactlyOnce) else { return nil }
            defer { resend += 1 }
            return (resend, identifier(base + UInt64(resend)))
        }
        return nil
    }

    /// The request from `nextResend` was sent again.
    mutating func resent(at position: Int, order: UInt64, now: Duration) {
        ring[position].isSent = true
        ring[position].order = order
        ring[position].sentAt = now
        count(ring[position], 1)
    }
}
