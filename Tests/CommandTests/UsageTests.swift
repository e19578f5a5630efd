import TestKit
import Testing

@Suite("Usage", .timeLimit(.minutes(2)))
struct UsageTests {
    private let shell: Operator

    init() throws { shell = try Operator() }

    @Test("help and version go to standard output with exit 0, long and short")
    func helpAndVersion() async throws {
        for option in ["--help", "-h"] {
            let send = try await shell.send(option)
            #expect(send.succeeded && send.errors.isEmpty)
            for command in ["run", "keygen", "card", "check", "status", "rotate", "accept-deletions", "resend"] {
                #expect(send.output.contains("  diode-send \(command) --"))
            }
            let receive = try await shell.receive(option)
            #expect(receive.succeeded && receive.errors.isEmpty)
            for command in ["run", "pair", "revoke", "check", "status", "keygen", "ack", "forget", "--audit"] {
                #expect(receive.output.contains("  diode-recv \(command) --"))
            }
        }
        for option in ["--version", "-V"] {
            #expect(try await shell.send(option).output.hasPrefix("diode-send "))
            #expect(try await shell.receive(option).output.hasPrefix("diode-recv "))
        }
        let page = try await shell.receive("pair", "--help")
        #expect(page.succeeded && page.output.contains("--fingerprint SHA256:…"))
    }

    @Test(
        "wrong usage is exit 2, nothing on standard output, one line that says what",
        arguments: [
            ["frob"], [], ["--frob"], ["run"], ["run", "--config"], ["run", "--config", "f", "--frob"],
            ["run", "--config", "f", "--config", "g"], ["run", "--config", "f", "more"], ["keygen", "--link", "a"],
            ["keygen", "--link", "a b", "--out", "."], ["status", "-c", "f", "--json=yes"],
            ["check", "-c", "f", "-x"],
        ])
    func wrongUsage(arguments: [String]) async throws {
        let finished = try await run([Executable.path("diode-send")] + arguments)
        #expect(finished.exit == .code(2))
        #expect(finished.output.isEmpty)
        #expect(finished.errors.hasPrefix("diode-send: "))
        #expect(finished.errors.split(separator: "\n").count == 1)
    }

    @Test(
        "a wrong configuration is exit 2 and one line with file, place, key, reason and what is allowed",
        arguments: [
            ("{ nonsense", ":1:11: a \":\" is missing after \"nonsense\""),
            (
                "{ link: { rate: \"800Mbps\" }, broker: { url: \"mqtt://h\" }, export: [], state: \"s\" }",
                ":1:17: link.rate: \"800Mbps\" is no rate; allowed: 10kbit/s…100Gbit/s, for example \"800Mbit/s\""
            ),
            (
                "{ link: { rate: \"1Mbit/s\" }, broker: { url: \"mqtt://h\" }, state: \"s\" }",
                ":1:1: export: this key is missing and has no default; allowed: a list [ … ] of 0…1024: objects"
            ),
            (
                "{ link: { rate: \"1Mbit/s\" }, broker: { url: \"mqtt://h\" }, export: [], state: \"s\",\n  beats: \"1s\" }",
                ":2:10: beats: unknown key; allowed: beat, broker, deletions, echo, export, fec, journal, limits, link, "
                    + "on_disk_full, snapshot, sparkplug, state, status"
            ),
        ])
    func wrongConfiguration(text: String, complaint: String) async throws {
        let path = try shell.writeSender(text)
        for command in ["run", "check", "status"] {
            let finished = try await shell.send(command, "--config", path)
            #expect(finished.exit == .code(2))
            #expect(finished.output.isEmpty)
            #expect(finished.errors == "diode-send: \(path)\(complaint)\n")
        }
    }

    @Test("a configuration that is not there is exit 2 and named")
    func missingConfiguration() async throws {
        for command in ["run", "check", "status"] {
            let finished = try await shell.receive(command, "-c", "/nonexistent/recv.json5")
            #expect(finished.exit == .code(2))
            #expect(finished.errors == "diode-recv: /nonexistent/recv.json5: No such file or directory\n")
        }
    }

    @Test("status without a daemon is exit 1 and says where it looked")
    func statusWithoutDaemon() async throws {
        let path = try shell.writeSender()
        let finished = try await shell.send("status", "--config", path, "--json")
        #expect(finished.exit == .code(1))
        #expect(
            finished.errors
                == "diode-send: no daemon answers at \(shell.folder.file("send.db.sock")): No such file or directory\n")
    }
}
