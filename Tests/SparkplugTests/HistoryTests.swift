import Sparkplug
import TestKit
import Testing

/// Random histories of a plant, through the sender's fold, a link that loses, delays and repeats, and the proxy, up to a strict host.
@Suite struct HistoryTests {
    private struct Sent {
        var topic: String
        var payload: [UInt8]
        var order: RecordOrder
        var isState: Bool
    }

    private struct World {
        var plant: RandomPlant
        var fold = StateFold()
        var rig = ProxyRig()
        var random: SeededGenerator
        var sequence: UInt64 = 0
        /// With the step at which they arrive.
        var underWay: [(step: Int, record: Sent)] = []
        var lastStates: [String: Sent] = [:]
        var step = 0
        var sentTokens: UInt64 = 0
        /// What each token was given for, from 1 on.
        var delivered: [Sent] = []

        mutating func send(_ topic: String, _ payload: [UInt8], isState: Bool) {
            sequence += 1
            let order = RecordOrder(epoch: 1, sequence: sequence)
            let record = Sent(topic: topic, payload: payload, order: order, isState: isState)
            if isState { lastStates[topic] = record }
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<70: deliver(record)
            case 70..<85: underWay.append((step + Int.random(in: 1...40, using: &random), record))
            case 85..<90:
                deliver(record)
                underWay.append((step + Int.random(in: 1...40, using: &random), record))
            case 90..<95: underWay.append((.max, record))
            default: break
            }
        }

        /// One for each token.
        var hasAnswers: Bool { rig.host.answered.sorted() == Array(1...sentTokens) }

        /// Of what counts as folded: data, which has to be published, and births of nodes that hosts never saw, although no death came that
        /// would make them meaningless.
        var foldedWrongly: [String] {
            let unborn = Set(rig.host.foldedUnborn)
            return rig.host.folded.compactMap { token in
                let record = delivered[Int(token) - 1]
                let levels = record.topic.split(separator: "/")
                let isData = levels[2].hasSuffix("DATA")
                let isBirth = levels[2] == "NBIRTH" && !record.payload.isEmpty
                let isUntold = isBirth && unborn.contains(token) && !isOver(record, node: levels[3])
                return isData || isUntold ? "\(record.topic) \(record.order.sequence)" : nil
            }
        }

        private func isOver(_ birth: Sent, node: Substring) -> Bool {
            delivered.contains { other in
                let levels = other.topic.split(separator: "/")
                let isDeath = levels[2] == "NDEATH" || levels[2] == "NBIRTH" && other.payload.isEmpty
                return isDeath && levels[3] == node && other.order > birth.order
            }
        }

        mutating func deliver(_ record: Sent) {
            sentTokens += 1
            delivered.append(record)
            if record.isState {
                rig.state(record.topic, record.payload, record.order)
            } else {
                rig.record(record.topic, record.payload, record.order)
            }
        }

        mutating func arrive(through limit: Int) {
            let due = underWay.filter { $0.step <= limit }
            underWay.removeAll { $0.step <= limit }
            for (_, record) in due.shuffled(using: &random) { deliver(record) }
        }

        /// A round of the carousel.
        mutating func sayStates() {
            for topic in fold.changedStates {
                guard let state = fold.takeState(of: topic.span.bytes) else { continue }
                send(String(decoding: topic, as: UTF8.self), state, isState: true)
            }
        }

        /// What the world does to the proxy beside records.
        mutating func disturb() {
            switch Int.random(in: 0..<200, using: &random) {
            case 0..<5: rig.askForBirth()
            case 5..<7: rig.cut()
            case 7:
                rig.silence()
                rig.speech()
            case 8..<20: rig.wait(.milliseconds(Int.random(in: 1...40_000, using: &random)))
            default: break
            }
        }
    }

    private func live(_ world: inout World, steps: Int, damage: Int) {
        for step in 0..<steps {
            world.step = step
            if var message = world.plant.act(&world.random) {
                if damage > 0, Int.random(in: 0..<damage, using: &world.random) == 0 {
                    message.payload = damaged(message.payload, &world.random)
                }
                let topic = "spBv1.0/G/" + message.topic
                _ = world.fold.fold(topic: Array(topic.utf8).span.bytes, payload: message.payload.span.bytes)
                world.send(topic, message.payload, isState: false)
            }
            if Int.random(in: 0..<20, using: &world.random) == 0 { world.sayStates() }
            world.arrive(through: step)
            world.disturb()
        }
        world.sayStates()
        world.arrive(through: .max)
        // What a snapshot brings: each state as it was last said, whatever the link did to it.
        for topic in world.lastStates.keys.sorted() {
            if let record = world.lastStates[topic] { world.deliver(record) }
        }
        world.rig.wait(.seconds(200))
    }

    private func damaged(_ payload: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = payload
        for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: bytes.indices, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes[place] ^= 1 << Int.random(in: 0..<8, using: &random)
            case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 2: bytes.remove(at: place)
            default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
            }
        }
        return bytes
    }

    @Test(
        "P7 whatever a link loses, delays and repeats, a strict host is never unhappy and ends with the plant's values",
        arguments: [false, true])
    func anyHistory(changesAliases: Bool) async {
        await withSeed { random in
            for _ in 0..<150 {
                let seed = random.next()
                var world = World(
                    plant: RandomPlant(changesAliases: changesAliases), random: SeededGenerator(seed: seed))
                live(&world, steps: 300, damage: 0)
                #expect(world.rig.host.complaints.first == nil, "history \(seed)")
                for (name, node) in world.plant.nodes {
                    let id = EdgeNodeID(namespace: "spBv1.0", group: Array("G".utf8), node: Array(name.utf8))
                    #expect(values(of: id, world.rig.host) == node.values, "history \(seed), node \(name)")
                }
                #expect(
                    world.hasAnswers,
                    "every token is answered once; history \(seed)")
                #expect(world.foldedWrongly.first == nil, "history \(seed)")
            }
        }
    }

    @Test("P4 damaged payloads never trap, and a strict host is never unhappy with what becomes of them")
    func damagedHistory() async {
        await withSeed { random in
            for _ in 0..<150 {
                let seed = random.next()
                var world = World(plant: RandomPlant(changesAliases: true), random: SeededGenerator(seed: seed))
                live(&world, steps: 300, damage: 3)
                #expect(world.rig.host.complaints.first == nil, "history \(seed)")
                #expect(
                    world.hasAnswers,
                    "every token is answered once; history \(seed)")
            }
        }
    }

    /// The plant's own metrics as the host holds them.
    private func values(of id: EdgeNodeID, _ host: StrictHost) -> [String: [String: RandomPlant.Value]] {
        guard let node = host.nodes[id] else { return [:] }
        return node.tables.mapValues { table in
            var values: [String: RandomPlant.Value] = [:]
            for (name, value) in table.values where name.hasPrefix("m") || name == "extra" {
                let long = Proto.fields(value.bytes)?.first?.varint ?? .max
                values[name] = RandomPlant.Value(long: long, timestamp: value.timestamp ?? 0)
            }
            return values
        }
    }
}
