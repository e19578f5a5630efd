import Foundation

/// Edge nodes and hosts by software that we did not write, and the strict host of Tests/clients.
extension PythonClient {
    /// A host that judges each message by the clauses of Sparkplug 3.0.0, subscribed when this returns.
    public static func strictHost(on broker: Broker, options: [String] = []) async throws -> PythonClient {
        try await PythonClient("paho-mqtt/sparkplug_host.py", on: broker, out: "--out", options: options)
    }

    /// A host by a library, `pysparkplug` or `mqtt-spb-wrapper`.
    public static func libraryHost(_ library: String, on broker: Broker) async throws -> PythonClient {
        try await PythonClient("\(library)/sparkplug_library_host.py", on: broker, out: "--out", options: [])
    }

    /// An edge node that uses all that Sparkplug has.
    public static func richNode(on broker: Broker, count: Int = 0, options: [String] = []) async throws -> PythonClient
    {
        try await PythonClient(
            "paho-mqtt/sparkplug_rich_node.py", on: broker, out: "--manifest",
            options: ["--count", String(count)] + options)
    }

    /// An edge node by mqtt-spb-wrapper, as the library comes.
    public static func wrapperNode(
        on broker: Broker, count: Int = 0, options: [String] = []
    ) async throws -> PythonClient {
        try await PythonClient(
            "mqtt-spb-wrapper/sparkplug_wrapper_node.py", on: broker, out: "--manifest",
            options: ["--count", String(count)] + options)
    }

    /// What an edge node published, or what the strict host says of what arrived; in order.
    public var sparkplug: [SparkplugMessage] { lines() }
}

extension Broker {
    /// Sends a host's request for a rebirth, `--alias N` or `--times N` among the options; `--write DEVICE` sends a device command instead.
    public func requestRebirth(_ node: String, options: [String] = []) async throws {
        let folder = Executable.projectRoot
        try await runSuccessfully(
            [
                folder + "/.venv/paho-mqtt/bin/python", folder + "/Tests/clients/paho-mqtt/sparkplug_request.py",
                "--port", String(port), "--node", node,
            ] + options, environment: ["PYTHONDONTWRITEBYTECODE": "1"])
    }
}
