/// Takes what is sound from a list of properties that breaks MQTT: everything that is broken is left out, and all else stays in order.
///
/// ```text
/// content type "a" │ content type "b" │ user "unit" "\xB0C" │ response topic "r"  ─▶  content type "a" │ response topic "r"
/// ```
///
/// A property of unknown length ends the reading, since nobody knows where the next one begins.
struct PropertyRepair: Sendable {
    /// The sound properties, without their length prefix.
    private(set) var bytes: [UInt8] = []
    /// 0 if there is none.
    private(set) var topicAlias: UInt16 = 0
    private(set) var faults = FaultSet()
    private var seen: PropertyID.Set = []

    /// - Parameter allowed: what the packet may have.
    init(_ list: RawSpan, allowed: PropertyID.Set) {
        var position = 0
        while position < list.byteCount {
            let rest = list.extracting(position..<list.byteCount)
            do throws(CodecError) {
                position += try take(rest, allowed)
            } catch {
                faults.insert(error.reason == .truncated ? .propertyCut : ProtocolFault(error.reason))
                return
            }
        }
    }

    /// Takes the first property of `rest`, or leaves it out.
    /// - Returns: its length.
    /// - Throws: if it has no end.
    private mutating func take(_ rest: RawSpan, _ allowed: PropertyID.Set) throws(CodecError) -> Int {
        var reader = ByteReader(rest)
        let code = UInt32(try reader.variableByteInteger())
        guard code <= 0xFF, let id = PropertyID(rawValue: UInt8(code)) else {
            throw CodecError(.unknownProperty(code), at: 0)
        }
        switch id.encoding {
        case .byte: _ = try reader.uint8()
        case .twoBytes: _ = try reader.uint16()
        case .fourBytes: _ = try reader.uint32()
        case .variableByteInteger: _ = try reader.variableByteInteger()
        case .string, .binary: _ = try reader.binary()
        case .stringPair:
            _ = try reader.binary()
            _ = try reader.binary()
        }
        let encoded = rest.extracting(0..<reader.offset)
        do throws(CodecError) {
            var one = PropertyReader(encoded)
            let property = try one.next()
            guard allowed.contains(id) else { throw CodecError(.unexpectedProperty(id), at: 0) }
            if id == .topicAlias, property.number == 0 { throw CodecError(.zeroTopicAlias, at: 0) }
            guard seen.insert(id) || PropertyID.Set.repeatable.contains(id) else {
                throw CodecError(.duplicateProperty(id), at: 0)
            }
            if id == .topicAlias { topicAlias = UInt16(property.number) }
            bytes.append(span: encoded)
        } catch {
            faults.insert(ProtocolFault(error.reason))
        }
        return encoded.byteCount
    }
}
