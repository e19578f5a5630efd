import MQTTProtocol

/// A stream of packets from a server, of the version that the first byte names; and the same bytes as a list of properties,
/// a topic and a filter.
@c public func LLVMFuzzerTestOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard count > 1 else { return 0 }
    var input = Array(UnsafeBufferPointer(start: start, count: count))
    let version: ProtocolVersion = input.removeFirst() % 2 == 0 ? .v3_1_1 : .v5
    decode(input, version)

    let bytes = input.span.bytes
    do throws(CodecError) {
        try PropertyID.Set.publish.validate(bytes)
        var copied = PropertyWriter()
        var reader = PropertyReader(bytes)
        while !reader.isAtEnd { copied.append(try reader.next()) }
        precondition(copied.bytes == input, "properties copied one by one are the list again")
        var kept = PropertyWriter()
        try kept.appendEndToEnd(of: bytes)
        try PropertyID.Set.endToEnd.validate(kept.bytes.span.bytes)
    } catch {
        precondition(error.offset >= 0 && error.offset <= input.count, "an error lies within the bytes")
    }

    let isString = UTF8Rules.isString(bytes)
    precondition(isString == (String(validating: input, as: UTF8.self) != nil && !input.contains(0)), "MQTT-1.5.4")
    let half = input.count / 2
    let text = String(decoding: input[..<half], as: UTF8.self)
    if let filter = try? TopicFilter(text), UTF8Rules.isTopicName(bytes.extracting(half..<input.count)) {
        let matches = filter.matches(bytes.extracting(half..<input.count))
        if let every = try? TopicFilter("#"), matches, input[half] != UInt8(ascii: "$") {
            precondition(every.overlaps(filter), "what matches a topic overlaps with everything")
        }
        precondition(filter.covers(filter), "a filter covers itself")
    }
    return 0
}

private func decode(_ input: [UInt8], _ version: ProtocolVersion) {
    let bytes = input.span.bytes
    var position = 0
    do throws(CodecError) {
        while position < input.count,
            let header = try PacketHeader.decode(
                bytes.extracting(position..<input.count), maximumPacketBytes: 4_096),
            position + header.packetBytes <= input.count
        {
            let body = bytes.extracting(
                (position + header.headerBytes)..<(position + header.packetBytes))
            if case .publish(let message) = try IncomingPacket.decode(body, header: header, version: version) {
                var again: [UInt8] = []
                message.encode(into: &again, version: version)
                precondition(again == Array(input[position..<(position + header.packetBytes)]), "decode, then encode")
            }
            position += header.packetBytes
        }
    } catch {
        precondition(error.offset >= 0 && error.offset <= input.count - position, "an error lies within its packet")
    }
}
