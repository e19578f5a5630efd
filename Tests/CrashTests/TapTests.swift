import MQTT
import TestKit
import Testing
import Threading
import Time

/// The tap and the load themselves, between a real broker and our own client.
@Suite("The tap on the wire")
struct TapTests {
    @Test("It counts what a subscriber was handed and what it acknowledged, at 5,000 messages a second and more")
    func subscriber() async throws {
        let broker = try await Broker.start(lines: Load.brokerLines)
        let tap = try MQTTTap(to: broker.port, .fromServer)
        defer { tap.stop() }
        // The subscriber acknowledges all but what comes after it was told to keep silent.
        let silent = Lock(false)
        let subscribed = Lock(false)
        let subscriber = Lock<Connection?>(nil)
        let observer = Connection.Observer(
            changed: { _ in },
            received: { batch in
                if !batch.subscriptions.isEmpty { subscribed.withLock { $0 = true } }
                guard !silent.withLock({ $0 }) else { return }
                var deliveries: [DeliveryID] = []
                for index in 0..<batch.messageCount {
                    if let delivery = batch.message(at: index).delivery { deliveries.append(delivery) }
                }
                if let last = deliveries.last { subscriber.withLock { $0 }?.acknowledge(through: last) }
            })
        var settings = ConnectionSettings(host: "127.0.0.1", port: tap.port)
        settings.clientIdentifier = "subscriber"
        settings.cleanStart = false
        settings.sessionExpiry = .seconds(600)
        let connection = try Connection(settings, observer: observer)
        subscriber.withLock { $0 = connection }
        try connection.start()
        try connection.subscribe([Subscription("load/#", qos: .exactlyOnce)])

        try #require(await eventually { subscribed.withLock { $0 } })
        let load = try Load(port: broker.port, perSecond: 8_000)
        try #require(await eventually { tap.read { $0.acknowledged } > 20_000 })
        let started = MQTTTap.milliseconds
        let before = tap.read { $0.acknowledged }
        try #require(await eventually { MQTTTap.milliseconds > started + 1_000 })
        let rate = Double(tap.read { $0.acknowledged } - before) / Double(MQTTTap.milliseconds - started) * 1_000
        #expect(rate > 5_000, "only \(Int(rate)) messages a second")

        silent.withLock { $0 = true }
        try #require(await eventually { tap.inFlight > 100 })
        let cutAt = MQTTTap.milliseconds
        tap.isRefusing = true
        try #require(await eventually { tap.inFlight == 0 })
        #expect(tap.read { ($0.endings.last?.unacknowledged ?? 0) > 100 })
        silent.withLock { $0 = false }
        tap.isRefusing = false
        // The session was kept, so what was in flight comes again and nothing is missing.
        load.stop()
        let published = load.acknowledged
        try #require(await eventually(.seconds(20)) { tap.read { $0.acknowledged } >= published })
        #expect(tap.read { account in (0..<account.end).allSatisfy { account.isAcknowledged($0) || $0 >= published } })
        // Some acknowledgements that the tap saw never reached the broker; no others are in doubt.
        #expect(tap.read { $0.repeats.allSatisfy { $0.acknowledgedAt <= cutAt + 100 && $0.againAt >= cutAt } })
        connection.stop()
    }

    @Test("It counts what a publisher sent and the broker acknowledged")
    func publisher() async throws {
        let broker = try await Broker.start(lines: Load.brokerLines)
        let tap = try MQTTTap(to: broker.port, .fromClient)
        defer { tap.stop() }
        let load = try Load(port: tap.port, perSecond: 6_000)
        try #require(await eventually { tap.read { $0.acknowledged } > 6_000 })
        broker.pause()
        try #require(await eventually { tap.inFlight > 50 })
        broker.resume()
        try #require(await eventually { tap.read { $0.acknowledged } > 12_000 })
        load.stop()
        #expect(tap.read { $0.acknowledged } == load.acknowledged)
        #expect(tap.read { $0.repeats.isEmpty && $0.refused == 0 })
    }
}
