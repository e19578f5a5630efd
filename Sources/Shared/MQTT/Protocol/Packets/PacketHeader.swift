/// The control packets (MQTT 5 §2.1.2); the raw value is the type's number.
public enum PacketType: UInt8, Sendable, Hashable, CaseIterable {
    case connect = 1
    case connack = 2
    case publish = 3
    case puback = 4
    case pubrec = 5
    case pubrel = 6
    case pubcomp = 7
    case subscribe = 8
    case suback = 9
    case unsubscribe = 10
    case unsuback = 11
    case pingreq = 12
    case pingresp = 13
    case disconnect = 14
    case auth = 15

    /// The only flags that the fixed header of this type may have; nil for PUBLISH.
    public var requiredFlags: UInt8? {
        switch self {
        case .publish: nil
        case .pubrel, .subscribe, .unsubscribe: 2
        default: 0
        }
    }
}

/// The fixed header (§2.1): what a packet is and how long.
///
/// ```text
///  type:4 flags:4 │ remaining length: 1…4 bytes │ body
/// ```
public struct PacketHeader: Sendable, Hashable {
    /// The largest Remaining Length there is.
    public static let largestRemainingLength = 268_435_455
    /// The largest packet there is: with type and four bytes of length.
    public static let largestPacketBytes = largestRemainingLength + 5

    public let type: PacketType
    public let flags: UInt8
    /// Type and length, 2…5 bytes.
    public let headerBytes: Int
    /// The body, 0…268,435,455 bytes.
    public let bodyBytes: Int

    public var packetBytes: Int { headerBytes + bodyBytes }

    /// Reads the header that `bytes` begins with, and checks the packet's size before any of its body is there.
    /// - Returns: nil while the header is not complete.
    public static func decode(_ bytes: RawSpan, maximumPacketBytes: Int) throws(CodecError) -> PacketHeader? {
        guard let (header, fault) = try read(bytes) else { return nil }
        if let fault { throw fault }
        guard header.packetBytes <= maximumPacketBytes else {
            throw CodecError(.packetTooLarge(bytes: header.packetBytes, limit: maximumPacketBytes), at: 1)
        }
        return header
    }

    /// Reads the header that `bytes` begins with, as long as it says where the packet ends.
    /// - Returns: nil while the header is not complete; with it what is wrong with it all the same: reserved bits that are set, or a
    ///   length in a longer form than need be.
    static func read(_ bytes: RawSpan) throws(CodecError) -> (header: PacketHeader, fault: CodecError?)? {
        guard bytes.byteCount >= 2 else { return nil }
        let first = bytes.unsafeLoad(fromByteOffset: 0, as: UInt8.self)
        guard let type = PacketType(rawValue: first >> 4) else {
            throw CodecError(.unexpectedPacketType(first >> 4), at: 0)
        }
        let flags = first & 0x0F
        var fault = type.requiredFlags ?? flags == flags ? nil : CodecError(.invalidFlags(flags), at: 0)
        var length = 0
        var position = 1
        while true {
            guard position <= 4 else { throw CodecError(.invalidVariableByteInteger, at: 1) }
            guard position < bytes.byteCount else { return nil }
            // Within bounds: the guard above.
            let byte = bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self)
            length |= Int(byte & 0x7F) << (7 * (position - 1))
            position += 1
            guard byte & 0x80 != 0 else {
                if byte == 0, position > 2 { fault = fault ?? CodecError(.invalidVariableByteInteger, at: 1) }
                break
            }
        }
        return (PacketHeader(type: type, flags: flags, headerBytes: position, bodyBytes: length), fault)
    }
}
