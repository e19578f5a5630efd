import MQTT
import TestKit
import Threading
import MQTTProtocol

/// A connection whose observer writes everything down.
final class TestClient: Sendable {
    struct Message: Sendable, Equatable {
        var topic: String
        var payload: String
        var qos: QoS
        var retain = false
        var duplicate = false
        var identifier: UInt16 = 0
        var delivery: DeliveryID?
        var properties: [UInt8] = []
    }

    struct Log: Sendable {
        var grants: [ServerGrant] = []
        var errors: [ConnectionError] = []
        var attempts = 0
        var isStopped = false
        var isConnected = false
        var messages: [Message] = []
        var settlements: [Settlement] = []
        var results: [SubscriptionResult] = []
    }

    private let log = Lock(Log())
    let connection: Connection

    /// - Parameter acknowledging: acknowledges every delivery at once.
    init(_ settings: ConnectionSettings, acknowledging: Bool = true) throws {
        let own = Lock<Connection?>(nil)
        let log = log
        connection = try Connection(
            settings,
            observer: Connection.Observer(
                changed: { state in
                    log.withLock { log in
                        switch state {
                        case .connecting: log.attempts += 1
                        case .connected(let grant):
                            log.grants.append(grant)
                            log.isConnected = true
                        case .disconnected(let error, _):
                            log.errors.append(error)
                            log.isConnected = false
                        case .stopped: log.isStopped = true
                        }
                    }
                },
                received: { batch in
                    var last: DeliveryID?
                    for index in 0..<batch.messageCount {
                        let message = batch.message(at: index)
                        last = message.delivery ?? last
                        let payload =
                            if case .oversize(let bytes, _) = message.loss { "<\(bytes) bytes>" } else {
                                String(utf8: message.payload)
                            }
                        let note = Message(
                            topic: String(utf8: message.topic), payload: payload,
                            qos: message.qos, retain: message.retain, duplicate: message.duplicate,
                            identifier: message.packetIdentifier, delivery: message.delivery,
                            properties: copy(message.properties))
                        log.withLock { $0.messages.append(note) }
                    }
                    for index in batch.settlements.indices {
                        let settlement = batch.settlements[index]
                        log.withLock { $0.settlements.append(settlement) }
                    }
                    for index in batch.subscriptions.indices {
                        let result = batch.subscriptions[index]
                        log.withLock { $0.results.append(result) }
                    }
                    if acknowledging, let last { own.withLock { $0 }?.acknowledge(through: last) }
                }))
        let connection = connection
        own.withLock { $0 = connection }
        try connection.start()
        stopper = { own.withLock { $0 = nil } }
    }

    private let stopper: @Sendable () -> Void

    deinit { stop() }

    func stop(drain: Duration = .zero, withWill: Bool = false) {
        connection.stop(drain: drain, withWill: withWill)
        stopper()
    }

    var now: Log { log.withLock { $0 } }
    var messages: [Message] { now.messages }
    var payloads: [String] { now.messages.map(\.payload) }

    func clear() { log.withLock { $0 = Log(grants: $0.grants, isConnected: $0.isConnected) } }

    func connected(_ timeout: Duration = .seconds(10)) async -> Bool {
        await eventually(timeout) { self.now.isConnected }
    }

    /// Subscribes and waits for the answer.
    func subscribe(_ filters: Subscription...) async throws -> [ReasonCode] {
        let request = SubscriptionRequest(rawValue: .random(in: 1 ... .max))
        try connection.subscribe(filters, request: request)
        _ = await eventually { self.now.results.contains { $0.request == request } }
        guard case .answered(let reasons) = now.results.first(where: { $0.request == request })?.outcome else {
            return []
        }
        return reasons
    }

    func messages(_ count: Int, _ timeout: Duration = .seconds(20)) async -> [Message] {
        _ = await eventually(timeout) { self.log.withLock { $0.messages.count } >= count }
        return messages
    }

    func settled(_ count: Int, _ timeout: Duration = .seconds(20)) async -> [Settlement] {
        _ = await eventually(timeout) { self.log.withLock { $0.settlements.count } >= count }
        return now.settlements
    }
}

extension ConnectionSettings {
    /// Settings for a broker of a test; impatient.
    init(_ port: UInt16, id: String, version: VersionPolicy = .v5, session: Duration = .zero) {
        self.init(host: "127.0.0.1", port: port)
        clientIdentifier = id
        self.version = version
        cleanStart = session == .zero
        sessionExpiry = session
        reconnectMinimum = .milliseconds(20)
        reconnectMaximum = .milliseconds(100)
        connectTimeout = .seconds(5)
        responseTimeout = .seconds(5)
    }
}
