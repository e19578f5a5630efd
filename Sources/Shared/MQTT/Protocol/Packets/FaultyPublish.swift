/// What can be read of a PUBLISH that breaks MQTT, where its length is right.
///
/// ```text
/// topic, payload fine ─▶ a message, without the properties that are broken
/// topic or payload not ─▶ no message: `faults` names why, and what can be read tells which it was
/// ```
struct FaultyPublish: ~Escapable {
    /// As it came: a topic name if the message is not lost. Empty if none can be read.
    let topic: RawSpan
    /// What is sound of them, without their length prefix.
    let properties: [UInt8]
    let payload: RawSpan
    /// 0 if there is none, or none can be read.
    let packetIdentifier: UInt16
    /// 0 if there is none.
    let topicAlias: UInt16
    let qos: QoS
    let retain: Bool
    let duplicate: Bool
    let faults: FaultSet

    /// - Parameters:
    ///   - body: exactly the packet's body.
    ///   - header: of type PUBLISH.
    @_lifetime(copy body)
    init(_ body: RawSpan, header: PacketHeader, version: ProtocolVersion) {
        var faults = FaultSet()
        let qos = QoS(rawValue: (header.flags >> 1) & 0x03)
        let isMarked = header.flags & 0x08 != 0
        if qos == nil { faults.insert(.qos) }
        if isMarked, qos == .atMostOnce { faults.insert(.duplicateFlag) }
        var reader = ByteReader(body)
        var (topicBytes, payloadStart) = (0, body.byteCount)
        var (properties, topicAlias) = ([UInt8](), UInt16(0))
        var packetIdentifier: UInt16 = 0
        do throws(CodecError) {
            topicBytes = try reader.binary().byteCount
            if qos != .atMostOnce {
                packetIdentifier = try reader.uint16()
                if packetIdentifier == 0 { faults.insert(.packetIdentifier) }
            }
            if version == .v5 {
                let count = try reader.variableByteInteger()
                let repair = PropertyRepair(try reader.take(count), allowed: .publish)
                (properties, topicAlias) = (repair.bytes, repair.topicAlias)
                faults.formUnion(repair.faults)
            }
            payloadStart = reader.offset
        } catch {
            faults.insert(.length)
        }
        topic = topicBytes > 0 ? body.extracting(2..<(2 + topicBytes)) : RawSpan()
        if topicBytes == 0, topicAlias == 0, !faults.contains(.length) { faults.insert(.topicMissing) }
        if topicBytes > 0, !UTF8Rules.isTopicName(topic) {
            faults.insert(UTF8Rules.isString(topic) ? .topicWildcard : .topicText)
        }
        payload = body.extracting(payloadStart..<body.byteCount)
        self.properties = properties
        self.topicAlias = topicAlias
        // At QoS 3 nobody knows how to acknowledge it.
        self.packetIdentifier = qos == nil ? 0 : packetIdentifier
        self.qos = qos ?? .atMostOnce
        retain = header.flags & 0x01 != 0
        duplicate = isMarked && self.qos != .atMostOnce
        self.faults = faults
    }

    /// Why it is no message; nil if it is one.
    var loss: ProtocolFault? { ProtocolFault.allCases.first { $0.losesMessage && faults.contains($0) } }
}
