/// Everything that a `Connection` is told once. Every knob has a default but the server.
public struct ConnectionSettings: Sendable {
    /// Name or literal address (IPv6 without brackets), and port.
    public var host: String
    public var port: UInt16
    /// Nil: plain TCP.
    public var tls: TLSSettings?
    /// Other servers with the same data, tried in turn after the first one.
    public var alternatives: [Server] = []

    /// A name or literal address (IPv6 without brackets), and a port.
    public struct Server: Sendable, Hashable {
        public let host: String
        public let port: UInt16

        public init(host: String, port: UInt16) {
            self.host = host
            self.port = port
        }
    }

    /// Why there is no password, in one line.
    public struct PasswordFault: Error, Sendable {
        public let reason: String
        public init(_ reason: String) { self.reason = reason }
    }

    /// All servers, in the order in which they are tried.
    public var servers: [Server] { [Server(host: host, port: port)] + alternatives }

    /// At most 65,535 bytes; empty lets the server assign one (which is then kept for reconnections).
    public var clientIdentifier = ""
    public var version = VersionPolicy.automatic
    public var username: String?
    /// Any bytes; kept in memory as long as the connection, since every reconnection needs it.
    public var password: [UInt8]?
    /// Gives the password of now, at each dial, so that a renewed file is taken up; nil: `password` stays.
    public var passwordSource: (@Sendable () throws(PasswordFault) -> [UInt8])?
    /// Published by the server when this connection ends without a goodbye.
    public var will: Will?

    /// True: every connection starts with an empty session. False: it resumes the server's if there is one.
    public var cleanStart = true
    /// How long the server keeps the session after a connection ends, in whole seconds; `UInt32.max` seconds and
    /// more mean for ever. MQTT 3.1.1 knows only zero (a clean session) and for ever.
    public var sessionExpiry = Duration.zero
    /// Longest silence either way before a ping, in whole seconds, 1…65,535 s. A server may demand less.
    public var keepAlive = Duration.seconds(30)

    /// How many QoS 1 and 2 deliveries may wait for acknowledgement, 1…65,535. Bounds the table of deliveries
    /// (16 bytes each, and some 20 for a QoS 2 delivery until it is released). MQTT 3.1.1 cannot announce it; the table is
    /// bounded at 65,535 there.
    public var receiveMaximum: UInt16 = 65_535
    /// Largest packet that is kept in memory, in bytes, 256…268,435,460; bounds the receive buffer. A larger message is read to its end and
    /// not kept: what is told of it is that it came (`InboundMessage.Loss`). The server is not told, since it may then leave such a message out
    /// without a word [MQTT-3.1.2-25]. A larger packet of another type ends the connection (reason 0x95).
    public var keptPacketBytes = 4 << 20
    /// How many topic aliases the server may set; each costs one topic (≤ 65,535 bytes). 0 forbids them. Messages above `keptPacketBytes`
    /// set no alias and cannot use one.
    public var topicAliasMaximum: UInt16 = 0

    /// How many publishes may be unsettled at once, per class (QoS 0; QoS 1 and 2), 1…65,535; the server's Receive
    /// Maximum may lower it for QoS 1 and 2. Each unsettled QoS 1 or 2 publish keeps its packet in memory.
    public var publishWindow = 1_024
    /// How many packet identifiers, from 1 on, the user gives to QoS 2 publishes by itself, at most 32,768: such a publish is held until the
    /// user releases it, and can go on in a later process, on a session that the server has kept (`HeldPublishes`).
    public var heldIdentifiers: UInt16 = 0
    /// How many publishes may wait for the window, and how many bytes of them. At either limit `publish` refuses.
    public var publishQueueMessages = 10_000
    public var publishQueueBytes = 64 << 20

    /// For each address: until TCP and TLS stand.
    public var connectTimeout = Duration.seconds(10)
    /// Until CONNACK comes; until a server that owes a PINGRESP says anything; until a write makes progress.
    public var responseTimeout = Duration.seconds(10)
    /// Until a publish, subscription or unsubscription is answered by a server that answers pings.
    public var acknowledgementTimeout = Duration.seconds(60)
    /// Pause before a reconnection: doubles from minimum to maximum, then times a random factor of 0.5…1.
    public var reconnectMinimum = Duration.milliseconds(250)
    public var reconnectMaximum = Duration.seconds(30)

    public init(host: String, port: UInt16, tls: TLSSettings? = nil) {
        self.host = host
        self.port = port
        self.tls = tls
    }
}
