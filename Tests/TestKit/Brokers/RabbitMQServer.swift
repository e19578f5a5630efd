import Foundation

/// A RabbitMQ with its MQTT plugin, which is 3.1.1 without QoS 2. Starting it takes seconds.
///
/// It runs as whoever runs the tests, without Debian's service: everything that it writes is in a folder of its own, and so is the port
/// mapper that Erlang wants.
public final class RabbitMQServer: MQTTServer {
    public let port: UInt16
    private let folder: TemporaryDirectory
    private let mapper: Child
    private let server: Child

    public var url: String { "mqtt://127.0.0.1:\(port)" }
    public var scriptOptions: [String] { ["--version", "3.1.1"] }
    public var namespace: Namespace? { nil }
    public var log: String { server.output + server.errors }

    /// Starts it and waits until it accepts connections.
    /// - Parameter writable: a regular expression of what may be published, with dots for slashes: at anything else it closes the connection.
    public static func start(writable: String? = nil) async throws -> RabbitMQServer {
        let server = try RabbitMQServer(writable: writable)
        guard await eventually(.seconds(90), { server.isReady || !server.server.isRunning }), server.isReady else {
            throw Broker.NotReady(description: "rabbitmq-server: \(server.log.suffix(2_000))")
        }
        return server
    }

    private var isReady: Bool { server.output.contains("Server startup complete") }

    private init(writable: String?) throws {
        port = freePort()
        folder = try TemporaryDirectory("rabbitmq")
        try folder.write(
            "rabbitmq.conf",
            """
            listeners.tcp = none
            mqtt.listeners.tcp.1 = 127.0.0.1:\(port)
            mqtt.allow_anonymous = true
            disk_free_limit.absolute = 1MB
            \(writable == nil ? "" : "load_definitions = \(folder.file("definitions.json"))")

            """)
        if let writable { try folder.write("definitions.json", Self.definitions(writable: writable)) }
        try folder.write("plugins", "[rabbitmq_mqtt].\n")
        let environment = [
            "HOME": folder.path, "ERL_EPMD_PORT": "\(freePort())", "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": "test\(port)@localhost", "RABBITMQ_DIST_PORT": "\(freePort())",
            "RABBITMQ_MNESIA_BASE": folder.file("mnesia"), "RABBITMQ_LOGS": "-", "RABBITMQ_LOG_BASE": folder.path,
            "RABBITMQ_CONFIG_FILE": folder.file("rabbitmq.conf"), "RABBITMQ_PID_FILE": folder.file("pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": folder.file("plugins"),
            // The start script makes way for the server itself, so that a signal reaches it.
            "RUNNING_UNDER_SYSTEMD": "1",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 -kernel inet_dist_use_interface {127,0,0,1}",
        ]
        // Not by Debian's wrapper in /usr/sbin, which would become another user.
        mapper = try Child(["epmd"], environment: environment)
        server = try Child(["/usr/lib/rabbitmq/bin/rabbitmq-server"], environment: environment)
    }

    /// Everything may be done by everybody, but for what is published.
    private static func definitions(writable: String) -> String {
        """
        { "users": [{ "name": "guest", "password": "guest", "tags": "" }], "vhosts": [{ "name": "/" }],
          "permissions": [{ "user": "guest", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*" }],
          "topic_permissions": [{ "user": "guest", "vhost": "/", "exchange": "amq.topic", "write": "\(writable)", "read": ".*" }] }
        """
    }
}
