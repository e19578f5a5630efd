internal import Collections

/// The QoS 1 and 2 messages that the server awaits an answer for, from delivery to acknowledgement (§4.3, §4.6).
///
/// ```text
///  QoS 1:  delivered ──acknowledge──▶ PUBACK
///  QoS 2:  delivered ──acknowledge──▶ PUBREC ─▶ unreleased ──PUBREL──▶ PUBCOMP
/// ```
///
/// Acknowledgements leave in the order of the deliveries [MQTT-4.6.0-2, -3]: one that comes early waits in `ring`.
/// When a connection ends, what was not answered moves to `carried`; the server sends it again, marked as duplicate.
/// One that the user has is then not delivered again, marked or not: the server cannot have used its packet identifier for another
/// one, since it got no answer [MQTT-2.2.1-3]. The same holds for what a server sends twice over one connection.
///
/// A server must not use an identifier again before its handshake is over, but mosquitto 2.0 counts on through all 65,535 and does
/// not look: where thousands of QoS 2 messages are under way it gives another message the identifier of one whose PUBREL still
/// waits in its queue. Told apart by content, that one is delivered too. Whatever differs is another message.
///
/// Invariant: `ring` holds the deliveries `base ..< next` of this connection, and ring.count + unreleased.count ≤ limit: where it
/// would be more, the server has forgotten handshakes, and the oldest is forgotten here.
struct InboundDeliveries: Sendable {
    private struct Entry: Sendable {
        var packetIdentifier: UInt16
        var qos: QoS
        var isAcknowledged: Bool
        /// A hash of topic and payload, good within this process.
        var content: Int
    }

    /// A delivery of an earlier connection that was not answered there.
    private struct Carried: Sendable {
        var delivery: UInt64
        var qos: QoS
        var isAcknowledged: Bool
        var content: Int
    }

    /// What to do with a message that has come.
    enum Arrival: Equatable {
        case deliver(DeliveryID)
        /// The user has it already.
        case repeated
    }

    /// How many messages may be unanswered.
    let limit: Int
    private var ring = Ring<Entry>()
    private var base: UInt64 = 1
    /// The contents in the ring, by packet identifier.
    private var waiting: [UInt16: Int] = [:]
    private var unreleased = UnreleasedMessages()
    /// Identifiers that the server used again before it had sent PUBREL, which may still come.
    private var reused: Set<UInt16> = []
    private var carried: [UInt16: Carried] = [:]
    /// Deliveries of an earlier connection that came again as another one of this connection: old to new.
    private var rebound: [UInt64: UInt64] = [:]

    init(limit: Int) { self.limit = limit }

    /// How many messages wait for an answer.
    var unanswered: Int { ring.count + unreleased.count }

    private var next: UInt64 { base + UInt64(ring.count) }

    /// A network connection has begun.
    mutating func open(sessionPresent: Bool) {
        guard !sessionPresent else { return }
        carried.removeAll()
        unreleased.removeAll()
        reused.removeAll()
    }

    /// The network connection has ended.
    mutating func close() {
        var original: [UInt64: UInt64] = [:]
        for (old, current) in rebound { original[current] = old }
        for position in 0..<ring.count {
            let entry = ring[position]
            let delivery = base + UInt64(position)
            carried[entry.packetIdentifier] = Carried(
                delivery: original[delivery] ?? delivery, qos: entry.qos, isAcknowledged: entry.isAcknowledged,
                content: entry.content)
        }
        base = next
        ring.removeAll()
        waiting.removeAll(keepingCapacity: true)
        rebound.removeAll()
    }

    /// Takes note of a PUBLISH. Answers that are due at once are appended to `output`.
    /// - Parameter content: a hash of topic and payload.
    mutating func arrive(
        packetIdentifier: UInt16, qos: QoS, content: Int, version: ProtocolVersion, output: inout [UInt8]
    ) throws(SessionError) -> Arrival {
        if qos == .exactlyOnce {
            switch unreleased[packetIdentifier] {
            case content:
                AcknowledgementPacket(.pubrec, packetIdentifier: packetIdentifier)
                    .encode(into: &output, version: version)
                return .repeated
            case .some:
                _ = unreleased.remove(packetIdentifier)
                reused.insert(packetIdentifier)
            case nil: break
            }
        }
        // Its answer comes when the user acknowledges.
        if waiting[packetIdentifier] == content { return .repeated }
        if unanswered == limit { unreleased.removeOldest() }
        guard unanswered < limit else { throw .violation(.receiveMaximumExceeded(packetIdentifier)) }
        let delivery = next
        var known: Carried?
        if !carried.isEmpty { known = carried.removeValue(forKey: packetIdentifier) }
        ring.append(Entry(packetIdentifier: packetIdentifier, qos: qos, isAcknowledged: false, content: content))
        waiting[packetIdentifier] = content
        guard let known, known.qos == qos, known.content == content else {
            return .deliver(DeliveryID(rawValue: delivery))
        }
        if known.isAcknowledged {
            acknowledge(DeliveryID(rawValue: delivery), version: version, output: &output)
            return .repeated
        }
        rebound[known.delivery] = delivery
        return .repeated
    }

    /// The user is done with a delivery. One of an earlier connection is remembered until the server sends it again.
    mutating func acknowledge(_ delivery: DeliveryID, version: ProtocolVersion, output: inout [UInt8]) {
        precondition(delivery.rawValue < next, "delivery \(delivery.rawValue) was never made")
        if delivery.rawValue >= base {
            mark(delivery.rawValue)
        } else if let current = rebound.removeValue(forKey: delivery.rawValue) {
            mark(current)
        } else {
            markCarried { $0.delivery == delivery.rawValue }
        }
        flush(version, &output)
    }

    /// The same for every delivery up to and including `last`.
    mutating func acknowledge(through last: DeliveryID, version: ProtocolVersion, output: inout [UInt8]) {
        precondition(last.rawValue < next, "delivery \(last.rawValue) was never made")
        markCarried { $0.delivery <= last.rawValue }
        for (old, current) in rebound where old <= last.rawValue {
            mark(current)
            rebound[old] = nil
        }
        if last.rawValue >= base {
            for delivery in base...last.rawValue { mark(delivery) }
        }
        flush(version, &output)
    }

    /// PUBREL has come.
    /// - Returns: false if its PUBREC was not sent yet. That one is still to come, and with it another PUBREL.
    mutating func release(_ packetIdentifier: UInt16, version: ProtocolVersion, output: inout [UInt8]) -> Bool {
        let isKnown = reused.remove(packetIdentifier) != nil || unreleased.remove(packetIdentifier)
        guard isKnown || waiting[packetIdentifier] == nil else { return false }
        // Not known: a session that outlived this process; the server may then forget it too (§3.7.2.1).
        let reason: ReasonCode = isKnown ? .success : .packetIdentifierNotFound
        carried[packetIdentifier] = nil
        AcknowledgementPacket(.pubcomp, packetIdentifier: packetIdentifier, reason: reason)
            .encode(into: &output, version: version)
        return true
    }

    private mutating func mark(_ delivery: UInt64) {
        guard delivery >= base else { return }
        ring[Int(delivery - base)].isAcknowledged = true
    }

    private mutating func markCarried(_ isMeant: (Carried) -> Bool) {
        guard !carried.isEmpty else { return }
        for (identifier, entry) in carried where isMeant(entry) { carried[identifier]?.isAcknowledged = true }
    }

    private mutating func flush(_ version: ProtocolVersion, _ output: inout [UInt8]) {
        while let entry = ring.first, entry.isAcknowledged {
            ring.popFirst()
            base += 1
            if waiting[entry.packetIdentifier] == entry.content { waiting[entry.packetIdentifier] = nil }
            let isQoS2 = entry.qos == .exactlyOnce
            if isQoS2 {
                unreleased.insert(entry.packetIdentifier, content: entry.content)
            }
            AcknowledgementPacket(isQoS2 ? .pubrec : .puback, packetIdentifier: entry.packetIdentifier)
                .encode(into: &output, version: version)
        }
    }
}
