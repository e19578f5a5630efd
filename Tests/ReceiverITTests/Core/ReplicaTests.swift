import DiodeProtocol
import Outbox
import TestKit
import Testing

@testable import ReceiverIT
import Deliveries
@testable import ReceiverITCore
import Time

@Suite("Replica")
struct ReplicaTests {
    private func stamp(_ sequence: UInt64, epoch: UInt64 = 7) -> Stamp {
        Stamp(epoch: Epoch(rawValue: epoch), sequence: SequenceNumber(rawValue: sequence))
    }

    private func apply(
        _ replica: inout Replica, _ topic: String, retain: Bool, _ stamp: Stamp
    ) -> Replica.Standing {
        var hasher = SymbolHasher()
        let name = Array(topic.utf8)
        let delivery = Delivery(
            bytes: name + [1], topic: 0..<name.count, properties: 0..<0, payload: name.count..<name.count + 1,
            qos: .atMostOnce, retain: retain, lateness: .none, stamp: stamp, version: TopicVersion(rawValue: 1),
            sourceTime: UnixMilliseconds(rawValue: 1), releasedAt: MonotonicInstant(nanoseconds: 1))
        return replica.apply(
            SlotContent(delivery), stamp: stamp, version: TopicVersion(rawValue: 1), with: &hasher)
    }

    @Test("P3 stamps alone decide: a newer epoch beats any sequence, and nothing is applied twice")
    func stamps() {
        var replica = Replica()
        #expect(apply(&replica, "a", retain: true, stamp(9)) == .newest)
        #expect(apply(&replica, "a", retain: true, stamp(9)) == .superseded)
        #expect(apply(&replica, "a", retain: true, stamp(8)) == .superseded)
        #expect(apply(&replica, "a", retain: true, stamp(1, epoch: 8)) == .newest)
        #expect(apply(&replica, "a", retain: true, stamp(99)) == .superseded)
        #expect(apply(&replica, "b", retain: true, stamp(3)) == .newest)
    }

    @Test("D6 W-49 an event leaves the retained value alone, but an old event never follows a newer value")
    func slots() {
        var replica = Replica()
        #expect(apply(&replica, "a", retain: false, stamp(5)) == .newest)
        #expect(apply(&replica, "a", retain: true, stamp(3)) == .newest)
        #expect(apply(&replica, "a", retain: false, stamp(4)) == .superseded)
        #expect(apply(&replica, "a", retain: true, stamp(8)) == .newest)
        #expect(apply(&replica, "a", retain: false, stamp(7)) == .superseded)
        #expect(apply(&replica, "a", retain: false, stamp(9)) == .newest)
    }

    @Test("P8 beyond its limits new topics are not tracked, and those it has still are")
    func limits() {
        var limits = Replica.Limits()
        limits.topics = 2
        var replica = Replica(limits: limits)
        #expect(apply(&replica, "a", retain: true, stamp(1)) == .newest)
        #expect(apply(&replica, "b", retain: true, stamp(2)) == .newest)
        #expect(apply(&replica, "c", retain: true, stamp(3)) == .untracked)
        #expect(apply(&replica, "a", retain: true, stamp(4)) == .newest)
        limits.topics = 10
        limits.nameBytes = 4
        replica = Replica(limits: limits)
        #expect(apply(&replica, "abcd", retain: true, stamp(1)) == .newest)
        #expect(apply(&replica, "e", retain: true, stamp(1)) == .untracked)
    }

    @Test("Many topics are found again after the table has grown")
    func many() {
        var replica = Replica()
        for round in 0..<2 {
            for topic in 0..<5_000 {
                let standing = apply(&replica, "t/\(topic)", retain: true, stamp(UInt64(10 + round)))
                #expect(standing == .newest)
            }
        }
        #expect(replica.count == 5_000)
        #expect(apply(&replica, "t/17", retain: true, stamp(10)) == .superseded)
    }
}
