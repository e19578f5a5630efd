import Foundation
import TestKit
import Testing

/// Two brokers, the pair between them, and a strict host on the IT broker that was there before everybody else.
struct SparkplugPlant {
    let ot: Broker
    let it: Broker
    let pair: DiodePair
    let host: PythonClient

    /// - Parameter itLines: of the IT broker's configuration.
    init(_ settings: DiodePair.Settings = DiodePair.Settings(), itLines: [String] = []) async throws {
        ot = try await Broker.start(lines: ["max_queued_messages 0"])
        it = try await Broker.start(lines: ["max_queued_messages 0"] + itLines)
        pair = try await DiodePair(ot: ot, it: it, settings)
        host = try await PythonClient.strictHost(on: it, options: ["--from-start"])
        try await pair.start()
    }

    /// Waits until the first round of snapshots is in: what is born after that is not told of before the next one.
    func waitForFirstRound() async throws {
        try #require(await eventually { pair.sender?.errors.contains("retained.fetched") ?? false })
        try #require(await eventually { try await pair.report().replica.settled })
    }

    /// Waits until what the host has seen fulfils a condition.
    @discardableResult
    func see(
        _ timeout: Duration = .seconds(30), _ condition: ([SparkplugMessage]) throws -> Bool
    ) async rethrows -> Bool {
        try await eventually(timeout) { try condition(host.sparkplug) }
    }

    /// Waits until the host knows the values that these nodes have said.
    func expectSameValues(
        as nodes: PythonClient..., timeout: Duration = .seconds(30), sourceLocation: SourceLocation = #_sourceLocation
    ) async {
        let wanted = SparkplugValues(nodes.flatMap(\.sparkplug))
        let same = await see(timeout) { SparkplugValues($0) == wanted }
        #expect(
            same && !wanted.values.isEmpty, "the plant: \(wanted)\nthe host: \(SparkplugValues(host.sparkplug))",
            sourceLocation: sourceLocation)
    }

    /// Fails for each clause that a message broke.
    func expectConformant(sourceLocation: SourceLocation = #_sourceLocation) {
        Self.expectConformant(host.sparkplug, sourceLocation: sourceLocation)
    }

    static func expectConformant(
        _ messages: [SparkplugMessage], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for (index, message) in messages.enumerated() {
            #expect(
                message.faults == [], "message \(index), \(message.topic) with seq \(message.seq ?? -1)",
                sourceLocation: sourceLocation)
        }
    }

    /// The `bdSeq` of each NBIRTH and NDEATH of a node, in order.
    func sessions(of node: String) -> [String] {
        host.sparkplug.filter { $0.node == node && ($0.type == "NBIRTH" || $0.type == "NDEATH") }
            .map { "\($0.type) \($0.bdSeq ?? -1)" }
    }

    /// How many births of a node the host has seen.
    func births(of node: String) -> Int { host.sparkplug.count { $0.owner == node && $0.type == "NBIRTH" } }
}

extension PythonClient {
    /// Waits until a node with `--count N --stay` has said everything.
    func saidAll(_ count: Int, _ timeout: Duration = .seconds(30)) async -> Bool {
        await eventually(timeout) { self.sparkplug.count(where: \.isData) >= count }
    }
}
