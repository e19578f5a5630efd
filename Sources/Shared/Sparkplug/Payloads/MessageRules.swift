internal import Collections

/// What a payload must have to be the message that its topic says (Sparkplug 3.0.0 sections 6.4.17 to 6.4.24), as far as widely used libraries keep
/// to it. Whatever cannot be a birth or a death changes nothing.
///
/// | | needs |
/// |---|---|
/// | all | at least one byte: an empty one deletes a retained message [MQTT-3.3.1-6] |
/// | NBIRTH | timestamp, seq or bdSeq; a careless library lacks one or two of them, what has none was no library's |
/// | DBIRTH | timestamp or seq |
/// | NDEATH | timestamp or bdSeq; and bdSeq, if the birth had one |
/// | DDEATH | timestamp, seq or a metric: mqtt-spb-wrapper (2.1) says bdSeq here, and nothing else |
extension Payload {
    /// Reads a message of a type.
    /// - Throws: `cleared`, `notABirth`, `notADeath`, and what `init` throws.
    init(_ bytes: [UInt8], as type: SparkplugTopic.MessageType) throws(SparkplugFault) {
        guard !bytes.isEmpty else { throw .cleared }
        try self.init(bytes)
        let isDated = timestamp != nil || seq != nil
        switch type {
        case .nodeBirth: guard isDated || bdSeq != nil else { throw .notABirth }
        case .deviceBirth: guard isDated else { throw .notABirth }
        case .nodeDeath: guard timestamp != nil || bdSeq != nil else { throw .notADeath }
        case .deviceDeath: guard isDated || !metrics.isEmpty else { throw .notADeath }
        case .nodeData, .deviceData, .nodeCommand, .deviceCommand, .state: break
        }
    }
}

/// Messages under an edge node's topics that are none of Sparkplug B: ordinary ones, which cross as they are.
public enum ForeignPayload {
    /// Whether a payload is a JSON text, as gateways that can be told to write JSON put it there: an object or a list, and no Sparkplug B.
    public static func isJSON(_ payload: RawSpan) -> Bool {
        guard let first = edge(payload, fromEnd: false), let last = edge(payload, fromEnd: true) else { return false }
        switch (first, last) {
        case (UInt8(ascii: "{"), UInt8(ascii: "}")), (UInt8(ascii: "["), UInt8(ascii: "]")): break
        default: return false
        }
        let bytes = [UInt8](copying: payload)
        return !PayloadSchema.payload.matches(bytes, bytes.indices)
    }

    /// The first or last byte that is no white space of JSON (RFC 8259 section 2).
    private static func edge(_ payload: RawSpan, fromEnd: Bool) -> UInt8? {
        payload.withUnsafeBytes { bytes in
            let isText = { (byte: UInt8) in byte != 0x20 && byte != 0x09 && byte != 0x0A && byte != 0x0D }
            return fromEnd ? bytes.last(where: isText) : bytes.first(where: isText)
        }
    }
}
