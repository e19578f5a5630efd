public import DiodeProtocol

extension SenderCore {
    /// One message from the OT broker, as views.
    public struct Publication: ~Escapable, Sendable {
        /// A valid topic name.
        public let topic: RawSpan
        public let payload: RawSpan
        /// End-to-end properties in their MQTT 5 encoding, without length prefix.
        public let properties: RawSpan
        public let qos: QualityOfService
        public let retain: Bool

        @_lifetime(copy topic, copy payload, copy properties)
        public init(
            topic: RawSpan, payload: RawSpan, properties: RawSpan = RawSpan(), qos: QualityOfService, retain: Bool
        ) {
            self.topic = topic
            self.payload = payload
            self.properties = properties
            self.qos = qos
            self.retain = retain
        }

        /// The deletion of a retained value.
        /// - Parameter properties: `MessageExpiry.isOver` if it has expired.
        @_lifetime(copy topic, copy properties)
        init(deleting topic: RawSpan, properties: RawSpan) {
            self.topic = topic
            payload = RawSpan()
            self.properties = properties
            qos = .atLeastOnce
            retain = true
        }

        /// The same without the retain flag.
        var asEvent: Publication {
            @_lifetime(copy self) get {
                Publication(topic: topic, payload: payload, properties: properties, qos: qos, retain: false)
            }
        }

        /// The same under another name.
        @_lifetime(copy self, copy topic)
        func renamed(_ topic: RawSpan) -> Publication {
            Publication(topic: topic, payload: payload, properties: properties, qos: qos, retain: retain)
        }
    }

    /// A message from the OT broker whose content could not be taken.
    public struct LostPublication: ~Escapable, Sendable {
        public enum Reason: Sendable, Hashable {
            /// It is larger than what the client keeps.
            case oversize
            /// Its packet breaks MQTT.
            case malformed
        }

        /// A topic name; of a malformed message any bytes, as far as there are some that were meant as its topic.
        public let topic: RawSpan
        public let reason: Reason
        /// 0 where nobody knows.
        public let payloadBytes: Int
        /// Of the same topic and reason, the same content has the same number within this process.
        public let content: Int

        @_lifetime(copy topic)
        public init(topic: RawSpan, reason: Reason, payloadBytes: Int = 0, content: Int = 0) {
            self.topic = topic
            self.reason = reason
            self.payloadBytes = payloadBytes
            self.content = content
        }
    }

    /// What became of a publication.
    public enum Outcome: Sendable, Equatable {
        /// It is a record with this stamp.
        case recorded(Stamp)
        /// It was numbered and named, but its content does not cross.
        case shed(Stamp, ShedRun.Reason)
        /// It may not cross; no sequence was taken.
        case filtered(ExportPolicy.Refusal)
        /// It waits for the rate of its rule; no sequence was taken yet.
        case held
        /// A fetched value that is known already, or older than what is known.
        case known
    }
}

extension NamespaceSlots.Content {
    @_lifetime(copy publication)
    init(_ publication: borrowing SenderCore.Publication) {
        self.init(
            properties: publication.properties, payload: publication.payload, qos: publication.qos,
            retain: publication.retain)
    }
}
