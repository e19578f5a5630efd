import TestKit

extension PairTests {
    /// Two brokers that keep everything for a slow subscriber, the pair between them, and a collector behind it.
    struct Plant {
        let ot: Broker
        let it: Broker
        let pair: DiodePair
        let collector: PythonClient

        init(_ settings: DiodePair.Settings = DiodePair.Settings()) async throws {
            ot = try await Broker.start(lines: ["max_queued_messages 0"])
            it = try await Broker.start(lines: ["max_queued_messages 0"])
            pair = try await DiodePair(ot: ot, it: it, settings)
            collector = try await PythonClient.collector(on: it)
            try await pair.start()
        }

        /// What arrived from the plant, once it is at least `count`.
        func arrived(_ count: Int, _ timeout: Duration = .seconds(60)) async -> [PlantMessage] {
            _ = await eventually(timeout) {
                collector.messageCount >= count && Faithfulness.fromPlant(collector.messages).count >= count
            }
            return collector.messages
        }
    }
}
