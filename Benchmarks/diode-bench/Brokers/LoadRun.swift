import Synchronization
import Threading

/// One run of load over a way from an OT to an IT broker: publisher and consumer on a thread each.
struct LoadRun {
    let sent: Int
    let harvest: LoadConsumer.Harvest

    var lost: Int { sent - harvest.received }
    /// Messages a second, from the first that arrived to the last.
    var rate: Double { Double(harvest.received) / (Double(harvest.lastAt - harvest.firstAt) * 1e-9) }
    /// Seconds below which so large a share of the messages came.
    func latency(_ share: Double) -> Double {
        let sorted = harvest.latencies.sorted()
        guard !sorted.isEmpty else { return .nan }
        return Double(sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]) * 1e-9
    }

    enum Load: Sendable {
        /// As fast as it goes.
        case flood(Duration)
        /// So many a second.
        case pace(Int, count: Int)
    }

    /// Runs a load and waits for its end.
    static func measure(_ way: MessageWay, qos: UInt8, _ load: Load) throws -> LoadRun {
        let tally = LoadTally()
        let run = UInt32.random(in: 1 ... .max)
        let outcome = Lock<Result<LoadConsumer.Harvest, any Error>?>(nil)
        let isPaced = if case .pace = load { true } else { false }
        let consumer = try LoadConsumer.subscribe(port: way.exit, qos: qos, run: run, keepsLatencies: isPaced, tally)
        let thread = try WorkerThread(name: "bench-consumer", owning: consumer) { consumer in
            var consumer = consumer
            do {
                let harvest = try consumer.collect()
                outcome.withLock { $0 = .success(harvest) }
            } catch { outcome.withLock { $0 = .failure(error) } }
        }
        do {
            defer {
                // Also after an error: the consumer must come to its end.
                tally.isSent.store(true, ordering: .releasing)
                thread.join()
            }
            var publisher = try LoadPublisher(port: way.entrance, qos: qos, run: run, tally)
            guard try publisher.openWay() else { throw WrongResult(name: "nothing came through: \(way.errors)") }
            switch load {
            case .flood(let duration): try publisher.flood(for: duration)
            case .pace(let rate, let count): try publisher.pace(count, perSecond: rate)
            }
        }
        guard let harvest = try outcome.withLock({ $0 })?.get() else { throw WrongResult(name: "no harvest") }
        return LoadRun(sent: tally.sent.load(ordering: .relaxed), harvest: harvest)
    }
}
