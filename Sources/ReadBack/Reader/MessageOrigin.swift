internal import Collections
package import DiodeProtocol
internal import MQTTProtocol

/// What a message on the IT broker says of where it came from: the properties that `PropertyComposer` puts behind the plant's.
package struct MessageOrigin: Sendable {
    package var link: [UInt8] = []
    package var stamp: Stamp?
    /// The topic of the IT broker that it was published to as a retained value; nil for a message of a version that did not say so.
    package var topic: [UInt8]?
    /// What is left of its message expiry interval; nil: it does not end.
    package var secondsLeft: UInt32?

    /// - Returns: nil for what is no list of properties.
    package init?(_ properties: RawSpan) {
        var reader = PropertyReader(properties)
        while !reader.isAtEnd {
            do throws(CodecError) {
                let property = try reader.next()
                if property.id == .messageExpiryInterval { secondsLeft = property.number }
                guard property.id == .userProperty else { continue }
                // Ours stand behind the plant's, which may have the same names.
                if property.bytes.isEqual(to: "diode-link") {
                    link = [UInt8](copying: property.value)
                } else if property.bytes.isEqual(to: "diode-topic") {
                    topic = [UInt8](copying: property.value)
                } else if property.bytes.isEqual(to: "diode-seq") {
                    stamp = Self.stamp(property.value)
                }
            } catch { return nil }
        }
    }

    /// `epoch:sequence`.
    private static func stamp(_ text: RawSpan) -> Stamp? {
        let parts = text.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }.split(separator: ":")
        guard parts.count == 2, let epoch = UInt64(parts[0]), let sequence = UInt64(parts[1]) else { return nil }
        return Stamp(epoch: Epoch(rawValue: epoch), sequence: SequenceNumber(rawValue: sequence))
    }
}

extension RawSpan {
    fileprivate func isEqual(to text: StaticString) -> Bool {
        withUnsafeBytes { bytes in text.withUTF8Buffer { bytes.elementsEqual($0) } }
    }
}
