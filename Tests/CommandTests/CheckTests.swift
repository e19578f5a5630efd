import Foundation
import TestKit
import Testing

@Suite("check", .timeLimit(.minutes(2)))
struct CheckTests {
    private let shell: Operator

    init() throws { shell = try Operator() }

    private func verdicts(_ output: String) -> [String] {
        output.split(separator: "\n").filter { $0.hasPrefix("ok") || $0.hasPrefix("FAIL") }.map { line in
            line.split(separator: " ").prefix(2).joined(separator: " ")
        }
    }

    @Test("a sender that could run passes every check, and the effective configuration reads back as itself")
    func sender() async throws {
        let broker = try await Broker.start()
        _ = try await shell.keygen()
        let finished = try await shell.send("check", "--config", try shell.writeSender(broker: broker.url))
        #expect(finished.succeeded, "\(finished.output)\(finished.errors)")
        #expect(verdicts(finished.output) == ["ok config", "ok key", "ok path", "ok broker", "ok state", "ok disk"])
        #expect(finished.output.contains("speaks MQTT 5"))
        let start = try #require(finished.output.range(of: "\n\n{"))
        let effective = String(finished.output[start.lowerBound...].dropFirst(2))
        let again = try await shell.send("check", "--config", try shell.writeSender(effective))
        #expect(again.succeeded)
        #expect(again.output.hasSuffix(effective))
    }

    @Test("each fault of a sender is one FAIL line that says what and where, and the exit is 1")
    func senderFaults() async throws {
        let port = freePort()
        let path = try shell.writeSender(
            """
            { link: { rate: "1Mbit/s", paths: [{ to: "127.0.0.1:9", interface: "nosuch0" }, "no-such-host.invalid:9",
                { to: "127.0.0.1:9", neighbour: "02:00:00:00:00:01" }] },
              broker: { url: "mqtt://127.0.0.1:\(port)" }, export: [], state: "none/send.db", status: null }
            """)
        let finished = try await shell.send("check", "--config", path)
        #expect(finished.exit == .code(1))
        for line in [
            "FAIL  key         key file \(shell.folder.file("plant-a.key")): No such file or directory",
            "FAIL  path        cannot send to 127.0.0.1:9: there is no network interface of this name (setsockopt SO_BINDTODEVICE nosuch0: No such device)",
            "FAIL  path        host \"no-such-host.invalid\": ",
            "FAIL  neighbour   127.0.0.1: the kernel knows nothing instead of 02:00:00:00:00:01: ip neigh replace",
            "FAIL  broker      mqtt://127.0.0.1:\(port): cannot reach 127.0.0.1:\(port): Connection refused",
            "FAIL  state       \(shell.folder.file("none/")): No such file or directory",
        ] { #expect(finished.output.contains(line), "\(line)\n\(finished.output)") }
    }

    @Test("a broker that wants a password says so, and is let in with it")
    func credentials() async throws {
        var settings = Broker.Settings()
        settings.users = ["diode": "s3cret"]
        let broker = try await Broker.start(settings)
        _ = try await shell.keygen()
        try shell.folder.write("password", "s3cret\n", permissions: 0o600)
        func check(_ keys: String) async throws -> Finished {
            try await shell.send(
                "check", "--config",
                try shell.writeSender(
                    """
                    { link: { rate: "1Mbit/s" }, broker: { url: "\(broker.url)"\(keys) }, export: [], state: "send.db",
                      journal: { min_free: "0" } }
                    """))
        }
        let refused = try await check("")
        #expect(refused.exit == .code(1) && refused.output.contains("FAIL  broker      \(broker.url): "))
        let admitted = try await check(", username: \"diode\", password_file: \"password\"")
        #expect(admitted.succeeded, "\(admitted.output)")
        let missing = try await check(", username: \"diode\", password_file: \"none\"")
        #expect(
            missing.output.contains(
                "FAIL  broker      broker.password_file \(shell.folder.file("none")): No such file or directory"))
    }

    @Test(
        "check tells what the export policy would do with a message",
        arguments: [
            ("acme/site/temp", "crosses by export[0]"), ("acme/secret/x", "stays: no rule of export names it"),
            ("other", "stays: no rule of export names it"), ("$SYS/broker", "stays: it begins with $"),
            ("diode/plant-a/status", "stays: diode/ is where the receiving side speaks for itself"),
        ])
    func policy(topic: String, answer: String) async throws {
        let finished = try await shell.send("check", "--config", try shell.writeSender(), "--topic", topic)
        #expect(finished.succeeded)
        #expect(finished.output.hasPrefix("ok    export      \(topic): \(answer)"))
    }

    @Test("check tells on what terms a message crosses, and what its payload does")
    func policyTerms() async throws {
        let text = """
            { link: { rate: "1Mbit/s" }, broker: { url: "mqtt://127.0.0.1:1" }, state: "send.db", export: [
              { filter: "acme/small", max_payload: "4B", prefix: "site" },
              { filter: "acme/#", max_rate: "2/s", deadband: { field: "v", delta: 0.5 } },
              { filter: "+/g/#", max_rate: "1/s" } ] }
            """
        let path = try shell.writeSender(text)
        func check(_ topic: String, _ payload: String) async throws -> String {
            try shell.folder.write("payload", payload)
            let finished = try await shell.send(
                "check", "-c", path, "--topic", topic, "--payload", shell.folder.file("payload"))
            #expect(finished.succeeded, "\(finished.errors)")
            return finished.output
        }
        #expect(
            try await check("acme/small", "1234")
                == "ok    export      acme/small: crosses by export[0] as site/acme/small\n")
        let large = "ok    export      acme/small: stays: the payload has 5 bytes, max_payload of export[0] is 4\n"
        #expect(try await check("acme/small", "12345") == large)
        let terms = try await check("acme/a", "{ \"v\": 2.5 }")
        #expect(terms.contains("crosses by export[1]\nnote  max_rate    one each 0.5 seconds"))
        #expect(terms.contains("note  deadband    2.5 stays unless it differs by 0.5 from the last sent"))
        #expect(try await check("acme/a", "x").contains("the payload has no number in \"v\""))
        #expect(try await check("spBv1.0/g/NDATA/n", "x").contains("do not apply to Sparkplug topics"))
        let both = try await shell.send("check", "-c", path, "--topic", "a", "--against-running")
        #expect(both.exit == .code(2))
        let alone = try await shell.send("check", "-c", path, "--against-running")
        #expect(alone.exit == .code(1), "no daemon runs")
    }

    @Test("a topic that is none, or a payload that is not there, is refused")
    func policyUsage() async throws {
        let path = try shell.writeSender()
        #expect(try await shell.send("check", "-c", path, "--topic", "a/#").exit == .code(2))
        #expect(try await shell.send("check", "-c", path, "--payload", path).exit == .code(2))
        let missing = try await shell.send("check", "-c", path, "--topic", "a", "--payload", "/nonexistent")
        #expect(missing.exit == .code(1))
        #expect(missing.errors == "diode-send: --payload /nonexistent: No such file or directory\n")
    }

    @Test("a receiver that is not paired, or whose port is taken, fails at that; paired and free it passes")
    func receiver() async throws {
        let broker = try await Broker.start()
        let port = freePort()
        let path = try shell.writeReceiver(
            """
            { links: [{ listen: ["127.0.0.1:\(port)"] }], broker: { url: "\(broker.url)" }, state: "recv.db" }
            """)
        let unpaired = try await shell.receive("check", "--config", path)
        #expect(unpaired.exit == .code(1))
        #expect(
            unpaired.output.contains(
                "FAIL  card        card \(shell.folder.file("plant-a.card")): No such file or directory; not paired yet: "
                    + "diode-recv pair --config \(path) CARD"))
        _ = try await shell.keygen()
        let good = try await shell.receive("check", "--config", path)
        #expect(good.succeeded, "\(good.output)")
        #expect(verdicts(good.output) == ["ok config", "ok card", "ok broker", "ok state", "ok disk", "ok listen"])

        let sink = try DatagramSocket(port)
        let taken = try await shell.receive("check", "--config", path)
        #expect(taken.exit == .code(1))
        #expect(
            taken.output.contains("FAIL  listen      cannot listen on 127.0.0.1:\(port): bind: Address already in use"))
        withExtendedLifetime(sink) {}
    }

    @Test("a card of another link in the place of this one's is named")
    func wrongCard() async throws {
        _ = try await shell.keygen("plant-b")
        let path = try shell.writeReceiver(
            """
            { links: [{ card: "plant-b.card", listen: ["127.0.0.1:\(freePort())"] }], broker: { url: "mqtt://127.0.0.1:1" },
              state: "recv.db" }
            """)
        let finished = try await shell.receive("check", "--config", path)
        #expect(finished.output.contains("plant-b.card: is for link \"plant-b\", not for \"plant-a\""))
    }
}
