internal import MQTT
internal import MQTTProtocol
internal import Outbox
internal import Sparkplug

/// Opens connections for edge nodes: each with an identifier and a will of its own, and with room for all that may wait for one node.
struct EdgeNodeDialer {
    private let settings: PublisherSettings
    private let mailbox: PublisherMailbox

    init(_ settings: PublisherSettings, mailbox: PublisherMailbox) {
        self.settings = settings
        self.mailbox = mailbox
    }

    /// How much may wait to leave over one node's connection. All that waits may be one node's, and leaves at once when it is born.
    var publishQueueBytes: Int { max(settings.connection.publishQueueBytes, 2 * settings.reachBytes) }

    /// - Parameters:
    ///   - willTopic: where the node's death is published on the IT broker.
    ///   - generation: comes with each of the connection's events.
    func open(
        _ id: EdgeNodeID, will: EdgeNodeProxy.Message, willTopic: [UInt8], generation: UInt64
    ) throws -> Connection {
        let mailbox = mailbox
        let observer = Connection.Observer(
            changed: { mailbox.post(.edgeNode(id, .changed($0), generation: generation)) },
            received: { mailbox.post($0, of: id, generation: generation) })
        let opened = try Connection(connection(for: id, will, willTopic), observer: observer)
        try opened.start()
        return opened
    }

    private func connection(
        for id: EdgeNodeID, _ will: EdgeNodeProxy.Message, _ willTopic: [UInt8]
    ) -> ConnectionSettings {
        var connection = settings.connection
        let base = connection.clientIdentifier.isEmpty ? "diode-recv-\(settings.link)" : connection.clientIdentifier
        // No level of a topic contains a slash, so no two nodes get the same identifier.
        connection.clientIdentifier = "\(base)/\(id)"
        connection.cleanStart = true
        connection.sessionExpiry = .zero
        connection.will = Will(
            topic: String(decoding: willTopic, as: UTF8.self), payload: will.payload,
            qos: QoS(rawValue: will.qos) ?? .atLeastOnce)
        connection.receiveMaximum = 64
        connection.publishQueueMessages = settings.reachRecords + 2 * settings.edgeNodes.limits.devicesPerNode
        connection.publishQueueBytes = publishQueueBytes
        return connection
    }
}
