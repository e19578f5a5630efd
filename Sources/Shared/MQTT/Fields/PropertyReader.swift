/// One property, as views.
public struct Property: ~Escapable {
    public let id: PropertyID
    /// The value of an integer property, 0 otherwise.
    public let number: UInt32
    /// The value of a string or binary property, or the name of a user property. Empty otherwise.
    public let bytes: RawSpan
    /// The value of a user property. Empty otherwise.
    public let value: RawSpan
    /// The whole property as it was encoded, identifier included.
    public let encoded: RawSpan

    @_lifetime(copy bytes, copy value, copy encoded)
    init(id: PropertyID, number: UInt32, bytes: RawSpan, value: RawSpan, encoded: RawSpan) {
        self.id = id
        self.number = number
        self.bytes = bytes
        self.value = value
        self.encoded = encoded
    }
}

/// Reads a list of properties in order, duplicates included; each is checked as it comes.
///
/// ```text
/// ┌────────────┬───────┬────────────┬───────┬──
/// │ identifier │ value │ identifier │ value │ …      (the list's length is not part of it)
/// └────────────┴───────┴────────────┴───────┴──
/// ```
public struct PropertyReader: ~Escapable {
    private let list: RawSpan
    private let origin: Int
    private var position = 0

    /// - Parameters:
    ///   - list: encoded properties without their length prefix.
    ///   - origin: where they begin in their packet, for the offsets of errors.
    @_lifetime(copy list)
    public init(_ list: RawSpan, origin: Int = 0) {
        self.list = list
        self.origin = origin
    }

    public var isAtEnd: Bool { position == list.byteCount }

    /// The next property. Not at the end (`isAtEnd`).
    @_lifetime(copy self)
    @_lifetime(self: copy self)
    public mutating func next() throws(CodecError) -> Property {
        precondition(!isAtEnd, "there is no property left")
        let start = position
        var reader = ByteReader(list.extracting(start..<list.byteCount), origin: origin + start)
        let code = UInt32(try reader.variableByteInteger())
        guard code <= 0xFF, let id = PropertyID(rawValue: UInt8(code)) else {
            throw CodecError(.unknownProperty(code), at: origin + start)
        }
        var number: UInt32 = 0
        var bytes = RawSpan()
        var value = RawSpan()
        switch id.encoding {
        case .byte: number = UInt32(try reader.uint8())
        case .twoBytes: number = UInt32(try reader.uint16())
        case .fourBytes: number = try reader.uint32()
        case .variableByteInteger: number = UInt32(try reader.variableByteInteger())
        case .string: bytes = try reader.string()
        case .binary: bytes = try reader.binary()
        case .stringPair:
            bytes = try reader.string()
            value = try reader.string()
        }
        guard Self.isInRange(id, number) else { throw CodecError(.invalidPropertyValue(id), at: origin + start) }
        position = reader.offset - origin
        return Property(
            id: id, number: number, bytes: bytes, value: value, encoded: list.extracting(start..<position))
    }

    private static func isInRange(_ id: PropertyID, _ number: UInt32) -> Bool {
        switch id {
        case .receiveMaximum, .maximumPacketSize, .subscriptionIdentifier: number > 0
        case .payloadFormatIndicator, .requestProblemInformation, .requestResponseInformation, .maximumQoS,
            .retainAvailable, .wildcardSubscriptionAvailable, .subscriptionIdentifierAvailable,
            .sharedSubscriptionAvailable:
            number <= 1
        default: true
        }
    }
}

extension PropertyID.Set {
    /// Checks a whole list: well-formed, nothing that is not in this set, nothing twice that may stand only once.
    /// - Returns: the topic alias, 0 if there is none.
    @discardableResult
    public func validate(_ list: RawSpan, origin: Int = 0) throws(CodecError) -> UInt16 {
        var reader = PropertyReader(list, origin: origin)
        var seen: PropertyID.Set = []
        var offset = origin
        var topicAlias: UInt16 = 0
        while !reader.isAtEnd {
            let property = try reader.next()
            let id = property.id
            guard contains(id) else { throw CodecError(.unexpectedProperty(id), at: offset) }
            guard seen.insert(id) || Self.repeatable.contains(id) else {
                throw CodecError(.duplicateProperty(id), at: offset)
            }
            if id == .topicAlias {
                guard property.number > 0 else { throw CodecError(.zeroTopicAlias, at: offset) }
                topicAlias = UInt16(property.number)
            }
            offset += property.encoded.byteCount
        }
        return topicAlias
    }
}
