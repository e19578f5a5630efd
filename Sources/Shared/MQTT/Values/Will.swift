/// The message that a server publishes for a client that vanished (MQTT 5 §3.1.2.5).
public struct Will: Sendable {
    public var topic: String
    public var payload: [UInt8]
    public var qos: QoS
    public var retain: Bool
    /// Encoded properties, see `PropertyWriter`; left out on MQTT 3.1.1.
    public var properties: [UInt8]

    public init(
        topic: String, payload: [UInt8], qos: QoS = .atLeastOnce, retain: Bool = false, properties: [UInt8] = []
    ) {
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.retain = retain
        self.properties = properties
    }
}

extension Will {
    private static let properties: PropertyID.Set = [
        .willDelayInterval, .payloadFormatIndicator, .messageExpiryInterval, .contentType, .responseTopic,
        .correlationData, .userProperty,
    ]

    var isValid: Bool {
        guard UTF8Rules.isTopicName(topic.utf8.span.bytes), payload.count <= 65_535 else { return false }
        do throws(CodecError) {
            try Self.properties.validate(properties.span.bytes)
            return true
        } catch {
            return false
        }
    }
}
