import TestKit
import Testing

/// D11 on real brokers with default settings: the whole namespace arrives at a cold start. `make bench BENCH_ARGS=coldstart` does it with
/// 90,000 topics.
@Suite("Cold start", .timeLimit(.minutes(2)))
struct ColdStartTests {
    @Test(
        "D11 P2 10,000 retained topics on a mosquitto with default settings arrive, all of them, and none later on for nothing"
    )
    func complete() async throws {
        let (ot, it) = (try await Broker.start(), try await Broker.start())
        try await RetainedNamespace.fill(ot.port, topics: 10_000)
        let pair = try await DiodePair(ot: ot, it: it)
        try await pair.start()
        #expect(
            try await eventually(.seconds(60)) {
                let report = try await pair.report()
                return report.replica.digestMatches == true && report.replica.itMatches == true
                    && report.total("published") >= 10_000
            })
        #expect(try await RetainedNamespace.count(it.port) == 10_000)
        #expect(try await pair.report().total("published") == 10_000)
        try await pair.stop()
    }
}
