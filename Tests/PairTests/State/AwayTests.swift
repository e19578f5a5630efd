import TestKit
import Testing

/// P2: what the plant does to its namespace while a side of the pair is away.
@Suite("Deletions while away", .timeLimit(.minutes(2)))
struct AwayTests {
    @Test(
        "P2 P6 what was deleted, changed and made while a side was away, or both were, is so on the IT broker; nothing deleted stays",
        arguments: [[.sender], [.receiver], [.sender, .receiver]] as [[DiodePair.Side]])
    func away(_ sides: [DiodePair.Side]) async throws {
        let (ot, it) = (try await Broker.start(), try await Broker.start())
        var settings = DiodePair.Settings()
        // The echo does not reach: what crosses is the state.
        settings.sender = ["echo": "[]"]
        let pair = try await DiodePair(ot: ot, it: it, settings)
        for topic in ["acme/kept", "acme/changed", "acme/gone", "acme/deep/er/gone"] {
            try await ot.publish(topic, "1", retain: true)
        }
        try await pair.start()
        #expect(try await isSame(pair, ot, it))
        if sides.contains(.sender) { try await pair.sender?.kill9() }
        if sides.contains(.receiver) { try await pair.receiver?.kill9() }
        for topic in ["acme/gone", "acme/deep/er/gone"] { try await ot.publish(topic, "", retain: true) }
        try await ot.publish("acme/changed", "2", retain: true)
        try await ot.publish("acme/new", "3", retain: true)
        if sides.contains(.receiver) { try pair.startReceiver() }
        if sides.contains(.sender) { try pair.startSender() }
        #expect(try await isSame(pair, ot, it))
        #expect(try await it.retained("acme/#").keys.sorted() == ["acme/changed", "acme/kept", "acme/new"])
        try await pair.stop()
    }

    /// Waits until both brokers retain the same and the receiver says so.
    private func isSame(_ pair: DiodePair, _ ot: Broker, _ it: Broker) async throws -> Bool {
        try await eventually(.seconds(30)) {
            // A receiver that is just starting answers nobody.
            guard let replica = try? await pair.report().replica else { return false }
            guard replica.digestMatches == true, replica.itMatches == true else { return false }
            return try await it.retained("acme/#") == ot.retained("acme/#")
        }
    }
}
