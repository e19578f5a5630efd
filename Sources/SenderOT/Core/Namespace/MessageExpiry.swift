internal import DiodeProtocol
internal import MQTTProtocol
internal import Time

/// When a message ends by its message expiry interval (MQTT 5 §3.3.2.3.3).
///
/// The OT broker drops a retained value that has ended, and tells nobody. The carousel comes across it within a round and makes a numbered
/// deletion of it, so that both namespaces stay the same (ADR 0018).
enum MessageExpiry {
    /// The properties of a deletion that is made of a value that has ended (WIRE §6.1): an interval of 0. A broker forwards no such message.
    static let isOver: [UInt8] = [PropertyID.messageExpiryInterval.rawValue, 0, 0, 0, 0]

    /// - Returns: nil if the message never ends.
    static func deadline(of properties: RawSpan, received: UnixMilliseconds) -> UnixMilliseconds? {
        var reader = PropertyReader(properties)
        while !reader.isAtEnd {
            // Nothing is kept that was not checked when it came.
            guard let property = try? reader.next() else { return nil }
            if property.id == .messageExpiryInterval {
                return UnixMilliseconds(rawValue: received.rawValue + UInt64(property.number) * 1_000)
            }
        }
        return nil
    }

    /// The list without the interval, which a broker counts down.
    static func withoutInterval(_ properties: RawSpan) -> [UInt8] {
        var rest: [UInt8] = []
        var reader = PropertyReader(properties)
        while !reader.isAtEnd {
            guard let property = try? reader.next() else { return rest }
            if property.id != .messageExpiryInterval {
                property.encoded.withUnsafeBytes { rest.append(contentsOf: $0) }
            }
        }
        return rest
    }
}

extension NamespaceSlots.Value {
    private var properties: RawSpan {
        @_lifetime(borrow self) get { content.span.bytes.extracting(0..<propertiesBytes) }
    }

    /// When it ends; nil if never.
    var deadline: UnixMilliseconds? {
        propertiesBytes == 0 || state != .held ? nil : MessageExpiry.deadline(of: properties, received: time)
    }

    /// Whether this is the same message with a part of its time gone by: a fetched value bears what is left of its interval.
    /// - Parameter received: when the other one came.
    func isEqual(to other: borrowing NamespaceSlots.Content, received: UnixMilliseconds) -> Bool {
        if isEqual(to: other) { return true }
        guard state == .held, qos == other.qos, content.count == other.byteCount,
            let deadline, let later = MessageExpiry.deadline(of: other.properties, received: received),
            later.rawValue <= deadline.rawValue + Self.deadlineSlack
        else { return false }
        let payload = content.span.bytes.extracting(propertiesBytes..<content.count)
        guard payload.isEqual(to: other.payload) else { return false }
        return MessageExpiry.withoutInterval(properties) == MessageExpiry.withoutInterval(other.properties)
    }

    /// Brokers count whole seconds, and the message was on its way twice.
    private static let deadlineSlack: UInt64 = 2_000
}
