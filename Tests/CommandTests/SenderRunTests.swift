import DiodeProtocol
import Foundation
import TestKit
import Testing

@Suite("diode-send run", .timeLimit(.minutes(2)))
struct SenderRunTests {
    private let shell: Operator
    private let configuration: String
    private var socket: String { shell.folder.file("send.db.sock") }

    init() async throws {
        shell = try Operator()
        _ = try await shell.keygen()
        configuration = try shell.writeSender()
    }

    private func start(_ options: String...) throws -> Child {
        try Child([Executable.path("diode-send"), "run", "--config", configuration] + options)
    }

    private func isUp(_ daemon: Child) async -> Bool {
        await eventually { FileManager.default.fileExists(atPath: socket) || !daemon.isRunning } && daemon.isRunning
    }

    @Test("it starts without broker and receiver, says how it is, and ends well on SIGTERM")
    func lifetime() async throws {
        let daemon = try start()
        #expect(await isUp(daemon), "\(daemon.errors)")
        let status = try await shell.send("status", "--config", configuration, "--json")
        let answer = try #require(
            try JSONSerialization.jsonObject(with: Data(status.output.utf8)) as? [String: Any], "\(status.errors)")
        for part in ["link", "sender", "ot_broker", "it_broker"] {
            #expect(Set((answer[part] as? [String: Any] ?? [:]).keys) == ["state", "since", "reason"])
        }
        #expect((answer["ot_broker"] as? [String: Any])?["state"] as? String == "offline")
        #expect(status.exit == .code(4))
        #expect((answer["reach"] as? [String: Any])?["echo_seconds"] as? Int == 3_600)
        let words = try await shell.send("status", "--config", configuration)
        #expect(words.output.contains("\njournal    holds "), "\(words.output)")
        #expect(words.output.contains("\necho       reaches back 1 h in 4 repetitions"), "\(words.output)")
        let check = try await shell.send("check", "--config", configuration)
        #expect(check.output.contains("note  journal     holds "), "\(check.output)")
        #expect(try await daemon.terminate() == .code(0), "\(daemon.errors)")
        #expect(!FileManager.default.fileExists(atPath: socket))
    }

    @Test("a fresh card vouches for the epoch of the daemon that runs, so that a new receiver takes it")
    func cardOfRunningDaemon() async throws {
        let daemon = try start()
        #expect(await isUp(daemon), "\(daemon.errors)")
        let out = shell.folder.file("fresh.card")
        let finished = try await shell.send("card", "--config", configuration, "--out", out)
        #expect(finished.succeeded, "\(finished.errors)")
        let status = try await shell.send("status", "--config", configuration, "--json")
        let answer = try JSONSerialization.jsonObject(with: Data(status.output.utf8)) as? [String: Any]
        let epoch = try #require(answer?["epoch"] as? UInt64)
        let card = try LinkCard(parsing: Array(Data(contentsOf: URL(fileURLWithPath: out))))
        #expect(card.lowestEpoch.rawValue == epoch)
    }

    @Test("D9 a second run on the same state is refused, and the third, after kill -9, begins a higher epoch")
    func secondRun() async throws {
        func epoch() async throws -> UInt64 {
            let status = try await shell.send("status", "--config", configuration, "--json")
            let answer = try JSONSerialization.jsonObject(with: Data(status.output.utf8)) as? [String: Any]
            return try #require(answer?["epoch"] as? UInt64)
        }
        let first = try start()
        #expect(await isUp(first), "\(first.errors)")
        let before = try await epoch()
        let second = try start()
        #expect(try await second.wait() == .code(1))
        #expect(second.errors.contains("in use by process \(first.processID); one state, one daemon"))
        try await first.kill9()
        let third = try start()
        let answers = try await eventually {
            try await shell.send("status", "--config", configuration).exit != .code(1)
        }
        #expect(answers, "\(third.errors)")
        #expect(try await epoch() > before)
    }

    @Test("a key that others can read, or that is missing, ends it with exit 1 and one line that names it")
    func key() async throws {
        let key = shell.folder.file("plant-a.key")
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: key)
        let open = try start()
        #expect(try await open.wait() == .code(1))
        #expect(open.errors.contains("key file \(key): mode 0640 lets others at a secret"))
        try FileManager.default.removeItem(atPath: key)
        let missing = try start()
        #expect(try await missing.wait() == .code(1))
        #expect(missing.errors.contains("key file \(key): No such file or directory"))
    }

    @Test("an epoch that is none, or not above the last one, is exit 2 with what is allowed")
    func epochs() async throws {
        for text in ["0", "-1", "x", "9223372036854775808"] {
            let refused = try start("--epoch=\(text)")
            #expect(try await refused.wait() == .code(2))
            #expect(refused.errors.hasPrefix("diode-send: --epoch: \"\(text)\" is no epoch; allowed: 1 to"))
        }
        let high = try start("--epoch", "9000000000000000")
        #expect(await isUp(high), "\(high.errors)")
        #expect(try await high.terminate() == .code(0))
        let beyond = try start("--epoch", "9007199254740992")
        #expect(try await beyond.wait() == .code(2))
        #expect(beyond.errors.contains("9007199254740992 is not allowed; allowed: 9000000000000001…9007199254740991"))
        let low = try start("--epoch", "8999999999999999")
        #expect(try await low.wait() == .code(2))
        #expect(low.errors.contains("8999999999999999 is not allowed; allowed: 9000000000000001…"))
    }
}
