import Foundation
import Glibc
import TestKit
import Testing

@Suite("diode-recv run", .timeLimit(.minutes(2)))
struct ReceiverRunTests {
    private let shell: Operator
    private let port = freePort()
    private let configuration: String

    init() async throws {
        shell = try Operator()
        _ = try await shell.keygen()
        configuration = try shell.writeReceiver(
            """
            { links: [{ listen: ["127.0.0.1:\(port)"] }], broker: { url: "mqtt://127.0.0.1:1" }, state: "recv.db",
              status: null }
            """)
    }

    private func start(_ options: String...) throws -> Child {
        try Child([Executable.path("diode-recv"), "run", "--config", configuration] + options)
    }

    @Test("it starts without broker and sender, says how it is, and ends well on SIGTERM")
    func lifetime() async throws {
        let daemon = try start("--log-format", "json")
        let socket = shell.folder.file("recv.db.sock")
        #expect(await eventually { FileManager.default.fileExists(atPath: socket) }, "\(daemon.errors)")
        let status = try await shell.receive("status", "--config", configuration)
        #expect(status.exit == .code(4))
        #expect(status.output.hasPrefix("link       offline   since 20"))
        let json = try await shell.receive("status", "--config", configuration, "--json")
        let answer = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        for part in ["link", "sender", "ot_broker", "it_broker"] {
            #expect(Set((answer[part] as? [String: Any] ?? [:]).keys) == ["state", "since", "reason"])
        }
        let check = try await shell.receive("check", "--config", configuration)
        #expect(check.output.contains("recv.db; a daemon runs on it"))
        #expect(check.output.contains("note  listen      127.0.0.1:\(port): not tested, the daemon listens there"))

        let paired = try await shell.receive("pair", "--config", configuration, shell.folder.file("plant-a.card"))
        #expect(paired.exit == .code(1) && paired.errors.contains("stop diode-recv, pair, and start it again"))

        #expect(try await daemon.terminate() == .code(0))
        #expect(!FileManager.default.fileExists(atPath: socket))
        for line in daemon.errors.split(separator: "\n") {
            #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(line.utf8)) }
        }
    }

    @Test("D9 a second run on the same state is refused with the first one's process id, also after kill -9")
    func secondRun() async throws {
        let first = try start()
        let socket = shell.folder.file("recv.db.sock")
        #expect(await eventually { FileManager.default.fileExists(atPath: socket) }, "\(first.errors)")
        let second = try start()
        #expect(try await second.wait() == .code(1))
        #expect(
            second.errors.contains(
                "state \(shell.folder.file("recv.db")): in use by process \(first.processID); one state, one daemon"))
        try await first.kill9()
        let third = try start()
        let answers = try await eventually {
            try await shell.receive("status", "--config", configuration).exit == .code(4)
        }
        #expect(answers, "\(third.errors)")
        #expect(try await third.terminate() == .code(0))
    }

    @Test("a port that is in use and a card that is missing end it with exit 1 and one line that names them")
    func cannotStart() async throws {
        let taken = try DatagramSocket(port)
        let busy = try start()
        #expect(try await busy.wait() == .code(1))
        #expect(busy.errors.contains("cannot listen on 127.0.0.1:\(port): bind: Address already in use"))
        withExtendedLifetime(taken) {}

        try FileManager.default.removeItem(atPath: shell.folder.file("plant-a.card"))
        let unpaired = try start()
        #expect(try await unpaired.wait() == .code(1))
        #expect(unpaired.errors.contains("card \(shell.folder.file("plant-a.card")): No such file or directory"))
        let format = try start("--log-format", "xml")
        #expect(try await format.wait() == .code(2))
        #expect(format.errors == "diode-recv: --log-format: \"xml\" is no format; allowed: text or json\n")
    }
}
