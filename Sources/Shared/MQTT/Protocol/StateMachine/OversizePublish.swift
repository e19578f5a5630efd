/// A PUBLISH that is larger than what the client keeps in memory, while it streams past: its head is kept, the rest is only counted and
/// hashed.
///
/// ```text
/// │ fixed header │ topic │ packet identifier │ property length │ properties, payload … │
/// └──────────────── head: at most 65,548 bytes ────────────────┘└─ `pass`, piece by piece ─┘
/// ```
///
/// Properties are not read, so that an alias does not stand for a topic here: without a topic such a message is lost by name.
struct OversizePublish: Sendable {
    /// Topic, packet identifier and property length at their longest.
    private static let longestHead = 2 + 65_535 + 2 + 4

    let header: PacketHeader
    let topic: [UInt8]
    /// 0 if there is none, or none can be read.
    let packetIdentifier: UInt16
    let faults: FaultSet
    /// The PUBLISH without its payload, for what is told of its flags.
    let qos: QoS
    let retain: Bool
    let duplicate: Bool
    let loss: ProtocolFault?
    let payloadBytes: Int
    /// How many bytes of the packet `init` has taken.
    let headBytes: Int
    /// What the packet begins with.
    let firstBytes: [UInt8]
    private var propertiesLeft: Int
    private var payloadLeft: Int
    private var hasher = Hasher()

    /// How many bytes of a packet have to be there at once to begin with it.
    static func headBytes(_ header: PacketHeader) -> Int { header.headerBytes + min(header.bodyBytes, longestHead) }

    /// - Parameter bytes: what the packet begins with, at least its head.
    init(_ header: PacketHeader, _ bytes: RawSpan, version: ProtocolVersion) {
        self.header = header
        let head = bytes.extracting(header.headerBytes..<Self.headBytes(header))
        var reader = ByteReader(head)
        // Where topic and packet identifier end.
        var end = head.byteCount
        var properties = 0
        var isCut = false
        do throws(CodecError) {
            _ = try reader.binary()
            if header.flags & 0x06 != 0 { _ = try reader.uint16() }
            end = reader.offset
            if version == .v5 { properties = try reader.variableByteInteger() }
        } catch { isCut = true }
        // As if it had neither properties nor payload.
        let plain = FaultyPublish(head.extracting(0..<end), header: header, version: .v3_1_1)
        var faults = plain.faults
        let left = isCut ? header.bodyBytes - head.byteCount : header.bodyBytes - reader.offset
        if isCut || properties > left { faults.insert(.length) }
        var topic: [UInt8] = []
        topic.append(span: plain.topic)
        self.topic = topic
        packetIdentifier = plain.packetIdentifier
        qos = plain.qos
        retain = plain.retain
        duplicate = plain.duplicate
        self.faults = faults
        loss = ProtocolFault.allCases.first { $0.losesMessage && faults.contains($0) }
        propertiesLeft = min(properties, left)
        payloadLeft = left - propertiesLeft
        payloadBytes = payloadLeft
        headBytes = header.packetBytes - left
        firstBytes = FaultTally.Sample.start(of: bytes)
        hasher.combine(topic.count)
        topic.withUnsafeBytes { hasher.combine(bytes: $0) }
    }

    /// Whether all of it is past.
    var isOver: Bool { propertiesLeft + payloadLeft == 0 }

    /// Lets the next bytes pass.
    /// - Returns: how many of them belong to this packet.
    mutating func pass(_ bytes: RawSpan) -> Int {
        let ofProperties = min(propertiesLeft, bytes.byteCount)
        let ofPayload = min(payloadLeft, bytes.byteCount - ofProperties)
        // The pointer lives only within the closure.
        bytes.extracting(ofProperties..<(ofProperties + ofPayload)).withUnsafeBytes { hasher.combine(bytes: $0) }
        propertiesLeft -= ofProperties
        payloadLeft -= ofPayload
        return ofProperties + ofPayload
    }

    /// A hash of topic and payload, once it is over.
    var content: Int { hasher.finalize() }
}
