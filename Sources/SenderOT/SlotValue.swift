public import DiodeProtocol
public import Time

extension NamespaceSlots {
    /// The content of one slot.
    public struct Value: Sendable {
        public private(set) var stamp = Stamp(epoch: Epoch(rawValue: 0), sequence: SequenceNumber(rawValue: 0))
        /// Which record of its topic it was.
        public private(set) var version = TopicVersion(rawValue: 0)
        public private(set) var time = UnixMilliseconds(rawValue: 0)
        /// Properties, then the payload.
        public private(set) var content: [UInt8] = []
        private var propertiesLength: UInt32 = 0
        public private(set) var qos = QualityOfService.atMostOnce
        public private(set) var state = State.empty

        /// A tombstone has a stamp and no content.
        public enum State: UInt8, Sendable { case empty, held, tombstone }

        /// How many bytes of `content` are properties; the payload follows.
        public var propertiesBytes: Int { Int(propertiesLength) }

        /// Takes what was kept on disk.
        mutating func set(
            state: State, qos: QualityOfService, propertiesBytes: Int, stamp: Stamp, version: TopicVersion,
            time: UnixMilliseconds, content: [UInt8]
        ) {
            self.state = state
            self.qos = qos
            propertiesLength = UInt32(propertiesBytes)
            self.stamp = stamp
            self.version = version
            self.time = time
            self.content = content
        }

        /// Takes a record.
        mutating func set(_ content: borrowing Content, stamp: Stamp, version: TopicVersion, time: UnixMilliseconds) {
            self.stamp = stamp
            self.version = version
            self.time = time
            qos = content.qos
            // A buffer that is much too large is given back; otherwise it is used again.
            self.content.removeAll(keepingCapacity: self.content.capacity <= 1_024 + 4 * content.byteCount)
            propertiesLength = 0
            guard !content.isDeletion else {
                self.content = []
                state = .tombstone
                return
            }
            state = .held
            propertiesLength = UInt32(content.properties.byteCount)
            content.properties.withUnsafeBytes { self.content.append(contentsOf: $0) }
            content.payload.withUnsafeBytes { self.content.append(contentsOf: $0) }
        }

        /// Notes when a record came whose content is not held; only an empty slot tells.
        mutating func noteShed(_ time: UnixMilliseconds) {
            if state == .empty { self.time = time }
        }

        /// Whether it holds exactly this.
        func isEqual(to other: borrowing Content) -> Bool {
            guard state == .held, qos == other.qos, propertiesBytes == other.properties.byteCount,
                content.count == other.byteCount
            else { return false }
            let bytes = content.span.bytes
            return bytes.extracting(0..<propertiesBytes).isEqual(to: other.properties)
                && bytes.extracting(propertiesBytes..<bytes.byteCount).isEqual(to: other.payload)
        }
    }

    /// What is to be put into a slot.
    public struct Content: ~Escapable {
        public let properties: RawSpan
        public let payload: RawSpan
        public let qos: QualityOfService
        public let retain: Bool

        @_lifetime(copy properties, copy payload)
        public init(properties: RawSpan, payload: RawSpan, qos: QualityOfService, retain: Bool) {
            self.properties = properties
            self.payload = payload
            self.qos = qos
            self.retain = retain
        }

        var byteCount: Int { properties.byteCount + payload.byteCount }
        /// A retained publish without payload deletes (MQTT-3.3.1-6).
        var isDeletion: Bool { retain && payload.byteCount == 0 }
    }
}
