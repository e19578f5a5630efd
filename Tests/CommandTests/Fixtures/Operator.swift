import TestKit

/// `diode-send` and `diode-recv` in a folder of their own.
struct Operator {
    let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory("commands") }

    func send(_ arguments: String..., input: String? = nil) async throws -> Finished {
        try await run([Executable.path("diode-send")] + arguments, input: input)
    }

    func receive(_ arguments: String..., input: String? = nil) async throws -> Finished {
        try await run([Executable.path("diode-recv")] + arguments, input: input)
    }

    /// Makes a key and its card, and returns the fingerprint.
    func keygen(_ link: String = "plant-a", into folder: String? = nil) async throws -> String {
        let output = try await runSuccessfully(
            [Executable.path("diode-send"), "keygen", "--link", link, "--out", folder ?? self.folder.path])
        return String(output.dropLast())
    }

    /// Writes `send.json5`, by default one that needs nothing but a broker.
    func writeSender(_ text: String? = nil, broker: String = "mqtt://127.0.0.1:1") throws -> String {
        try folder.write(
            "send.json5",
            text ?? """
                { link: { rate: "100Mbit/s", paths: ["127.0.0.1:\(freePort())"] }, broker: { url: "\(broker)" },
                  export: [{ filter: "acme/#", except: ["acme/secret/#"] }], state: "send.db",
                  journal: { min_free: "1MiB" }, status: null }
                """)
    }

    /// Writes `recv.json5` for links `plant-a` and `plant-b`.
    func writeReceiver(_ text: String? = nil, broker: String = "mqtt://127.0.0.1:1", port: UInt16 = freePort()) throws
        -> String
    {
        try folder.write(
            "recv.json5",
            text ?? """
                { links: [{ name: "plant-a", card: "it/a.card", listen: ["127.0.0.1:\(port)"], topic_prefix: "a" },
                          { name: "plant-b", card: "it/b.card", listen: ["127.0.0.1:\(port)"], topic_prefix: "b" }],
                  broker: { url: "\(broker)" }, state: "recv.db", status: null }
                """)
    }
}
