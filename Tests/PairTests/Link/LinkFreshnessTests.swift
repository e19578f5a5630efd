import TestKit
import Testing

/// D16 on the real pair: beats of the newest epoch must come, and in time.
@Suite("Fresh or stale", .serialized, .timeLimit(.minutes(2)))
struct LinkFreshnessTests {
    private let it: Broker
    private let ot: Broker
    private let pair: DiodePair
    private let relay: LossyRelay
    private let told: Subscriber

    init() async throws {
        ot = try await Broker.start()
        it = try await Broker.start()
        var settings = DiodePair.Settings()
        settings.receiver = ["freshness": "{ degraded: \"1s\", stale: \"4s\" }"]
        settings.record = 10_000
        pair = try await DiodePair(ot: ot, it: it, settings)
        relay = try #require(pair.relay)
        told = try await it.subscribe("diode/#")
        try await pair.start()
    }

    /// Waits until all places say the same state, and returns what they say.
    private func agreed(on state: String) async throws -> LinkWords {
        var words = try await LinkWords.status(pair).words
        let isAgreed = try await eventually {
            words = try await LinkWords.status(pair).words
            return words.state == state && LinkWords.retained(told).last?.state == state
                && pair.receiver?.errors.contains("link.\(state)") == true
        }
        #expect(isAgreed, "\(words), retained \(LinkWords.retained(told)), log \(pair.receiver?.errors ?? "")")
        return words
    }

    @Test(
        "P9 a link in slow motion is degraded, then stale, at every place, with how old values are; it heals by itself")
    func slowMotion() async throws {
        relay.slowDown(by: 2)
        let late = try await agreed(on: "degraded")
        #expect(late.reason.hasPrefix("values are up to ") && late.reason.hasSuffix(" old and ageing"), "\(late)")
        let stale = try await agreed(on: "stale")
        #expect(stale.reason.hasPrefix("values are up to ") && !stale.advice.isEmpty, "\(stale)")
        let told = try #require(LinkWords.retained(told).last { $0.state == "stale" })
        #expect(told.reason.hasPrefix("values are up to ") && told.advice == stale.advice, "\(told)")
        #expect(try await LinkWords.status(pair).exit == .code(4))
        var audit = try await AuditAnswer(pair)
        _ = try await eventually {
            audit = try await AuditAnswer(pair)
            return audit.isStale
        }
        #expect(audit.exit == .code(3) && audit.isStale && audit.reason.hasPrefix("values are up to "), "\(audit)")
        #expect(LinkWords.retained(self.told).drop { $0.state != "stale" }.allSatisfy { $0.state == "stale" })
        relay.slowDown(by: nil)
        try await pair.waitUntilWell()
        try await pair.waitUntilAuditIsWell()
        try await pair.stop()
    }

    @Test("P9 records, slices and held-back symbols of one block keep no link online while beats are missing")
    func withoutBeats() async throws {
        relay.faults.cutsBeats = true
        var number = 0
        var words = try await LinkWords.status(pair).words
        let isStale = try await eventually {
            number += 1
            try await ot.publish("acme/a", "\(number)", retain: true)
            words = try await LinkWords.status(pair).words
            return words.state == "stale"
        }
        #expect(isStale && words.reason.hasSuffix("although other frames of it come"), "\(words)")
        #expect(try await eventually { try await AuditAnswer(pair).isStale })
        relay.faults.cutsBeats = false
        try await pair.waitUntilWell()

        // Now nothing but symbols of one block, one at a time.
        relay.faults.cut = true
        let before = relay.counts.cut
        let text = String((0..<20_000).map { _ in Character(UnicodeScalar(UInt8.random(in: 97...122))) })
        try await ot.publish("acme/large", text, retain: true)
        #expect(await eventually { relay.counts.cut > before + 20 })
        let live = relay.recorded.suffix(relay.counts.cut - before).filter { $0.count > 5 && $0[5] == 0 }
        var played = 0
        let isSilent = try await eventually {
            if played < min(live.count, 12) { relay.inject(live[live.startIndex + played]) }
            played += 1
            return try await LinkWords.status(pair).words.state == "stale"
        }
        #expect(isSilent && played > 2)
        relay.faults.cut = false
        try await pair.waitUntilWell()
        try await pair.stop()
    }
}
