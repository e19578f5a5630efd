import Foundation

/// A message as `mosquitto_sub` printed it.
public struct ReceivedMessage: Sendable, Equatable {
    public let topic: String
    public let payload: [UInt8]
    public let qos: Int
    public let retain: Bool
    /// MQTT 5 user properties, `key:value`, joined by spaces.
    public let userProperties: String

    public init(topic: String, payload: [UInt8], qos: Int, retain: Bool, userProperties: String = "") {
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.retain = retain
        self.userProperties = userProperties
    }
}

/// `mosquitto_sub`, running: a subscriber that we did not write.
public final class Subscriber: Sendable {
    private let child: Child

    init(_ child: Child) { self.child = child }

    /// Whether the broker has acknowledged the subscription.
    public var isSubscribed: Bool { child.output.contains("Subscribed (mid:") }

    /// What has arrived so far, in order.
    public var messages: [ReceivedMessage] {
        child.lines.compactMap { line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard fields.count == 6, fields[0] == "message", let qos = Int(fields[2]) else { return nil }
            return ReceivedMessage(
                topic: String(fields[1]), payload: bytes(hexadecimal: fields[4]), qos: qos, retain: fields[3] == "1",
                userProperties: String(fields[5]))
        }
    }

    /// Waits for at least `count` messages and returns what is there then, or what came in time.
    public func messages(atLeast count: Int, _ timeout: Duration = .seconds(20)) async -> [ReceivedMessage] {
        _ = await eventually(timeout) { self.messages.count >= count }
        return messages
    }
}

extension Broker {
    /// Options by which mosquitto's own clients reach this broker.
    public var clientOptions: [String] {
        var options = ["-h", settings.certificates == nil ? "127.0.0.1" : "localhost", "-p", String(port)]
        if let certificates = settings.certificates {
            options += [
                "--cafile", certificates.authority, "--cert", certificates.clientCertificate,
                "--key", certificates.clientKey,
            ]
        }
        if let user = settings.users.min(by: { $0.key < $1.key }) { options += ["-u", user.key, "-P", user.value] }
        return options
    }

    /// Publishes one message with `mosquitto_pub` and waits until the broker has it.
    /// - Parameters:
    ///   - payload: text; empty with `retain` deletes.
    ///   - options: more of mosquitto_pub's options, such as `-D publish user-property a b`.
    public func publish(
        _ topic: String, _ payload: String, qos: Int = 1, retain: Bool = false, options: [String] = []
    ) async throws {
        let message = payload.isEmpty ? ["-n"] : ["-m", payload]
        try await runSuccessfully(
            ["mosquitto_pub", "-V", "mqttv5", "-t", topic, "-q", String(qos)] + message + (retain ? ["-r"] : [])
                + clientOptions + options,
            namespace: settings.namespace)
    }

    /// Publishes each line as one message on `topic`, over one connection.
    public func publish(lines: [String], to topic: String, qos: Int = 1) async throws {
        try await runSuccessfully(
            ["mosquitto_pub", "-V", "mqttv5", "-t", topic, "-q", String(qos), "-l"] + clientOptions,
            input: lines.joined(separator: "\n") + "\n", namespace: settings.namespace)
    }

    /// What it retains below a filter, by topic: whatever comes before a mark that is published behind the subscription. No `#` matches the
    /// mark's topic.
    public func retained(_ filter: String = "#") async throws -> [String: String] {
        let mark = "$mark/\(UInt64.random(in: .min ... .max))"
        let subscriber = try await subscribe(filter, qos: 0, options: ["-t", mark])
        try await publish(mark, "", qos: 0)
        guard await eventually(.seconds(20), { subscriber.messages.contains { $0.topic == mark } }) else {
            throw NotReady(description: "the mark behind what \(filter) retains did not come")
        }
        var values: [String: String] = [:]
        for message in subscriber.messages.prefix(while: { $0.topic != mark }) {
            values[message.topic] = String(decoding: message.payload, as: UTF8.self)
        }
        return values
    }

    /// Subscribes with `mosquitto_sub` (MQTT 5, Retain As Published) and waits until the broker has acknowledged it.
    public func subscribe(_ filter: String = "#", qos: Int = 1, options: [String] = []) async throws -> Subscriber {
        let child = try Child(
            [
                // Writing into a file it would else keep its lines to itself until 4 KiB are full.
                "stdbuf", "-oL", "mosquitto_sub", "-V", "mqttv5", "-d", "--retain-as-published", "-t", filter, "-q",
                String(qos),
                "-F", "message\\t%t\\t%q\\t%r\\t%x\\t%P",
            ] + clientOptions + options, namespace: settings.namespace)
        let subscriber = Subscriber(child)
        guard await eventually(.seconds(10), { subscriber.isSubscribed }) else {
            throw NotReady(description: "mosquitto_sub did not subscribe: \(child.output)\(child.errors)")
        }
        return subscriber
    }
}

/// The bytes that hexadecimal digits spell; an odd one at the end is left out.
func bytes(hexadecimal digits: Substring) -> [UInt8] {
    let digits = Array(digits.utf8)
    return stride(from: 0, to: digits.count - 1, by: 2).compactMap {
        UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)
    }
}
