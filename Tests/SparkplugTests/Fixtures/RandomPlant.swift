import Sparkplug
import TestKit

/// A plant whose edge nodes live as they please, and who knows what is true of them.
struct RandomPlant {
    struct Message {
        var topic: String
        var payload: [UInt8]
    }

    struct Value: Equatable {
        var long: UInt64
        var timestamp: UInt64
    }

    struct Node {
        var isAlive = false
        var bdSeq: UInt64 = 0
        var seq: UInt64 = 0
        /// By device; "" is the node itself. What is dead has none.
        var values: [String: [String: Value]] = [:]
        var aliases: [String: [String: UInt64]] = [:]
    }

    static let devices = ["D", "E"]

    private(set) var nodes: [String: Node] = ["N": Node(), "M": Node()]
    private var clock: UInt64 = 1_700_000_000_000
    private var counter: UInt64 = 0
    /// How often a birth gives other aliases than the one before.
    private let changesAliases: Bool

    init(changesAliases: Bool) { self.changesAliases = changesAliases }

    /// One thing that happens, or nothing.
    mutating func act(_ random: inout SeededGenerator) -> Message? {
        guard let name = nodes.keys.sorted().randomElement(using: &random), var node = nodes[name] else { return nil }
        clock += UInt64.random(in: 1...5, using: &random)
        defer { nodes[name] = node }
        let device = Self.devices.randomElement(using: &random) ?? ""
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<3: return nodeBirth(name, &node, isRebirth: true, &random)
        case 3..<5: return nodeDeath(name, &node)
        case _ where !node.isAlive: return nodeBirth(name, &node, isRebirth: false, &random)
        case 5..<8 where node.values[device] != nil: return deviceDeath(name, device, &node)
        case 5..<15,
            _ where node.values[device] == nil:
            return birth("DBIRTH/\(name)/\(device)", device, &node, &random)
        case 15..<60: return data("DDATA/\(name)/\(device)", device, &node, &random)
        default: return data("NDATA/\(name)", "", &node, &random)
        }
    }

    private mutating func nodeBirth(
        _ name: String, _ node: inout Node, isRebirth: Bool, _ random: inout SeededGenerator
    ) -> Message? {
        if node.isAlive != isRebirth { return nil }
        if !isRebirth { node.bdSeq = (node.bdSeq + 1) % 256 }
        node.isAlive = true
        node.seq = 0
        node.values = [:]
        return birth("NBIRTH/\(name)", "", &node, &random)
    }

    private mutating func birth(
        _ topic: String, _ device: String, _ node: inout Node, _ random: inout SeededGenerator
    ) -> Message {
        let names = (0..<4).map { "m\($0)" } + (Bool.random(using: &random) ? ["extra"] : [])
        let first: UInt64 = device.isEmpty ? 10 : device == "D" ? 20 : 30
        var aliases = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, first + UInt64($0)) })
        if changesAliases, Int.random(in: 0..<3, using: &random) == 0 {
            aliases = Dictionary(uniqueKeysWithValues: zip(names.shuffled(using: &random), aliases.values.sorted()))
        }
        node.aliases[device] = aliases
        node.values[device] = [:]
        var metrics = device.isEmpty ? [TestMetric.bdSeq(node.bdSeq), .rebirth] : []
        for name in names {
            let value = newValue()
            node.values[device, default: [:]][name] = value
            var metric = TestMetric.birth(name, alias: aliases[name], value.long)
            metric.timestamp = value.timestamp
            metrics.append(metric)
        }
        return message(topic, metrics, &node)
    }

    private mutating func data(
        _ topic: String, _ device: String, _ node: inout Node, _ random: inout SeededGenerator
    ) -> Message {
        let known = node.values[device]?.keys.sorted() ?? []
        let metrics = known.shuffled(using: &random).prefix(Int.random(in: 1...3, using: &random)).map { name in
            let value = newValue()
            let alias = node.aliases[device]?[name] ?? 0
            var metric =
                Bool.random(using: &random) ? TestMetric.data(name, value.long) : .data(alias: alias, value.long)
            metric.timestamp = value.timestamp
            metric.isHistorical = Int.random(in: 0..<10, using: &random) == 0
            if !metric.isHistorical { node.values[device]?[name] = value }
            return metric
        }
        return message(topic, metrics, &node)
    }

    private mutating func nodeDeath(_ name: String, _ node: inout Node) -> Message? {
        guard node.isAlive else { return nil }
        node.isAlive = false
        node.values = [:]
        return Message(topic: "NDEATH/\(name)", payload: TestPayload([.bdSeq(node.bdSeq)]).bytes)
    }

    private mutating func deviceDeath(_ name: String, _ device: String, _ node: inout Node) -> Message {
        node.values[device] = nil
        return message("DDEATH/\(name)/\(device)", [], &node)
    }

    private mutating func message(_ topic: String, _ metrics: [TestMetric], _ node: inout Node) -> Message {
        let payload = TestPayload(seq: node.seq, metrics, timestamp: clock)
        node.seq = (node.seq + 1) % 256
        return Message(topic: topic, payload: payload.bytes)
    }

    private mutating func newValue() -> Value {
        counter += 1
        return Value(long: counter, timestamp: clock)
    }
}
