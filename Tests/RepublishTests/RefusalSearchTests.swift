import DiodeProtocol
import Outbox
import Testing

@testable import Republish
import Time

/// A broker that ends the connection instead of refusing a delivery.
struct RefusalSearchTests {
    /// A broker with such a rule, and a publisher with a window.
    private struct Rig {
        var search = RefusalSearch()
        var settled: [UInt64] = []
        var dead: [UInt64] = []
        var connections = 0
        var takesOurs = true

        /// One connection: deliveries from `next` on until one ends it.
        mutating func connect(_ queue: [UInt64], window: Int = 8, refuses: (UInt64) -> Bool) {
            connections += 1
            if takesOurs { search.settled(deliveries: 0, others: 1) }
            while let first = queue.first(where: { !settled.contains($0) && !dead.contains($0) }) {
                guard search.mayPublish else { break }
                if search.isDead(OutboxPosition(rawValue: first)) {
                    dead.append(first)
                    continue
                }
                let open = queue.filter { !settled.contains($0) && !dead.contains($0) }
                for position in open.prefix(search.window(window)) {
                    search.published(OutboxPosition(rawValue: position), at: MonotonicInstant(nanoseconds: 1))
                }
                for position in open.prefix(search.window(window)) {
                    if refuses(position) {
                        _ = search.lost()
                        return
                    }
                    settled.append(position)
                    search.settled(deliveries: 1, others: 0)
                }
            }
            _ = search.lost()
        }
    }

    @Test(
        "P1 P8 the delivery at which a broker ends the connection dies, those behind it flow, and the window opens again"
    )
    func poison() {
        var rig = Rig()
        let queue = Array(1...200 as ClosedRange<UInt64>)
        while rig.settled.count + rig.dead.count < queue.count, rig.connections < 50 {
            rig.connect(queue) { $0 == 20 || $0 == 21 || $0 == 90 }
        }
        #expect(rig.dead == [20, 21, 90])
        #expect(rig.settled == queue.filter { !rig.dead.contains($0) }, "in order, each once")
        #expect(rig.connections < 20)
        #expect(!rig.search.isSearching)
    }

    @Test("P8 while it searches, a delivery without an answer has a deadline; at ease none has")
    func unanswered() {
        var search = RefusalSearch()
        let now = MonotonicInstant(nanoseconds: 1_000)
        for _ in 0..<2 {
            #expect(search.deadline == nil)
            search.published(OutboxPosition(rawValue: 1), at: now)
            #expect(search.deadline == nil && !search.lost())
        }
        search.settled(deliveries: 0, others: 1)
        search.published(OutboxPosition(rawValue: 1), at: now)
        #expect(search.deadline == now.advanced(by: .seconds(5)))
        search.settled(deliveries: 1, others: 0)
        #expect(search.deadline == nil)
    }

    @Test("P1 a broker that takes nothing, not even our status, or that comes back to itself, costs no delivery")
    func absent() {
        var rig = Rig()
        rig.takesOurs = false
        for _ in 0..<50 { rig.connect([1, 2, 3]) { _ in true } }
        #expect(rig.dead.isEmpty)
        rig.takesOurs = true
        rig.connect([1, 2, 3]) { _ in true }
        rig.connect([1, 2, 3]) { _ in false }
        #expect(rig.settled == [1, 2, 3] && rig.dead.isEmpty)
    }
}
