/// A message whose payload carries a number, so that it is known again wherever it appears.
///
/// ```text
/// {"number":0000012345,"text":"……"}        always `payloadBytes` long
/// ```
public enum NumberedMessage {
    public static let payloadBytes = 100
    private static let beginning = Array("{\"number\":".utf8)
    private static let digits = 10

    /// - Parameter number: 0…9,999,999,999.
    public static func payload(_ number: Int) -> [UInt8] {
        var payload = beginning
        payload.reserveCapacity(payloadBytes)
        var divisor = 1_000_000_000
        for _ in 0..<digits {
            payload.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / divisor % 10))
            divisor /= 10
        }
        payload += ",\"text\":\"".utf8
        while payload.count < payloadBytes - 2 { payload.append(UInt8(ascii: "a") + UInt8(payload.count % 26)) }
        return payload + "\"}".utf8
    }

    /// The number in a payload; nil if it carries none.
    public static func number(in payload: RawSpan) -> Int? {
        guard payload.byteCount == payloadBytes else { return nil }
        var number = 0
        for index in 0..<beginning.count + digits {
            // Within the payload, whose length was checked.
            let byte = payload.unsafeLoad(fromByteOffset: index, as: UInt8.self)
            if index < beginning.count {
                guard byte == beginning[index] else { return nil }
            } else {
                guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
                number = number * 10 + Int(byte - UInt8(ascii: "0"))
            }
        }
        return number
    }
}
