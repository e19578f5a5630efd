/// The properties of MQTT 5 (§2.2.2.2).
public enum PropertyID: UInt8, Sendable, Hashable, CaseIterable {
    case payloadFormatIndicator = 0x01
    case messageExpiryInterval = 0x02
    case contentType = 0x03
    case responseTopic = 0x08
    case correlationData = 0x09
    case subscriptionIdentifier = 0x0B
    case sessionExpiryInterval = 0x11
    case assignedClientIdentifier = 0x12
    case serverKeepAlive = 0x13
    case authenticationMethod = 0x15
    case authenticationData = 0x16
    case requestProblemInformation = 0x17
    case willDelayInterval = 0x18
    case requestResponseInformation = 0x19
    case responseInformation = 0x1A
    case serverReference = 0x1C
    case reasonString = 0x1F
    case receiveMaximum = 0x21
    case topicAliasMaximum = 0x22
    case topicAlias = 0x23
    case maximumQoS = 0x24
    case retainAvailable = 0x25
    case userProperty = 0x26
    case maximumPacketSize = 0x27
    case wildcardSubscriptionAvailable = 0x28
    case subscriptionIdentifierAvailable = 0x29
    case sharedSubscriptionAvailable = 0x2A

    /// How the value is written (§1.5).
    public enum Encoding: Sendable {
        case byte, twoBytes, fourBytes, variableByteInteger, string, binary, stringPair
    }

    public var encoding: Encoding {
        switch self {
        case .payloadFormatIndicator, .requestProblemInformation, .requestResponseInformation, .maximumQoS,
            .retainAvailable, .wildcardSubscriptionAvailable, .subscriptionIdentifierAvailable,
            .sharedSubscriptionAvailable:
            .byte
        case .serverKeepAlive, .receiveMaximum, .topicAliasMaximum, .topicAlias: .twoBytes
        case .messageExpiryInterval, .sessionExpiryInterval, .willDelayInterval, .maximumPacketSize: .fourBytes
        case .subscriptionIdentifier: .variableByteInteger
        case .contentType, .responseTopic, .assignedClientIdentifier, .authenticationMethod, .responseInformation,
            .serverReference, .reasonString:
            .string
        case .correlationData, .authenticationData: .binary
        case .userProperty: .stringPair
        }
    }

    /// Part of the message: a PUBLISH carries it unaltered from publisher to subscriber (§3.3.2.3). The others belong
    /// to one hop.
    public var isEndToEnd: Bool { Set.endToEnd.contains(self) }

    /// A set of properties as bits.
    public struct Set: Sendable, ExpressibleByArrayLiteral {
        private var bits: UInt64 = 0

        public init(arrayLiteral elements: PropertyID...) {
            for element in elements { bits |= 1 << UInt64(element.rawValue) }
        }

        public func contains(_ id: PropertyID) -> Bool { bits & (1 << UInt64(id.rawValue)) != 0 }

        /// - Returns: false if it was there already.
        public mutating func insert(_ id: PropertyID) -> Bool {
            defer { bits |= 1 << UInt64(id.rawValue) }
            return !contains(id)
        }

        public static let endToEnd: Set = [
            .payloadFormatIndicator, .messageExpiryInterval, .contentType, .responseTopic, .correlationData,
            .userProperty,
        ]
        public static let publish: Set = [
            .payloadFormatIndicator, .messageExpiryInterval, .contentType, .responseTopic, .correlationData,
            .userProperty, .topicAlias, .subscriptionIdentifier,
        ]
        static let connack: Set = [
            .sessionExpiryInterval, .receiveMaximum, .maximumQoS, .retainAvailable, .maximumPacketSize,
            .assignedClientIdentifier, .topicAliasMaximum, .reasonString, .userProperty,
            .wildcardSubscriptionAvailable, .subscriptionIdentifierAvailable, .sharedSubscriptionAvailable,
            .serverKeepAlive, .responseInformation, .serverReference, .authenticationMethod, .authenticationData,
        ]
        /// PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK and UNSUBACK.
        static let acknowledgement: Set = [.reasonString, .userProperty]
        static let disconnect: Set = [.sessionExpiryInterval, .reasonString, .userProperty, .serverReference]
        static let auth: Set = [.authenticationMethod, .authenticationData, .reasonString, .userProperty]
        /// What may stand more than once (of a subscription identifier only in a PUBLISH).
        static let repeatable: Set = [.userProperty, .subscriptionIdentifier]
    }
}
