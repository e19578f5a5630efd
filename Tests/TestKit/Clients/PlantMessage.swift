/// A message as the scripts of Tests/clients write it down: what was published, or what arrived. Properties: user properties first, then
/// `content_type`, `payload_format`, `response_topic`, `correlation` (hex) and `expiry`, each at most once.
public struct PlantMessage: Sendable, Hashable, Codable {
    public var topic: String
    public var payload: [UInt8]
    public var qos: Int
    public var retain: Bool
    /// MQTT 5 properties; user properties come first, in their order, repeated names included.
    public var properties: [Property]

    public enum Property: Sendable, Hashable, Codable {
        case user(String, String)
        case text(String, String)
        case number(String, Int)

        public init(from decoder: any Decoder) throws {
            var pair = try decoder.unkeyedContainer()
            let name = try pair.decode(String.self)
            if name == "user" {
                let user = try pair.decode([String].self)
                guard user.count == 2 else {
                    throw DecodingError.dataCorruptedError(in: pair, debugDescription: "not a name and a value")
                }
                self = .user(user[0], user[1])
            } else if let number = try? pair.decode(Int.self) {
                self = .number(name, number)
            } else {
                self = .text(name, try pair.decode(String.self))
            }
        }

        public func encode(to encoder: any Encoder) throws {
            var pair = encoder.unkeyedContainer()
            switch self {
            case .user(let name, let value):
                try pair.encode("user")
                try pair.encode([name, value])
            case .text(let name, let value):
                try pair.encode(name)
                try pair.encode(value)
            case .number(let name, let value):
                try pair.encode(name)
                try pair.encode(value)
            }
        }
    }

    public init(
        _ topic: String, _ payload: [UInt8], qos: Int = 1, retain: Bool = false, properties: [Property] = []
    ) {
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.retain = retain
        self.properties = properties
    }

    private enum Key: String, CodingKey { case topic, payload, qos, retain, properties }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        topic = try fields.decode(String.self, forKey: .topic)
        payload = bytes(hexadecimal: Substring(try fields.decode(String.self, forKey: .payload)))
        qos = try fields.decodeIfPresent(Int.self, forKey: .qos) ?? 0
        retain = try fields.decodeIfPresent(Bool.self, forKey: .retain) ?? false
        properties = try fields.decodeIfPresent([Property].self, forKey: .properties) ?? []
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Key.self)
        try fields.encode(topic, forKey: .topic)
        try fields.encode(hexadecimal(payload), forKey: .payload)
        try fields.encode(qos, forKey: .qos)
        try fields.encode(retain, forKey: .retain)
        try fields.encode(properties, forKey: .properties)
    }

    /// The user properties alone, in their order.
    public var userProperties: [(name: String, value: String)] {
        properties.compactMap { property in
            if case .user(let name, let value) = property { (name, value) } else { nil }
        }
    }
}

/// Bytes as hexadecimal digits.
private func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
