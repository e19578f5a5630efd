import DiodeProtocol
import FEC
import TestKit
import Testing

@testable import SenderOT
@testable import SenderOTCore
import Time

@Suite struct SenderCoreTests {
    @Test("P10 a record that finds the sender idle leaves at once, alone")
    func idle() throws {
        let rig = try CoreRig()
        #expect(rig.publish("acme/a", [1, 2, 3], delivery: 5) == .recorded(stamp(1)))
        try rig.endGulp(idle: true)
        #expect(rig.blocks.count == 1)
        #expect(rig.blocks.first?.lastDelivery == DeliveryTicket(rawValue: 5))
        #expect(rig.blocks.first?.shape.sourceSymbols == 1)
        #expect(rig.stream.records.map(\.payload) == [[1, 2, 3]])
    }

    @Test("W-45 every block has a salt of its own, whatever its channel and content")
    func salts() throws {
        let rig = try CoreRig()
        for _ in 0..<50 {
            rig.publish("acme/a", [1, 2, 3])
            try rig.endGulp(idle: true)
            try rig.pass(.milliseconds(500))
        }
        let salts = (rig.blocks + rig.beats + rig.slices.flatMap(\.blocks)).map(\.salt)
        #expect(rig.blocks.count == 50 && rig.beats.count > 10 && !salts.contains(nil))
        #expect(Set(salts).count == salts.count)
    }

    @Test("under load a block closes when its oldest record has waited for flush")
    func flush() throws {
        let rig = try CoreRig { $0.beat = .seconds(100) }
        try rig.pass(.zero)
        rig.publish("acme/a", [1])
        try rig.endGulp(idle: false)
        try rig.pass(.milliseconds(1))
        rig.publish("acme/b", [2])
        try rig.endGulp(idle: false)
        #expect(rig.blocks.isEmpty)
        let deadline = rig.core.nextDeadline
        #expect(rig.now.duration(to: deadline) == .milliseconds(1))
        try rig.pass(.milliseconds(1))
        #expect(rig.blocks.count == 1)
        #expect(rig.stream.records.count == 2)
    }

    @Test("under load a block closes when it is full, and its delivery is the last one that is in it")
    func full() throws {
        let rig = try CoreRig()
        var random = SeededGenerator(seed: 5)
        for index in 1...400 {
            rig.publish(
                "acme/\(index % 7)", (0..<1_000).map { _ in UInt8.random(in: 0...255, using: &random) },
                delivery: UInt64(index))
            try rig.endGulp(idle: false)
        }
        let settings = BlockGeometry(framing: EthernetFraming(mtuBytes: 1_500), repair: .init(share: 0.2, minimum: 4))
        #expect(rig.blocks.count == 3)
        for block in rig.blocks {
            #expect(block.plainBytes <= settings.capacityBytes)
            #expect(block.plainBytes > settings.capacityBytes - 2_000)
            #expect(block.lastDelivery?.rawValue == block.lastSequence.rawValue)
        }
        try rig.endGulp(idle: true)
        #expect(rig.stream.records.count == 400)
        #expect(rig.stream.records.map(\.sequence) == Array(1...400))
    }

    @Test("P7 topic, payload, QoS, retain and properties cross as they came")
    func faithful() throws {
        let rig = try CoreRig()
        let properties: [UInt8] = [0x26, 0, 1, 0x61, 0, 1, 0x62, 0x26, 0, 1, 0x61, 0, 1, 0x62]
        rig.publish("acme/ä", [], properties: properties, qos: .exactlyOnce, retain: false)
        rig.publish("acme/b", [0xFF, 0], qos: .atMostOnce, retain: true)
        rig.publish("acme/b", [], qos: .atLeastOnce, retain: true)
        try rig.endGulp(idle: true)
        let records = rig.stream.records
        #expect(records.map(\.topic) == ["acme/ä", "acme/b", "acme/b"])
        #expect(records.map(\.properties) == [properties, [], []])
        #expect(records.map(\.payload) == [[], [0xFF, 0], []])
        #expect(records.map(\.flags.qos) == [.exactlyOnce, .atMostOnce, .atLeastOnce])
        #expect(records.map(\.flags.retain) == [false, true, true])
        #expect(records.map(\.version) == [1, 1, 2])
        #expect(records.allSatisfy { $0.time == 1_700_000_001_000 })
    }

    @Test("D3 a record larger than a block spans part blocks with one sequence", arguments: [576, 1_500])
    func parts(mtu: Int) throws {
        let rig = try CoreRig(mtu: mtu)
        var random = SeededGenerator(seed: 6)
        let large = (0..<1 << 20).map { _ in UInt8.random(in: 0...255, using: &random) }
        rig.publish("acme/a", [1], delivery: 1)
        rig.publish("acme/large", large, delivery: 2)
        rig.publish("acme/b", [2], delivery: 3)
        try rig.endGulp(idle: true)
        #expect(rig.stream.records.map(\.payload) == [[1], large, [2]])
        #expect(rig.stream.records.map(\.sequence) == [1, 2, 3])
        let parts = rig.blocks.filter { $0.partCount > 1 }
        #expect(parts.count == parts.first?.partCount)
        #expect(parts.count <= 64)
        // Only the last part settles the delivery.
        #expect(rig.blocks.compactMap(\.lastDelivery?.rawValue) == [1, 2, 3])
        #expect(parts.last?.lastDelivery?.rawValue == 2)
    }

    @Test("P1, P8 a record above max_record is shed with a sequence, a version and its topic")
    func oversize() throws {
        let rig = try CoreRig { $0.maximumRecordBytes = 1_000 }
        rig.publish("acme/a", [1])
        #expect(rig.publish("acme/a", [UInt8](repeating: 0, count: 1_001), delivery: 9) == .shed(stamp(2), .oversize))
        #expect(rig.publish("acme/a", [UInt8](repeating: 0, count: 1_000)) == .recorded(stamp(3)))
        try rig.endGulp(idle: true)
        #expect(rig.stream.records.map(\.version) == [1, 3])
        let shed = try #require(rig.stream.sheds.first)
        #expect(shed.sequence == 2)
        #expect(shed.run.reason == .oversize)
        #expect(shed.run.entries == [.init(topic: "acme/a", records: 1, lastVersion: TopicVersion(rawValue: 2))])
        #expect(rig.core.counters.shed == 1)
    }

    @Test("P8 at the topic limit a new topic is shed by name, and known ones go on")
    func topicLimit() throws {
        let rig = try CoreRig { $0.slots = .init(topics: 2, bytes: 10_000) }
        rig.publish("a", [1])
        rig.publish("b", [1])
        #expect(rig.publish("c", [1]) == .shed(stamp(3), .topicLimit))
        #expect(rig.publish("a", [2]) == .recorded(stamp(4)))
        #expect(rig.publish("a", [UInt8](repeating: 0, count: 20_000)) == .shed(stamp(5), .topicLimit))
        try rig.endGulp(idle: true)
        #expect(rig.stream.sheds.map(\.run.entries.first?.topic) == ["c", "a"])
        #expect(rig.stream.lastSequence == 5)
    }

    @Test("D4 what the policy filters takes no sequence, and is acknowledged with what was before it")
    func filtered() throws {
        let rig = try CoreRig(exporting: ["acme/#"])
        #expect(rig.publish("other", [1], delivery: 1) == .filtered(.notExported))
        #expect(rig.core.takeSettled() == DeliveryTicket(rawValue: 1))
        #expect(rig.core.takeSettled() == nil)
        rig.publish("acme/a", [1], delivery: 2)
        rig.publish("other", [1], delivery: 3)
        #expect(rig.core.takeSettled() == nil, "the block with delivery 2 is not yet closed")
        rig.publish("acme/a", [1], delivery: 4)
        rig.publish("spBv1.0/g/NCMD/n", [1], delivery: 5)
        try rig.endGulp(idle: true)
        #expect(rig.blocks.map(\.lastDelivery?.rawValue) == [5])
        #expect(rig.core.takeSettled() == nil)
        #expect(rig.stream.lastSequence == 2)
        #expect(rig.core.counters.filteredInAll == 3)
        #expect(rig.core.counters.received == 5)
    }

    @Test("a policy read again holds from the next message on, for topics known before too")
    func replacedPolicy() throws {
        let rig = try CoreRig(exporting: ["acme/#"])
        #expect(rig.publish("acme/a", [1]) == .recorded(stamp(1)))
        rig.core.replacePolicy(try policy(["acme/b"]))
        #expect(rig.publish("acme/a", [2]) == .filtered(.notExported))
        #expect(rig.publish("acme/b", [2]) == .recorded(stamp(2)))
        rig.core.replacePolicy(try policy(["acme/+"]))
        #expect(rig.publish("acme/a", [3]) == .recorded(stamp(3)))
    }

    @Test("D11 a fetched value is taken unless it is known or the topic has moved on since the fetch began")
    func fetched() throws {
        let rig = try CoreRig()
        rig.publish("known", [1], retain: true)
        rig.publish("changed", [1], retain: true)
        rig.publish("event", [1], retain: false)
        rig.publish("deleted-before", [1], retain: true)
        rig.publish("deleted-before", [], retain: true)
        let began = rig.core.newestStamp
        rig.publish("moved", [2], retain: true)
        rig.publish("deleted", [], retain: true)
        #expect(rig.publishFetched("known", [1], since: began) == .known)
        #expect(rig.publishFetched("moved", [1], since: began) == .known)
        #expect(rig.publishFetched("deleted", [1], since: began) == .known)
        #expect(rig.publishFetched("changed", [2], since: began) == .recorded(stamp(8)))
        #expect(rig.publishFetched("event", [3], since: began) == .recorded(stamp(9)))
        #expect(rig.publishFetched("new", [4], since: began) == .recorded(stamp(10)))
        #expect(rig.publishFetched("deleted-before", [5], since: began) == .recorded(stamp(11)))
        #expect(rig.core.counters.known == 3)
    }

    @Test("an interval without a subscription crosses in its place and takes no sequence")
    func unobserved() throws {
        let rig = try CoreRig()
        let interval = Unobserved(
            from: UnixMilliseconds(rawValue: 1), to: UnixMilliseconds(rawValue: 2), sessionResumed: false, dropped: nil,
            reason: "the broker was away")
        rig.core.note(interval, now: rig.now)
        try rig.endGulp(idle: true)
        rig.publish("a", [1])
        try rig.endGulp(idle: true)
        #expect(rig.stream.unobserved == [interval])
        #expect(rig.stream.lastSequence == 1)
        #expect(rig.stream.lastBlock == 2)
    }

    @Test("beats go out at once and then each period, and say what has left")
    func beats() throws {
        let rig = try CoreRig { $0.beat = .milliseconds(100) }
        var surroundings = BeatScheduler.Surroundings()
        surroundings.software = "uns-diode 1"
        rig.core.note(surroundings)
        rig.publish("a", [1])
        try rig.endGulp(idle: false)
        try rig.pass(.zero)
        #expect(rig.beats.count == 1)
        for _ in 0..<10 { try rig.pass(.milliseconds(50)) }
        #expect(rig.beats.count == 6)
        try rig.pass(.seconds(10))
        #expect(rig.beats.count == 7, "beats missed while asleep are not made up for")
        let beats = try rig.beats.map { try Beat(decoding: $0.symbols.span.bytes.extracting(0..<$0.packedBytes)) }
        #expect(beats.first?.lastSequence == 0, "the record waits in the open block")
        #expect(beats.last?.lastSequence == 1)
        #expect(beats.last?.lastLiveBlock == 1)
        #expect(beats.last?.periodMilliseconds == 100)
        #expect(beats.last?.software == "uns-diode 1")
        #expect(beats.last?.counters[.received] == 1)
        #expect(beats.last?.epochs.map(\.epoch.rawValue) == [7])
        #expect(rig.beats.map(\.id.block.rawValue) == Array(1...7))
        surroundings.sent = (SequenceNumber(rawValue: 0), BlockNumber(rawValue: 0))
        rig.core.note(surroundings)
        try rig.pass(.seconds(1))
        let held = try #require(rig.beats.last)
        #expect(try Beat(decoding: held.symbols.span.bytes.extracting(0..<held.packedBytes)).lastSequence == 0)
    }

    @Test("random operations agree with a naive model")
    func model() throws {
        let seed = UInt64.random(in: 1 ... .max)
        var random = SeededGenerator(seed: seed)
        let rig = try CoreRig(exporting: ["a/#"]) { $0.maximumRecordBytes = 2_000 }
        var expected: [(topic: String, payload: [UInt8], version: UInt64)] = []
        var versions: [String: UInt64] = [:]
        var sheds = 0
        for delivery in 1...3_000 as ClosedRange<UInt64> {
            let topic = (random.next() % 5 == 0 ? "b/" : "a/") + String(random.next() % 40)
            let size = random.next() % 50 == 0 ? 2_001 : Int(random.next() % 300)
            let payload = [UInt8](repeating: UInt8(truncatingIfNeeded: delivery), count: size)
            rig.publish(topic, payload, retain: random.next() % 2 == 0, delivery: delivery)
            if topic.hasPrefix("a/") {
                versions[topic, default: 0] += 1
                if size > 2_000 { sheds += 1 } else { expected.append((topic, payload, versions[topic] ?? 0)) }
            }
            switch random.next() % 10 {
            case 0: try rig.endGulp(idle: true)
            case 1: try rig.pass(.microseconds(Int64(random.next() % 3_000)))
            default: try rig.endGulp(idle: false)
            }
        }
        try rig.endGulp(idle: true)
        #expect(rig.stream.records.map(\.topic) == expected.map(\.topic), "seed \(seed)")
        #expect(rig.stream.records.map(\.payload) == expected.map(\.payload), "seed \(seed)")
        #expect(rig.stream.records.map(\.version) == expected.map(\.version), "seed \(seed)")
        #expect(rig.stream.sheds.reduce(0) { $0 + Int($1.run.records) } == sheds, "seed \(seed)")
        #expect(rig.stream.lastSequence == UInt64(expected.count + sheds), "seed \(seed)")
        let settled = rig.core.takeSettled()?.rawValue ?? rig.blocks.compactMap(\.lastDelivery).last?.rawValue
        #expect(settled == 3_000, "seed \(seed)")
    }

    private func stamp(_ sequence: UInt64) -> Stamp {
        Stamp(epoch: Epoch(rawValue: 7), sequence: SequenceNumber(rawValue: sequence))
    }
}
