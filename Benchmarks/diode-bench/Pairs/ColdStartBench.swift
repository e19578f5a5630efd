import Foundation
import TestKit
import Threading

/// Seconds from a cold start (receiver and sender without state, an IT broker without anything) until the IT broker has had every retained
/// topic of an OT broker with default settings, beside a mosquitto bridge in the place of the pair: medians of three.
///
/// A bridge subscribes once, and its broker drops what exceeds the bridge's queue: what arrived of it is a row of its own, and its time is that of
/// the last topic that came.
func benchColdStart() async throws -> [BenchRow] {
    var rows: [BenchRow] = []
    for topics in [1_000, 10_000, 90_000] {
        let ot = try await Broker.start()
        try await RetainedNamespace.fill(ot.port, topics: topics)
        var (ours, peers) = ([ColdStart](), [ColdStart]())
        for _ in 0..<3 {
            ours.append(try await .pair(ot, topics))
            peers.append(try await .bridge(ot, topics))
        }
        let (our, peer) = (ColdStart.median(ours), ColdStart.median(peers))
        guard our.topics == topics else { throw WrongResult(name: "\(our.topics) of \(topics) topics arrived") }
        rows += [
            BenchRow("\(topics) topics: complete after", our.seconds, "s", peer: ("bridge", peer.seconds)),
            BenchRow("\(topics) topics: arrived", Double(our.topics), "topics", peer: ("bridge", Double(peer.topics))),
        ]
    }
    return rows
}

/// One cold start.
private struct ColdStart {
    /// Retained by the IT broker in the end.
    let topics: Int
    /// From the first command until the last topic came.
    let seconds: Double

    /// So that the way to whoever counts loses nothing.
    private static let patience = ["max_queued_messages 0"]

    static func pair(_ ot: Broker, _ topics: Int) async throws -> ColdStart {
        let it = try await Broker.start(lines: patience)
        var settings = DiodePair.Settings()
        settings.rate = "10Gbit/s"
        settings.faults = nil
        settings.sender = ["beat": "\"1s\"", "snapshot": "{ period: \"30s\" }"]
        let pair = try await DiodePair(ot: ot, it: it, settings)
        let counter = try await TopicCounter(it.port)
        let began = MonotonicClock.now()
        try pair.startReceiver()
        try pair.startSender()
        let result = try await finish(counter, it, topics, began)
        try await pair.stop()
        return result
    }

    static func bridge(_ ot: Broker, _ topics: Int) async throws -> ColdStart {
        var settings = Broker.Settings()
        settings.port = freePort()
        settings.lines =
            patience + [
                "connection bench", "address 127.0.0.1:\(ot.port)", "topic \(RetainedNamespace.filter) in 1",
                "bridge_protocol_version mqttv50", "cleansession true", "notifications false", "try_private false",
                "restart_timeout 1", "local_clientid bench-\(UInt32.random(in: .min ... .max))",
            ]
        let began = MonotonicClock.now()
        let it = try await Broker.start(settings)
        let counter = try await TopicCounter(it.port)
        return try await finish(counter, it, topics, began)
    }

    private static func finish(
        _ counter: TopicCounter, _ it: Broker, _ topics: Int, _ began: MonotonicInstant
    ) async throws -> ColdStart {
        let newestAt = await counter.wait(for: topics).newestAt
        return ColdStart(
            topics: try await RetainedNamespace.count(it.port),
            seconds: max(.zero, began.duration(to: newestAt)) / .seconds(1))
    }

    static func median(_ runs: [ColdStart]) -> ColdStart {
        ColdStart(
            topics: runs.map(\.topics).sorted()[runs.count / 2], seconds: runs.map(\.seconds).sorted()[runs.count / 2])
    }
}
