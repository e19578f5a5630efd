import Foundation
import Glibc
import TestKit
import Testing

/// What `diode-send run` does when it cannot run, or when nobody is there yet.
@Suite("The sender's start", .timeLimit(.minutes(2)))
struct SenderStartTests {
    let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory("sender-start") }

    /// A key, and a configuration that sends to this address.
    func prepare(to address: String = "127.0.0.1:\(freePort())") async throws -> String {
        try await runSuccessfully([
            Executable.path("diode-send"), "keygen", "--link", "plant-a", "--out", folder.path,
        ])
        return try folder.write(
            "send.json5",
            """
            { link: { name: "plant-a", key: "plant-a.key", paths: ["\(address)"], rate: "100Mbit/s" },
              broker: { url: "mqtt://127.0.0.1:\(freePort())" }, export: [{ filter: "acme/#" }],
              state: "send.db", status: null }
            """)
    }

    func run(_ configuration: String) async throws -> Finished {
        try await TestKit.run([Executable.path("diode-send"), "run", "--config", configuration], timeout: .seconds(20))
    }

    @Test("A private key that others may read, or that is not there, is refused by name", arguments: [true, false])
    func key(exists: Bool) async throws {
        let configuration = try await prepare()
        if exists {
            chmod(folder.file("plant-a.key"), 0o644)
        } else {
            try FileManager.default.removeItem(atPath: folder.file("plant-a.key"))
        }
        let finished = try await run(configuration)
        #expect(finished.exit == .code(1), "\(finished)")
        #expect(finished.errors.contains("plant-a.key"), "\(finished.errors)")
    }

    @Test("An address that cannot be resolved is an error that names it")
    func unresolvable() async throws {
        let finished = try await run(try await prepare(to: "no-such-host.invalid:7400"))
        #expect(finished.exit == .code(1), "\(finished)")
        #expect(finished.errors.contains("no-such-host.invalid"), "\(finished.errors)")
    }

    @Test("Without a broker and without a receiver it starts, says so, and ends well on SIGTERM")
    func alone() async throws {
        let configuration = try await prepare()
        let sender = try Child([Executable.path("diode-send"), "run", "--config", configuration])
        let status = [Executable.path("diode-send"), "status", "--config", configuration, "--json"]
        let answers = try await eventually { try await TestKit.run(status).exit == .code(4) }
        #expect(answers, "\(sender.errors)")
        // A second one on the same state is refused, and harms neither.
        let second = try await run(configuration)
        #expect(second.exit == .code(1), "\(second)")
        #expect(second.errors.contains("send.db"), "\(second.errors)")
        #expect(sender.isRunning)
        #expect(try await sender.terminate() == .code(0), "\(sender.errors)")
    }
}
