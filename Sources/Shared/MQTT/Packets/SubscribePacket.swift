/// SUBSCRIBE or UNSUBSCRIBE (§3.8, §3.10).
///
/// ```text
/// │ packet identifier:2 │ property length:1 = 0 (MQTT 5) │ filter, options:1 (SUBSCRIBE) │ … │
///   options: 5–4 retain handling, 3 retain as published, 2 no local (all MQTT 5), 1–0 QoS
/// ```
public enum SubscribePacket {
    /// Appends a SUBSCRIBE.
    public static func encode(
        _ filters: [Subscription], packetIdentifier: UInt16, version: ProtocolVersion, into bytes: inout [UInt8]
    ) {
        var body = beginning(packetIdentifier, version)
        for subscription in filters {
            body.append(lengthPrefixed: subscription.filter.utf8.span.bytes)
            body.append(subscription.options(version))
        }
        finish(.subscribe, body, &bytes)
    }

    /// Appends an UNSUBSCRIBE.
    public static func encode(
        unsubscribing filters: [String], packetIdentifier: UInt16, version: ProtocolVersion, into bytes: inout [UInt8]
    ) {
        var body = beginning(packetIdentifier, version)
        for filter in filters { body.append(lengthPrefixed: filter.utf8.span.bytes) }
        finish(.unsubscribe, body, &bytes)
    }

    /// The length of the packet that these filters would make, of `optionBytes` (1 for SUBSCRIBE, else 0) each.
    static func packetBytes(_ filters: [String], optionBytes: Int, version: ProtocolVersion) -> Int {
        let body = filters.reduce(version == .v5 ? 3 : 2) { $0 + 2 + $1.utf8.count + optionBytes }
        return 1 + body.variableByteCount + body
    }

    private static func beginning(_ packetIdentifier: UInt16, _ version: ProtocolVersion) -> [UInt8] {
        var body: [UInt8] = []
        body.append(bigEndian: packetIdentifier)
        if version == .v5 { body.append(0) }
        return body
    }

    private static func finish(_ type: PacketType, _ body: [UInt8], _ bytes: inout [UInt8]) {
        bytes.append(type.rawValue << 4 | (type.requiredFlags ?? 0))
        bytes.append(variableByteInteger: body.count)
        bytes.append(span: body.span.bytes)
    }
}

extension Subscription {
    fileprivate func options(_ version: ProtocolVersion) -> UInt8 {
        guard version == .v5 else { return qos.rawValue }
        return qos.rawValue | (noLocal ? 4 : 0) | (retainAsPublished ? 8 : 0) | retainHandling.rawValue << 4
    }
}
