import Testing

@testable import MQTT
@testable import MQTTProtocol

/// A session on virtual time with a server made by hand: what goes in and comes out, in words.
final class SessionRig {
    var session: Session
    var events = SessionEvents()
    var now = Duration.seconds(1_000)
    var version = ProtocolVersion.v5

    init(_ change: (inout ConnectionSettings) -> Void = { _ in }) {
        var settings = ConnectionSettings(host: "test", port: 1)
        settings.clientIdentifier = "me"
        settings.cleanStart = false
        settings.sessionExpiry = .seconds(3_600)
        change(&settings)
        session = Session(settings)
    }

    /// Opens the connection and has the server say yes.
    func connect(_ connack: [UInt8]? = nil) throws {
        session.open(version: version, now: now)
        _ = sent()
        try feed(connack ?? ServerPacket.connack(version: version))
        events.clear()
    }

    /// The network connection breaks, and what it settles is kept in `events`.
    func lose() {
        session.close(events: &events)
    }

    /// What the session has written since the last call, as packets in hexadecimal.
    func sent() -> [String] {
        let bytes = session.output.bytes
        session.output.removeAll()
        var packets: [String] = []
        var position = 0
        while position < bytes.count,
            let header = try? PacketHeader.decode(
                Array(bytes[position...]).span.bytes, maximumPacketBytes: PacketHeader.largestPacketBytes)
        {
            let packet = bytes[position..<(position + header.packetBytes)]
            packets.append(packet.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
            position += header.packetBytes
        }
        return packets
    }

    /// Feeds bytes from the server, all of which must be taken.
    func feed(_ bytes: [UInt8]...) throws {
        let all = bytes.flatMap(\.self)
        var taken = 0
        while taken < all.count {
            let rest = Array(all[taken...])
            let count = try session.receive(rest.span.bytes, now: now, events: &events)
            note(rest)
            guard count > 0 else { break }
            taken += count
        }
        #expect(taken == all.count)
    }

    /// Messages that were delivered since the last call of `delivered`: topic, payload, and marks.
    private var messages: [String] = []
    private(set) var deliveries: [DeliveryID] = []

    func note(_ bytes: [UInt8]) {
        let events = self.events
        let batch = events.batch(bytes: bytes.span.bytes, version: version)
        for index in 0..<batch.messageCount {
            let message = batch.message(at: index)
            let content =
                switch message.loss {
                case nil: String(utf8: message.payload) + (message.duplicate ? "!" : "")
                case .oversize(let payloadBytes, _): "<\(payloadBytes) bytes>"
                case .malformed(let fault): "<\(fault.word)>"
                }
            messages.append(String(utf8: message.topic) + "=" + content)
            if let delivery = message.delivery { deliveries.append(delivery) }
        }
        self.events.records.removeAll()
        self.events.copies.removeAll()
    }

    func delivered() -> [String] {
        defer { messages = [] }
        return messages
    }

    /// How often the server has broken MQTT, by kind.
    func faults() -> [String: UInt64] {
        defer { events.faults = FaultTally() }
        let tally = events.faults
        return Dictionary(
            uniqueKeysWithValues: ProtocolFault.allCases.filter { tally[$0] > 0 }.map { ($0.word, tally[$0]) })
    }

    func settled() -> [Settlement] {
        defer { events.settlements.removeAll() }
        return events.settlements
    }

    func answered() -> [SubscriptionResult] {
        defer { events.subscriptions.removeAll() }
        return events.subscriptions
    }

    func publish(_ topic: String, qos: QoS, token: UInt64, payload: [UInt8] = [], retain: Bool = false) -> Bool {
        let message = PublishView(
            topic: topic.utf8.span.bytes, properties: RawSpan(), payload: payload.span.bytes, qos: qos, retain: retain)
        return session.publish(message, token: token, now: now, events: &events)
    }

    func tick(after time: Duration) throws {
        now += time
        try session.tick(now: now)
    }
}
