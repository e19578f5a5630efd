/// Any packet that a server may send.
public enum IncomingPacket: ~Escapable {
    case connack(ConnackPacket)
    case publish(PublishView)
    /// PUBACK, PUBREC, PUBREL, PUBCOMP.
    case acknowledgement(AcknowledgementPacket)
    /// SUBACK, UNSUBACK.
    case suback(SubackPacket)
    case pingresp
    /// DISCONNECT, AUTH.
    case disconnect(DisconnectPacket)

    /// - Parameter body: exactly the packet's body.
    @_lifetime(copy body)
    public static func decode(_ body: RawSpan, header: PacketHeader, version: ProtocolVersion) throws(CodecError)
        -> IncomingPacket
    {
        switch header.type {
        case .publish: return .publish(try PublishView.decode(body, header: header, version: version))
        case .puback, .pubrec, .pubrel, .pubcomp:
            return .acknowledgement(try AcknowledgementPacket.decode(body, header: header, version: version))
        case .connack: return .connack(try ConnackPacket.decode(body, header: header, version: version))
        case .suback, .unsuback: return .suback(try SubackPacket.decode(body, header: header, version: version))
        case .pingresp:
            guard body.byteCount == 0 else { throw CodecError(.trailingBytes(body.byteCount), at: header.headerBytes) }
            return .pingresp
        case .disconnect, .auth:
            return .disconnect(try DisconnectPacket.decode(body, header: header, version: version))
        case .connect, .subscribe, .unsubscribe, .pingreq:
            throw CodecError(.unexpectedPacketType(header.type.rawValue), at: 0)
        }
    }
}
