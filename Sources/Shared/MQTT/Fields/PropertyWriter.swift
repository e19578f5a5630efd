/// Builds a list of properties, in the order of the calls and without its length prefix.
public struct PropertyWriter: Sendable {
    public private(set) var bytes: [UInt8]

    /// - Parameter bytes: a list to continue; validated already, or empty.
    public init(continuing bytes: [UInt8] = []) { self.bytes = bytes }

    /// An integer property. The value must fit the property's encoding.
    public mutating func append(_ id: PropertyID, _ number: UInt32) {
        bytes.append(id.rawValue)
        switch id.encoding {
        case .byte: bytes.append(UInt8(number))
        case .twoBytes: bytes.append(bigEndian: UInt16(number))
        case .fourBytes: bytes.append(bigEndian: number)
        case .variableByteInteger: bytes.append(variableByteInteger: Int(number))
        case .string, .binary, .stringPair: preconditionFailure("\(id) is not an integer")
        }
    }

    /// A string or binary property of at most 65,535 bytes.
    public mutating func append(_ id: PropertyID, _ value: RawSpan) {
        precondition(id.encoding == .string || id.encoding == .binary, "\(id) is not a string")
        bytes.append(id.rawValue)
        bytes.append(lengthPrefixed: value)
    }

    public mutating func append(_ id: PropertyID, _ text: String) {
        append(id, text.utf8.span.bytes)
    }

    /// A user property; name and value of at most 65,535 bytes each.
    public mutating func appendUser(_ name: RawSpan, _ value: RawSpan) {
        bytes.append(PropertyID.userProperty.rawValue)
        bytes.append(lengthPrefixed: name)
        bytes.append(lengthPrefixed: value)
    }

    public mutating func appendUser(_ name: String, _ value: String) {
        appendUser(name.utf8.span.bytes, value.utf8.span.bytes)
    }

    /// A property as it was read.
    public mutating func append(_ property: Property) {
        bytes.append(span: property.encoded)
    }

    /// Of a validated list, the properties that belong to the message and not to the hop: payload format, message
    /// expiry, content type, response topic, correlation data, user properties; in order, duplicates kept.
    public mutating func appendEndToEnd(of list: RawSpan) throws(CodecError) {
        var reader = PropertyReader(list)
        while !reader.isAtEnd {
            let property = try reader.next()
            if property.id.isEndToEnd { append(property) }
        }
    }
}
