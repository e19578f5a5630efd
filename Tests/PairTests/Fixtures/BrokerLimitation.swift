import TestKit

/// What a broker or its protocol version does to messages: a note of docs/BROKERS.md.
enum BrokerLimitation: String, Sendable, CaseIterable {
    case noProperties = """
        MQTT 3.1.1 has no properties: they are gone. A message expiry interval is still obeyed by the pair.
        """
    case noLiveRetain = """
        MQTT 3.1.1 does not tell a subscriber whether a live message is retained: it arrives as an event, a deletion as an empty event.
        """
    case qos1 = "The broker has no QoS 2: it delivers at QoS 1."
    case noSpaces = "NATS refuses topics with spaces: it closes the connection of whoever publishes one."
    case noDots = "NATS (2.9) refuses topics with dots: it closes the connection of whoever publishes one."
    case dotsAreSlashes = "RabbitMQ delivers a dot in a topic as a slash."
    case noStars = """
        RabbitMQ delivers a `*` in a topic as `+`, which no MQTT topic may contain: the message is lost by name (`ot-broker`, `malformed`).
        """
    case starsArePluses = "RabbitMQ delivers a `*` in a topic as `+`, which no MQTT topic may contain."
    case deadlyTopics = """
        NATS 2.9.10 itself dies of a topic of 65,535 bytes, whoever publishes it: left out here. One of 65,000 passes.
        """
    case qos2Refused = "NATS (2.9) refuses QoS 2: it closes the connection of whoever publishes at it."
    case noWildcardRetained = """
        RabbitMQ shows retained values to exact subscriptions alone, never below a wildcard: nothing can be fetched.
        """

    /// What becomes of a message; nil if it never arrives.
    private func apply(_ message: PlantMessage) -> PlantMessage? {
        var message = message
        switch self {
        case .noProperties: message.properties = []
        case .noLiveRetain: message.retain = false
        case .qos1: message.qos = min(message.qos, 1)
        case .noSpaces: if message.topic.contains(" ") { return nil }
        case .noDots: if message.topic.contains(".") { return nil }
        case .dotsAreSlashes: message.topic = message.topic.replacing(".", with: "/")
        case .noStars: if message.topic.contains("*") { return nil }
        case .starsArePluses: message.topic = message.topic.replacing("*", with: "+")
        case .deadlyTopics: if message.topic.utf8.count > 65_000 { return nil }
        case .qos2Refused: if message.qos == 2 { return nil }
        case .noWildcardRetained: return nil
        }
        return message
    }

    /// What becomes of messages.
    func apply(_ messages: [PlantMessage]) -> [PlantMessage] { messages.compactMap(apply) }

    /// Whether it changes anything in this row.
    func concerns(_ row: FidelityCase) -> Bool { apply(row.messages) != row.messages }

    /// The broker ends the connection of whoever publishes such a topic.
    var isRefusal: Bool { [.noSpaces, .noDots, .qos2Refused].contains(self) }
}
