import TestKit

/// Brokers on both sides of the pair: a column of docs/BROKERS.md. Where one is named, a mosquitto that speaks MQTT 5 is on the other side.
enum BrokerColumn: String, Sendable, CaseIterable {
    case mosquitto = "mosquitto, MQTT 5"
    case otOld = "OT: mosquitto, 3.1.1"
    case itOld = "IT: mosquitto, 3.1.1"
    case otNATS = "OT: NATS"
    case itNATS = "IT: NATS"
    case otRabbitMQ = "OT: RabbitMQ"
    case itRabbitMQ = "IT: RabbitMQ"

    /// What is not as it was sent in a row, and why.
    func limitations(_ row: FidelityCase) -> [BrokerLimitation] {
        let all = limitations(row.name == FidelityCase.before.name)
        return all.filter { $0.concerns(row) }
    }

    /// - Parameter isFetched: the messages were retained before the sender came.
    private func limitations(_ isFetched: Bool) -> [BrokerLimitation] {
        let live: [BrokerLimitation] = isFetched ? [] : [.noLiveRetain]
        return switch self {
        case .mosquitto: []
        case .otOld: [.noProperties] + live
        case .itOld: [.noProperties]
        case .otNATS: [.noProperties] + live + [.qos2Refused, .noSpaces, .noDots, .deadlyTopics]
        case .itNATS: [.noProperties, .noLiveRetain, .qos2Refused, .noSpaces, .noDots, .deadlyTopics]
        case .otRabbitMQ:
            (isFetched ? [.noWildcardRetained] : live) + [.noProperties, .qos1, .dotsAreSlashes, .noStars]
        case .itRabbitMQ: [.noProperties, .noLiveRetain, .qos1, .dotsAreSlashes, .starsArePluses]
        }
    }

    /// Keys of the configuration that such a broker needs.
    func configure(_ settings: inout DiodePair.Settings, ot: any MQTTServer, it: any MQTTServer) {
        switch self {
        case .otOld, .otRabbitMQ: settings.sender["broker"] = "{ url: \"\(ot.url)\", version: \"3.1.1\" }"
        case .itOld: settings.receiver["broker"] = "{ url: \"\(it.url)\", version: \"3.1.1\" }"
        case .itRabbitMQ:
            settings.receiver["broker"] = "{ url: \"\(it.url)\", version: \"3.1.1\" }"
            settings.receiverLink = "max_qos: 1"
        default: break
        }
    }

    func startOT() async throws -> any MQTTServer {
        switch self {
        case .otNATS: try await NATSServer.start()
        case .otRabbitMQ: try await RabbitMQServer.start()
        default: try await Broker.start(lines: ["max_queued_messages 0"])
        }
    }

    func startIT() async throws -> any MQTTServer {
        switch self {
        case .itNATS: try await NATSServer.start()
        case .itRabbitMQ: try await RabbitMQServer.start()
        default: try await Broker.start(lines: ["max_queued_messages 0"])
        }
    }
}
