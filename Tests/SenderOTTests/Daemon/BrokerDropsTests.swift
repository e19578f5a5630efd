import DiodeProtocol
import TestKit
import Testing

@testable import SenderOT
import Time
@testable import SenderOTCore

@Suite struct BrokerDropsTests {
    private func time(_ seconds: UInt64) -> UnixMilliseconds {
        UnixMilliseconds(rawValue: 1_800_000_000_000 + seconds * 1_000)
    }

    @Test("P9 the broker's own count, told each interval, becomes statements that add up to it")
    func counting() {
        var drops = BrokerDrops()
        #expect(drops.hear(uptimeSeconds: 100, at: time(0)).isEmpty, "a broker that tells no count")
        #expect(drops.mark == nil && !drops.isTold)
        drops.hear(dropped: 7)
        #expect(drops.hear(uptimeSeconds: 110, at: time(10)).isEmpty, "what it dropped before us is not ours")
        #expect(drops.hear(uptimeSeconds: 120, at: time(20)).isEmpty)
        drops.hear(dropped: 12)
        #expect(
            drops.hear(uptimeSeconds: 130, at: time(30))
                == [BrokerDrop(reason: .queueLimit, from: time(10), to: time(30), records: 5)])
        #expect(drops.hear(uptimeSeconds: 140, at: time(40)).isEmpty)
        let uptime = BrokerDrops.Uptime(seconds: 140, heard: .init(boot: 1, milliseconds: time(40).rawValue))
        #expect(
            drops.mark
                == BrokerDrops.Mark(dropped: 12, at: time(30), began: time(0).before(seconds: 100), uptime: uptime))
    }

    @Test("P1 what was dropped while the sender was away is counted from what the one before it knew")
    func absence() {
        let noted = BrokerDrops.Mark(dropped: 12, at: time(30), began: time(0)).text
        var drops = BrokerDrops(mark: BrokerDrops.Mark(noted))
        drops.hear(dropped: 62)
        #expect(
            drops.hear(uptimeSeconds: 601, at: time(600))
                == [BrokerDrop(reason: .queueLimit, from: time(30), to: time(600), records: 50)])
        #expect(drops.hear(uptimeSeconds: 611, at: time(610)).isEmpty, "each is stated once")
        drops.disconnected()
        drops.hear(dropped: 62)
        #expect(drops.hear(uptimeSeconds: 701, at: time(700)).isEmpty)
    }

    @Test(
        "P9 a broker that was started anew counts from 0: what its memory held is unknown, what it dropped since is not"
    )
    func restart() {
        let known = BrokerDrops.Mark(dropped: 12, at: time(30), began: time(0))
        var higher = BrokerDrops(mark: known)
        higher.hear(dropped: 20)
        let found = higher.hear(uptimeSeconds: 40, at: time(100))
        #expect(found.map(\.reason) == [.restarted, .queueLimit])
        #expect(found.map(\.records) == [nil, 20])
        #expect(found.allSatisfy { $0.from == time(30) && $0.to == time(100) })
        #expect(higher.hear(uptimeSeconds: 50, at: time(110)).isEmpty)
        // A count that falls tells it, too, whatever the uptime says.
        var lower = BrokerDrops(mark: known)
        lower.hear(dropped: 3)
        #expect(lower.hear(uptimeSeconds: 100, at: time(100)).map(\.records) == [nil, 3])
        // A clock that was set back makes no interval that ends before it begins.
        var earlier = BrokerDrops(mark: known)
        earlier.hear(dropped: 13)
        #expect(earlier.hear(uptimeSeconds: 5, at: time(5)).allSatisfy { $0.from <= $0.to })
    }

    @Test("a clock that is set is no restart of the broker, neither while the sender runs nor between two lifetimes")
    func clock() {
        func boot(_ seconds: UInt64) -> BrokerDrops.BootInstant { .init(boot: 7, milliseconds: seconds * 1_000) }
        var drops = BrokerDrops()
        drops.hear(dropped: 3)
        #expect(drops.hear(uptimeSeconds: 100, at: time(0), boot(50)).isEmpty)
        #expect(drops.hear(uptimeSeconds: 110, at: time(100), boot(60)).isEmpty, "+90 s")
        var next = BrokerDrops(mark: drops.mark.flatMap { BrokerDrops.Mark($0.text) })
        next.hear(dropped: 3)
        #expect(next.hear(uptimeSeconds: 120, at: time(4_000), boot(70)).isEmpty, "+1 h between two lifetimes")
        #expect(next.hear(uptimeSeconds: 5, at: time(4_010), boot(80)).first?.reason == .restarted)
        // An hour back hides no restart either.
        #expect(next.hear(uptimeSeconds: 100, at: time(500), boot(4_000)).first?.reason == .restarted)
        // Another start of the machine: there is no other clock.
        let other = BrokerDrops.BootInstant(boot: 8, milliseconds: 1_000)
        #expect(next.hear(uptimeSeconds: 130, at: time(530), other).isEmpty)
    }

    @Test(
        "what was noted comes back, and anything else is not believed",
        arguments: ["", "1", "1:2", "1:2:3:4", "a:b:c", "1:2:", "-1:2:3", "1:9223372036854775808:3"])
    func noted(text: String) {
        #expect(BrokerDrops.Mark(text) == nil)
        let mark = BrokerDrops.Mark(dropped: .max, at: time(1), began: time(0))
        #expect(BrokerDrops.Mark(mark.text) == mark)
    }

    @Test("P8 whatever a broker claims, nothing overflows")
    func hostile() async {
        await withSeed { random in
            let extremes: [UInt64] = [0, 1, 5, 1 << 62, .max - 1, .max]
            var drops = BrokerDrops()
            for _ in 0..<1_000 {
                if Bool.random(using: &random) { drops.hear(dropped: extremes.randomElement(using: &random) ?? 0) }
                let now = UnixMilliseconds(rawValue: .random(in: 0..<1 << 62, using: &random))
                let instant = BrokerDrops.BootInstant(
                    boot: .random(in: 0...1, using: &random), milliseconds: extremes.randomElement(using: &random) ?? 0)
                for drop in drops.hear(
                    uptimeSeconds: extremes.randomElement(using: &random) ?? 0, at: now, instant)
                {
                    #expect(drop.from <= drop.to)
                }
                if Int.random(in: 0..<9, using: &random) == 0 { drops.disconnected() }
            }
        }
    }
}

extension UnixMilliseconds {
    fileprivate func before(seconds: UInt64) -> UnixMilliseconds {
        UnixMilliseconds(rawValue: rawValue - seconds * 1_000)
    }
}

extension BrokerDrops {
    /// Where both clocks go alike.
    fileprivate mutating func hear(uptimeSeconds: UInt64, at now: UnixMilliseconds) -> [BrokerDrop] {
        hear(uptimeSeconds: uptimeSeconds, at: now, BootInstant(boot: 1, milliseconds: now.rawValue))
    }
}
