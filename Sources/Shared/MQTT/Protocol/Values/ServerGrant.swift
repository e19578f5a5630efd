/// What a server granted in CONNACK (MQTT 5 §3.2.2). For MQTT 3.1.1 the limits are the protocol's.
public struct ServerGrant: Sendable, Equatable {
    /// The version spoken; below the wanted one after a fallback (`VersionPolicy.automatic`).
    public var version: ProtocolVersion
    /// Whether the server still had our session. If not, subscriptions are gone too.
    public var sessionPresent: Bool
    /// Who granted it: host and port as the settings name them. Empty before the connection has told.
    public var server = ""
    /// The identifier in use: ours, or the one that the server assigned.
    public var clientIdentifier: String
    /// How many QoS 1 and 2 publishes the server takes unanswered.
    public var receiveMaximum: UInt16 = 65_535
    /// Publishes of a higher QoS are sent at this one.
    public var maximumQoS = QoS.exactlyOnce
    /// False: retained publishes are settled as refused (0x9A).
    public var retainAvailable = true
    /// Largest packet that the server takes, in bytes.
    public var maximumPacketBytes = PacketHeader.largestPacketBytes
    /// How many topic aliases the server would take. We set none.
    public var topicAliasMaximum: UInt16 = 0
    public var wildcardsAvailable = true
    public var sharedSubscriptionsAvailable = true
    public var subscriptionIdentifiersAvailable = true
    /// In force: the server's demand or else ours, in seconds; 0 is none.
    public var keepAliveSeconds: UInt16
    /// In force, in seconds; 0xFFFF_FFFF is for ever.
    public var sessionExpirySeconds: UInt32

    public init(
        version: ProtocolVersion, sessionPresent: Bool, clientIdentifier: String, keepAliveSeconds: UInt16,
        sessionExpirySeconds: UInt32
    ) {
        self.version = version
        self.sessionPresent = sessionPresent
        self.clientIdentifier = clientIdentifier
        self.keepAliveSeconds = keepAliveSeconds
        self.sessionExpirySeconds = sessionExpirySeconds
    }
}
