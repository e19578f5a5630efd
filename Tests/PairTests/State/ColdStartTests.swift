import TestKit
import Testing

/// D11 on real brokers with default settings: the whole namespace arrives at a cold start. `make bench BENCH_ARGS=coldstart` says how fast.
@Suite("Cold start", .timeLimit(.minutes(2)))
struct ColdStartTests {
    @Test(
        "D11 P2 the retained topics of a mosquitto with default settings arrive, all of them, each once",
        arguments: [10_000, 90_000])
    func complete(topics: Int) async throws {
        let (ot, it) = (try await Broker.start(), try await Broker.start())
        try await RetainedNamespace.fill(ot.port, topics: topics)
        let pair = try await DiodePair(ot: ot, it: it)
        try await pair.start()
        #expect(
            try await eventually(.seconds(60)) {
                let report = try await pair.report()
                return report.replica.digestMatches == true && report.replica.itMatches == true
                    && report.total("published") >= topics
            })
        #expect(try await RetainedNamespace.count(it.port) == topics)
        #expect(try await pair.report().total("published") == topics)
        try await pair.stop()
    }
}
