import Foundation
import TestKit
import Testing

/// D10: with `link.seal` nobody on the fibre reads a topic or a value, and everything else is as it was.
@Suite("A sealed link", .serialized, .timeLimit(.minutes(2)))
struct SealedLinkTests {
    /// A pair with the sender's card for one of the receiver's keys.
    private static func pair(_ ot: Broker, _ it: Broker, keys: String, record: Int = 0) async throws -> DiodePair {
        var settings = DiodePair.Settings()
        settings.record = record
        settings.senderLink = "seal: \"right.seal\""
        settings.sender = ["echo": "[\"500ms\", \"1500ms\", \"4s\", \"12s\"]"]
        settings.receiver = ["seal_keys": keys]
        let pair = try await DiodePair(ot: ot, it: it, settings)
        for name in ["right", "wrong"] {
            let printed = try await runSuccessfully([
                Executable.path("diode-recv"), "keygen", "--out", pair.folder.path, "--name", name,
            ])
            #expect(printed.hasPrefix("SHA256:"))
        }
        return pair
    }

    @Test("D10 values arrive, none of them can be read on the link, and a restart of both sides reads its journal")
    func sealed() async throws {
        let ot = try await Broker.start()
        let it = try await Broker.start()
        let pair = try await Self.pair(ot, it, keys: "[\"wrong.seal-key\", \"right.seal-key\"]", record: 100_000)
        let relay = try #require(pair.relay)
        let collector = try await it.subscribe("acme/#")
        try await pair.start()
        for number in 1...20 { try await ot.publish("acme/secret-\(number)", "hidden-\(number)", retain: true) }
        #expect(await collector.messages(atLeast: 20).count == 20)
        try await pair.waitUntilAuditIsWell()
        // Killed: what the slots do not hold yet is read back from sealed blocks.
        try await ot.publish("acme/secret-1", "hidden again", retain: true)
        #expect(await collector.messages(atLeast: 21).count == 21)
        _ = try await pair.sender?.kill9()
        try pair.startSender()
        try await pair.waitUntilWell()
        try await ot.publish("acme/secret-2", "hidden for good", retain: true)
        #expect(await collector.messages(atLeast: 22).contains { $0.payload == Array("hidden for good".utf8) })
        let answer = try await pair.status(.receiver).output
        #expect(answer.contains("\"sealed\":true") || answer.contains("\"sealed\": true"), "\(answer)")
        let log = pair.sender?.errors ?? ""
        #expect(!log.contains("unreadable"), "\(log)")
        try await pair.waitUntilAuditIsWell()
        try await pair.stop()
        let audit = try await run([
            Executable.path("diode-recv"), "--audit", "--verify", "--config", pair.receiverConfiguration,
        ])
        #expect(audit.succeeded, "\(audit.output)")
        #expect(relay.recorded.count > 50)
        for datagram in relay.recorded {
            let text = String(decoding: datagram, as: UTF8.self)
            #expect(!text.contains("secret") && !text.contains("hidden") && !text.contains("diode-send"))
        }
    }

    @Test("D10 a receiver without the right key says so in one line, and with it everything comes that it missed")
    func wrongKey() async throws {
        let ot = try await Broker.start()
        let it = try await Broker.start()
        let pair = try await Self.pair(ot, it, keys: "[\"wrong.seal-key\"]")
        let collector = try await it.subscribe("acme/#")
        try pair.startReceiver()
        try pair.startSender()
        try await ot.publish("acme/a", "before", retain: true)
        var seen = ""
        let isSaid = await eventually {
            guard let (words, code) = try? await LinkWords.status(pair) else { return false }
            seen = "\(words) \(code)"
            return code == .code(4) && words.reason.contains("seal_keys")
        }
        #expect(isSaid, "\(seen)")
        #expect(pair.receiver?.errors.contains("sealed for another key") == true)
        #expect(try await pair.receiver?.terminate() == .code(0))
        let path = pair.receiverConfiguration
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try pair.folder.write("recv.json5", text.replacingOccurrences(of: "wrong.seal-key", with: "right.seal-key"))
        try pair.startReceiver()
        #expect(await collector.messages(atLeast: 1).contains { $0.payload == Array("before".utf8) })
        try await pair.waitUntilWell()
        try await pair.waitUntilAuditIsWell()
        try await pair.stop()
    }
}
