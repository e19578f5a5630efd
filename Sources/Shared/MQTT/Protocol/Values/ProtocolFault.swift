/// How a server breaks MQTT in a packet that the client gets past all the same (ADR 0023).
///
/// The length of such a packet is right, so that the next one is found behind it. Ending the connection would mend nothing: the server
/// would send the same bytes again.
public enum ProtocolFault: Int, Sendable, CaseIterable {
    // Of a PUBLISH whose topic and payload are fine: the message is taken without what is broken.

    /// A topic alias of 0 or above our Topic Alias Maximum, beside a topic [MQTT-3.1.2-27].
    case topicAlias
    /// A string property that is not UTF-8, or has U+0000 [MQTT-1.5.4].
    case propertyText
    /// A property that may stand only once, again.
    case propertyRepeated
    /// A property identifier that MQTT 5 does not know. Nobody knows its length, so that what follows in the list is not read either.
    case propertyUnknown
    /// A property that this packet must not have.
    case propertyMisplaced
    /// A property value out of its range, such as the payload format 2.
    case propertyValue
    /// The list of properties ends within one.
    case propertyCut
    /// DUP at QoS 0 [MQTT-3.3.1-2].
    case duplicateFlag
    /// A packet identifier of 0 at QoS 1 or 2 [MQTT-2.2.1]: the message cannot be acknowledged.
    case packetIdentifier

    // Of a PUBLISH that is no message: it is lost, by name.

    /// A topic that is not UTF-8, or has U+0000 [MQTT-1.5.4].
    case topicText
    /// A wildcard in a topic [MQTT-3.3.2-2].
    case topicWildcard
    /// No topic, nor an alias that stands for one.
    case topicMissing
    /// QoS 3 [MQTT-3.3.1-4]: it cannot be acknowledged.
    case qos
    /// A field runs past the end of the packet, so that nobody knows where the payload begins.
    case length

    // Of other packets: what they say is taken as far as it can be read, or left.

    /// An acknowledgement of something that is not under way, or that has another answer.
    case acknowledgement
    /// More or fewer reason codes than filters.
    case reasonCount
    /// A reason code that the version does not know.
    case reasonCode
    /// A PINGRESP that nobody asked for.
    case pingresp
    /// A field that runs past the end of its packet.
    case fieldLength
    /// Reserved bits that are set.
    case reservedBits
    /// A length in a longer form than need be [MQTT-1.5.5-1].
    case lengthForm
    /// Bytes behind the last field.
    case trailingBytes
    /// A session that was not asked for.
    case session

    /// For status: what these are counted under.
    public var word: String {
        switch self {
        case .topicAlias: "topic_alias"
        case .propertyText: "property_text"
        case .propertyRepeated: "property_repeated"
        case .propertyUnknown: "property_unknown"
        case .propertyMisplaced: "property_misplaced"
        case .propertyValue: "property_value"
        case .propertyCut: "property_cut"
        case .duplicateFlag: "duplicate_flag"
        case .packetIdentifier: "packet_identifier"
        case .topicText: "topic_text"
        case .topicWildcard: "topic_wildcard"
        case .topicMissing: "topic_missing"
        case .qos: "qos"
        case .length: "length"
        case .acknowledgement: "acknowledgement"
        case .reasonCount: "reason_count"
        case .reasonCode: "reason_code"
        case .pingresp: "pingresp"
        case .fieldLength: "field_length"
        case .reservedBits: "reserved_bits"
        case .lengthForm: "length_form"
        case .trailingBytes: "trailing_bytes"
        case .session: "session"
        }
    }

    /// Whether the message that it is in is lost.
    public var losesMessage: Bool {
        switch self {
        case .topicText, .topicWildcard, .topicMissing, .qos, .length: true
        case .topicAlias, .propertyText, .propertyRepeated, .propertyUnknown, .propertyMisplaced, .propertyValue,
            .propertyCut, .duplicateFlag, .packetIdentifier, .acknowledgement, .reasonCount, .reasonCode, .pingresp,
            .fieldLength, .reservedBits, .lengthForm, .trailingBytes, .session:
            false
        }
    }
}

extension ProtocolFault {
    /// What a fault of the codec is in a packet of another type than PUBLISH, or in a list of properties.
    init(_ reason: CodecError.Reason) {
        self =
            switch reason {
            case .truncated, .packetTooLarge, .unexpectedPacketType, .invalidTopic: .fieldLength
            case .invalidVariableByteInteger: .lengthForm
            case .trailingBytes: .trailingBytes
            case .invalidFlags, .invalidAcknowledgeFlags, .invalidQoS: .reservedBits
            case .invalidString: .propertyText
            case .zeroPacketIdentifier: .packetIdentifier
            case .zeroTopicAlias: .topicAlias
            case .unknownProperty: .propertyUnknown
            case .unexpectedProperty: .propertyMisplaced
            case .duplicateProperty: .propertyRepeated
            case .invalidPropertyValue: .propertyValue
            case .invalidReturnCode: .reasonCode
            case .noReasonCodes: .reasonCount
            }
    }
}

/// The faults of one packet, each once.
struct FaultSet: Sendable {
    private var bits: UInt32 = 0

    var isEmpty: Bool { bits == 0 }

    mutating func insert(_ fault: ProtocolFault) { bits |= 1 << UInt32(fault.rawValue) }

    mutating func formUnion(_ other: FaultSet) { bits |= other.bits }

    func contains(_ fault: ProtocolFault) -> Bool { bits & (1 << UInt32(fault.rawValue)) != 0 }
}

/// How often a server has broken MQTT, by kind, and the newest packet that did.
public struct FaultTally: Sendable, Equatable {
    /// A packet with a fault.
    public struct Sample: Sendable, Equatable {
        /// How many bytes of a packet are kept.
        public static let maximumBytes = 24

        public let fault: ProtocolFault
        public let packet: PacketType
        public let packetBytes: Int
        /// What the packet begins with.
        public let firstBytes: [UInt8]

        static func start(of packet: RawSpan) -> [UInt8] {
            var bytes: [UInt8] = []
            bytes.append(span: packet.extracting(0..<min(packet.byteCount, maximumBytes)))
            return bytes
        }
    }

    /// By ``ProtocolFault``; empty before the first fault.
    private var counts: [UInt64] = []
    /// The newest packet with a fault that its message survived, and the newest whose message is lost.
    public private(set) var tolerated: Sample?
    public private(set) var lost: Sample?

    public init() {}

    public var isEmpty: Bool { counts.isEmpty }

    public subscript(_ fault: ProtocolFault) -> UInt64 { counts.isEmpty ? 0 : counts[fault.rawValue] }

    /// How many packets had faults that cost no message, and how many messages were lost.
    public var toleratedCount: UInt64 { count { !$0.losesMessage } }
    public var lostCount: UInt64 { count(where: \.losesMessage) }

    private func count(where isMeant: (ProtocolFault) -> Bool) -> UInt64 {
        ProtocolFault.allCases.reduce(0) { $0 &+ (isMeant($1) ? self[$1] : 0) }
    }

    /// Counts the faults of one packet.
    /// - Parameter firstBytes: see ``Sample``.
    mutating func note(_ faults: FaultSet, in header: PacketHeader, _ firstBytes: @autoclosure () -> [UInt8]) {
        for fault in ProtocolFault.allCases where faults.contains(fault) {
            if counts.isEmpty { counts = Array(repeating: 0, count: ProtocolFault.allCases.count) }
            counts[fault.rawValue] &+= 1
            let sample = Sample(
                fault: fault, packet: header.type, packetBytes: header.packetBytes,
                firstBytes: firstBytes())
            if fault.losesMessage { lost = sample } else { tolerated = sample }
        }
    }

    /// Takes what another tally has counted since into this one.
    public mutating func add(_ newer: FaultTally) {
        guard !newer.isEmpty else { return }
        if counts.isEmpty { counts = Array(repeating: 0, count: ProtocolFault.allCases.count) }
        for fault in ProtocolFault.allCases { counts[fault.rawValue] &+= newer[fault] }
        tolerated = newer.tolerated ?? tolerated
        lost = newer.lost ?? lost
    }

    mutating func removeAll() { self = FaultTally() }
}
