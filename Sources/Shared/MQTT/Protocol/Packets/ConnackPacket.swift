/// CONNACK (§3.2): whether the server takes us, and within which limits.
///
/// ```text
/// │ acknowledge flags:1 (bit 0: session present) │ reason:1 │ property length, properties │     MQTT 5
/// │ acknowledge flags:1                          │ return code:1 │                             MQTT 3.1.1
/// ```
public struct ConnackPacket: Sendable, Equatable {
    public var sessionPresent: Bool
    public var reason: ReasonCode
    public var sessionExpirySeconds: UInt32?
    public var receiveMaximum: UInt16 = 65_535
    public var maximumQoS = QoS.exactlyOnce
    public var retainAvailable = true
    public var maximumPacketBytes = PacketHeader.largestPacketBytes
    public var assignedClientIdentifier: String?
    public var topicAliasMaximum: UInt16 = 0
    public var reasonString: String?
    public var wildcardsAvailable = true
    public var subscriptionIdentifiersAvailable = true
    public var sharedSubscriptionsAvailable = true
    public var serverKeepAliveSeconds: UInt16?
    public var serverReference: String?

    public init(sessionPresent: Bool, reason: ReasonCode) {
        self.sessionPresent = sessionPresent
        self.reason = reason
    }

    /// A server that does not know MQTT 5 answers a CONNECT of MQTT 5 with the two bytes of 3.1.1; so a refusal of
    /// that form is understood in either version.
    public static func decode(_ body: RawSpan, header: PacketHeader, version: ProtocolVersion) throws(CodecError)
        -> ConnackPacket
    {
        var reader = ByteReader(body, origin: header.headerBytes)
        let flags = try reader.uint8()
        guard flags & 0xFE == 0 else { throw CodecError(.invalidAcknowledgeFlags(flags), at: header.headerBytes) }
        let codeOffset = reader.offset
        let code = try reader.uint8()
        let isShort = version == .v3_1_1 || (reader.remaining == 0 && code != 0)
        if isShort, code < 0x80 {
            guard let reason = fromReturnCode[code] else { throw CodecError(.invalidReturnCode(code), at: codeOffset) }
            try reader.end()
            return ConnackPacket(sessionPresent: flags & 1 != 0, reason: reason)
        }
        var packet = ConnackPacket(sessionPresent: flags & 1 != 0, reason: ReasonCode(rawValue: code))
        if !isShort {
            let origin = reader.offset + 1
            try packet.take(try reader.properties(.connack), origin: origin)
        }
        try reader.end()
        return packet
    }

    /// What can be read of a CONNACK that breaks MQTT; nil if there is no reason in it.
    static func repair(_ body: RawSpan, version: ProtocolVersion, _ faults: inout FaultSet) -> ConnackPacket? {
        var reader = ByteReader(body)
        guard let flags = try? reader.uint8(), let code = try? reader.uint8() else { return nil }
        if flags & 0xFE != 0 { faults.insert(.reservedBits) }
        let isShort = version == .v3_1_1 || (reader.remaining == 0 && code != 0)
        guard !isShort || code >= 0x80 else {
            return ConnackPacket(sessionPresent: flags & 1 != 0, reason: fromReturnCode[code] ?? .unspecifiedError)
        }
        var packet = ConnackPacket(sessionPresent: flags & 1 != 0, reason: ReasonCode(rawValue: code))
        if let count = try? reader.variableByteInteger() {
            let length = min(count, reader.remaining)
            let list = PropertyRepair(reader.rest().extracting(0..<length), allowed: .connack)
            faults.formUnion(list.faults)
            let sound = list.bytes
            try? packet.take(sound.span.bytes, origin: 0)
        }
        return packet
    }

    /// Return codes of MQTT 3.1.1 (§3.2.2.3) in the words of MQTT 5.
    private static let fromReturnCode: [UInt8: ReasonCode] = [
        0: .success, 1: .unsupportedProtocolVersion, 2: .clientIdentifierNotValid, 3: .serverUnavailable,
        4: .badUserNameOrPassword, 5: .notAuthorized,
    ]

    private mutating func take(_ list: RawSpan, origin: Int) throws(CodecError) {
        var reader = PropertyReader(list, origin: origin)
        while !reader.isAtEnd {
            let property = try reader.next()
            let number = property.number
            switch property.id {
            case .sessionExpiryInterval: sessionExpirySeconds = number
            case .receiveMaximum: receiveMaximum = UInt16(number)
            case .maximumQoS: maximumQoS = number == 0 ? .atMostOnce : .atLeastOnce
            case .retainAvailable: retainAvailable = number == 1
            case .maximumPacketSize: maximumPacketBytes = min(Int(number), PacketHeader.largestPacketBytes)
            case .assignedClientIdentifier: assignedClientIdentifier = String(utf8: property.bytes)
            case .topicAliasMaximum: topicAliasMaximum = UInt16(number)
            case .reasonString: reasonString = String(utf8: property.bytes)
            case .wildcardSubscriptionAvailable: wildcardsAvailable = number == 1
            case .subscriptionIdentifierAvailable: subscriptionIdentifiersAvailable = number == 1
            case .sharedSubscriptionAvailable: sharedSubscriptionsAvailable = number == 1
            case .serverKeepAlive: serverKeepAliveSeconds = UInt16(number)
            case .serverReference: serverReference = String(utf8: property.bytes)
            default: break
            }
        }
    }
}

extension String {
    /// A copy of text that was validated as UTF-8. The pointer lives only within the closure.
    public init(utf8 span: RawSpan) {
        self = span.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }
}
