import TestKit
import Testing

@testable import MQTT
@testable import MQTTProtocol

/// A session and a naive server over a connection that breaks at any byte, driven by a random generator.
private struct SessionRun {
    let rig = SessionRig { $0.receiveMaximum = 4 }
    var server = NaiveServer(receiveMaximum: 3)
    var random: SeededGenerator
    /// Bytes on their way to the client that are not a whole packet yet.
    var partial: [UInt8] = []
    var isOpen = false

    var publishedQoS: [QoS] = []
    var settled: [UInt64: Settlement.Outcome] = [:]
    var sentQoS: [UInt8] = []
    var delivered: [Int: Int] = [:]
    var open: [DeliveryID] = []

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func step() throws {
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<4: publish()
        case 4..<7:
            sentQoS.append(.random(in: 0...2, using: &random))
            if isOpen { server.send(sentQoS.count - 1, qos: sentQoS[sentQoS.count - 1]) } else { sentQoS.removeLast() }
        case 7..<10: acknowledge(all: false)
        case 10..<18: try exchange(all: false)
        case 18: try rig.tick(after: .milliseconds(1))
        default: try reconnect()
        }
    }

    mutating func publish() {
        guard let qos = QoS(rawValue: .random(in: 0...2, using: &random)) else { return }
        let number = publishedQoS.count
        guard rig.publish("p", qos: qos, token: UInt64(number), payload: Array("\(number)".utf8)) else { return }
        publishedQoS.append(qos)
    }

    mutating func acknowledge(all: Bool) {
        guard !open.isEmpty else { return }
        let count = all ? open.count : Int.random(in: 1...open.count, using: &random)
        if all || Bool.random(using: &random) {
            open.sort()
            rig.session.acknowledge(through: open[count - 1])
            open.removeFirst(count)
        } else {
            open.shuffle(using: &random)
            for delivery in open.prefix(count) { rig.session.acknowledge(delivery) }
            open.removeFirst(count)
        }
    }

    /// Moves bytes either way: all, or some.
    mutating func exchange(all: Bool) throws {
        guard isOpen else { return }
        let upstream = rig.session.output.bytes
        let up = all ? upstream.count : Int.random(in: 0...upstream.count, using: &random)
        try server.receive(Array(upstream.prefix(up)))
        rig.session.output = OutputBuffer()
        rig.session.output.bytes = Array(upstream.dropFirst(up))

        let down = all ? server.output.count : Int.random(in: 0...server.output.count, using: &random)
        partial += server.output.prefix(down)
        server.output.removeFirst(down)
        while true {
            let taken = try rig.session.receive(partial.span.bytes, now: rig.now, events: &rig.events)
            let qos2 = Set(delivered.keys.filter { sentQoS[$0] == 2 })
            let before = rig.deliveries.count
            rig.note(partial)
            open += rig.deliveries.dropFirst(before)
            for text in rig.delivered() {
                let isDuplicate = text.hasSuffix("!")
                let number = try #require(Int(text.dropFirst(2).prefix { $0 != "!" }))
                #expect(!qos2.contains(number), "QoS 2 message \(number) delivered twice")
                #expect(isDuplicate || delivered[number] == nil, "message \(number) repeated without DUP")
                delivered[number, default: 0] += 1
            }
            partial.removeFirst(taken)
            if taken == 0 { break }
        }
        for settlement in rig.settled() {
            #expect(settled[settlement.token] == nil, "publish \(settlement.token) settled twice")
            settled[settlement.token] = settlement.outcome
        }
    }

    mutating func reconnect() throws {
        if isOpen {
            rig.lose()
            server.lose()
            partial = []
            for settlement in rig.settled() {
                #expect(publishedQoS[Int(settlement.token)] == .atMostOnce && settlement.outcome == .unknown)
                #expect(settled[settlement.token] == nil)
                settled[settlement.token] = settlement.outcome
            }
        }
        rig.session.open(version: .v5, now: rig.now)
        isOpen = true
    }

    /// Lets everything come to rest over a connection that holds.
    mutating func finish() throws {
        try reconnect()
        for _ in 0..<10_000 {
            try exchange(all: true)
            acknowledge(all: true)
            try rig.tick(after: .milliseconds(1))
            if server.isIdle, rig.session.isSettled, rig.session.output.pending == 0, server.output.isEmpty {
                return
            }
        }
        Issue.record("does not come to rest")
    }

    func check() {
        #expect(settled.count == publishedQoS.count)
        for (number, qos) in publishedQoS.enumerated() {
            let arrivals = server.published.count { $0 == number }
            switch qos {
            case .atMostOnce: if settled[UInt64(number)] == .delivered(.success) { #expect(arrivals == 1) }
            case .atLeastOnce: #expect(arrivals >= 1 && settled[UInt64(number)] == .delivered(.success))
            case .exactlyOnce: #expect(arrivals == 1 && settled[UInt64(number)] == .delivered(.success))
            }
        }
        for (number, qos) in sentQoS.enumerated() where qos > 0 {
            #expect(delivered[number, default: 0] >= 1, "message \(number) of QoS \(qos) is missing")
            if qos == 2 { #expect(delivered[number] == 1) }
        }
        var seen: Set<Int> = []
        let firsts = server.published.filter { publishedQoS[$0] != .atMostOnce && seen.insert($0).inserted }
        #expect(firsts == firsts.sorted(), "first arrivals are in the order of publishing")
    }
}

@Suite("A session keeps its promises over a connection that breaks at any byte")
struct SessionModelTests {
    @Test(
        "P1 nothing of QoS 1 is lost, nothing of QoS 2 is lost or doubled, everything is settled once",
        arguments: 0..<150)
    func run(number: UInt64) throws {
        let seed = 0x5EED_0000 + number
        var run = SessionRun(seed: seed)
        for _ in 0..<400 { try run.step() }
        try run.finish()
        run.check()
    }
}
