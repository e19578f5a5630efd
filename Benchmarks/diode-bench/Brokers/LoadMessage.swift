/// What the load is made of: PUBLISH packets with 100 bytes of payload, under 100 topics in turn.
///
/// ```text
/// payload │ run: 4 │ number: 8 │ sent at, ns: 8 │ text: 80 │      integers are big-endian
/// ```
enum LoadMessage {
    static let payloadBytes = 100
    static let topicCount = 100
    static let filter = "bench/#"
    /// The number of a message that only shows that the way is open.
    static let probe = UInt64.max

    /// The place of the payload's first byte in a packet of this QoS, and the place of the packet identifier.
    static func payloadStart(qos: UInt8) -> Int { 3 + 2 + topicBytes + (qos > 0 ? 2 : 0) }
    static let identifierStart = 3 + 2 + topicBytes
    static func packetBytes(qos: UInt8) -> Int { payloadStart(qos: qos) + payloadBytes }

    /// A packet for each topic, complete but for identifier, number and time.
    static func templates(run: UInt32, qos: UInt8) -> [[UInt8]] {
        (0..<topicCount).map { index in
            let topic = Array(self.topic(index).utf8)
            let remaining = packetBytes(qos: qos) - 3
            var packet = [0x30 | qos << 1, UInt8(remaining & 127) | 128, UInt8(remaining >> 7)]
            packet += [UInt8(topic.count >> 8), UInt8(topic.count & 255)] + topic
            if qos > 0 { packet += [0, 0] }
            packet += (0..<4).map { UInt8(truncatingIfNeeded: run >> (24 - 8 * UInt32($0))) }
            packet += [UInt8](repeating: 0, count: 16)
            let text =
                "{\"value\":\(20 + index).\(index % 90 + 10),\"unit\":\"C\",\"quality\":192,\"source\":\"plc-\(index)\"}"
            packet += Array(text.utf8) + [UInt8](repeating: UInt8(ascii: " "), count: 80 - text.utf8.count)
            return packet
        }
    }

    static func topic(_ index: Int) -> String {
        "bench/essen/hall1/line\(index / 10)/cell\(index % 10)/temperature"
    }
    private static let topicBytes = topic(0).utf8.count
}

extension [UInt8] {
    func bigEndian(at offset: Int, bytes: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in offset..<offset + bytes { value = value << 8 | UInt64(self[index]) }
        return value
    }

    mutating func storeBigEndian(_ value: UInt64, at offset: Int, bytes: Int) {
        for index in 0..<bytes {
            self[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * (bytes - 1 - index)))
        }
    }
}
