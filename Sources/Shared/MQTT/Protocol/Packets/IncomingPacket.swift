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

    /// What can be read of a packet that breaks MQTT, where its length is right. Not for PUBLISH, see ``FaultyPublish``.
    /// - Returns: nil if nothing can be made of it.
    @_lifetime(copy body)
    static func repair(
        _ body: RawSpan, header: PacketHeader, version: ProtocolVersion, _ faults: inout FaultSet
    ) -> IncomingPacket? {
        switch header.type {
        case .puback, .pubrec, .pubrel, .pubcomp:
            guard let packet = AcknowledgementPacket.repair(body, header: header, version: version) else { return nil }
            return .acknowledgement(packet)
        case .connack:
            guard let packet = ConnackPacket.repair(body, version: version, &faults) else { return nil }
            return .connack(packet)
        case .suback, .unsuback:
            guard let packet = SubackPacket.repair(body, header: header, version: version) else { return nil }
            return .suback(packet)
        case .pingresp: return .pingresp
        case .disconnect:
            var reader = ByteReader(body)
            let reason = (try? reader.uint8()) ?? 0
            return .disconnect(DisconnectPacket(reason: ReasonCode(rawValue: reason)))
        case .publish, .auth, .connect, .subscribe, .unsubscribe, .pingreq: return nil
        }
    }
}
