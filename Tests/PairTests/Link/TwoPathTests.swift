import Foundation
import TestKit
import Testing

/// D13: one link over two diodes. What one path loses the other brings, and a dead one is named.
@Suite("Two paths", .serialized, .timeLimit(.minutes(2)))
struct TwoPathTests {
    /// The link's paths as status tells them.
    private static func paths(_ pair: DiodePair) async throws -> [[String: Any]] {
        let answer = try await pair.status(.receiver).output
        let object = try JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: Any]
        return (object?["links"] as? [[String: Any]])?.first?["paths"] as? [[String: Any]] ?? []
    }

    private static func says(_ pair: DiodePair, _ words: String, exit: Int32) async -> Bool {
        await eventually(.seconds(20)) {
            guard let (said, code) = try? await LinkWords.status(pair) else { return false }
            return code == .code(exit) && said.reason.contains(words)
        }
    }

    @Test("D13 nothing is missing while each path is cut in turn; status names the dead one, and the audit lists both")
    func inTurn() async throws {
        let ot = try await Broker.start()
        let it = try await Broker.start()
        var settings = DiodePair.Settings()
        settings.secondPath = LinkFaults()
        // No echo: what both lose stays missing.
        settings.sender = ["echo": "[]"]
        let pair = try await DiodePair(ot: ot, it: it, settings)
        let (first, second) = (try #require(pair.relay), try #require(pair.secondRelay))
        let collector = try await it.subscribe("acme/#")
        try await pair.start()
        func publish(_ range: ClosedRange<Int>) async throws {
            for number in range { try await ot.publish("acme/\(number)", "\(number)", retain: true) }
            #expect(await collector.messages(atLeast: range.upperBound).count == range.upperBound)
        }
        try await publish(1...20)
        try await pair.waitUntilAuditIsWell()

        var cut = LinkFaults()
        cut.cut = true
        first.faults = cut
        try await publish(21...40)
        #expect(await Self.says(pair, "brings nothing since", exit: 3))
        #expect(pair.receiver?.errors.contains("brings nothing") == true)
        first.faults = LinkFaults()
        try await pair.waitUntilWell()
        second.faults = cut
        try await publish(41...60)
        #expect(await Self.says(pair, "brings nothing since", exit: 3))
        second.faults = LinkFaults()
        try await pair.waitUntilWell()

        let paths = try await Self.paths(pair)
        #expect(paths.count == 2)
        let firsts = paths.compactMap { $0["first"] as? Int }
        #expect(firsts.allSatisfy { $0 > 0 }, "each was alone for a while: \(paths)")
        try await pair.waitUntilAuditIsWell()
        try await pair.stop()
        let audit = try await run([
            Executable.path("diode-recv"), "--audit", "--verify", "--config", pair.receiverConfiguration,
        ])
        #expect(audit.succeeded, "\(audit.output)")
        #expect(
            audit.output.components(separatedBy: "\n").count { $0.contains("path") && $0.contains("first with") } == 2)
    }
}
