import DiodeProtocol
import TestKit
import Testing

@testable import SenderOT
@testable import SenderOTCore

/// The two ways to a topic: by its bytes and by its hash.
struct TopicTablesTests {
    @Test("topics are found by their bytes over random insertions and removals, also where hashes meet")
    func index() async {
        await withSeed { random in
            var index = TopicIndex()
            // Few hashes, so that long runs form and removing has to close them.
            var places: [UInt32: Set<Int>] = [:]
            for place in 0..<20_000 {
                let hash = UInt32.random(in: 0..<300, using: &random) &* 0x0101_0101
                if Int.random(in: 0..<3, using: &random) > 0 {
                    index.insert(place, hash)
                    places[hash, default: []].insert(place)
                } else if let some = places.randomElement(using: &random), let place = some.value.first {
                    index.remove(place, some.key)
                    places[some.key]?.remove(place)
                }
                if place % 500 == 0 { check(index, places) }
            }
            check(index, places)
            for (hash, held) in places {
                for place in held { index.remove(place, hash) }
            }
            #expect(index.count == 0)
        }
    }

    private func check(_ index: TopicIndex, _ places: [UInt32: Set<Int>]) {
        #expect(index.count == places.values.reduce(0) { $0 + $1.count })
        for (hash, held) in places {
            let found = held.allSatisfy { place in index.find(hash) { $0 == place } == place }
            #expect(found)
            #expect(index.find(hash) { !held.contains($0) } == nil)
        }
    }

    @Test("topics stay in the order of their hashes over random insertions and removals")
    func order() async {
        await withSeed { random in
            var order = TopicOrder()
            var places: [UInt64: Int] = [:]
            for phase in [40_000, 5_000, 30_000, 0] {
                // Up to the phase's number of topics, or down to it.
                while places.count != phase {
                    if places.count < phase {
                        let hash = random.next() >> (random.next() % 2 * 40)
                        let place = Int.random(in: 0..<1 << 30, using: &random)
                        #expect(order.insert(TopicHash(rawValue: hash), place) == (places[hash] == nil))
                        if places[hash] == nil { places[hash] = place }
                    } else if let hash = places.keys.first {
                        order.remove(TopicHash(rawValue: hash))
                        places[hash] = nil
                    }
                }
                check(order, places, from: 0)
                check(order, places, from: random.next())
                check(order, places, from: .max)
                if let some = places.keys.randomElement(using: &random) { check(order, places, from: some) }
            }
        }
    }

    private func check(_ order: TopicOrder, _ places: [UInt64: Int], from: UInt64) {
        var position = order.position(from: TopicHash(rawValue: from))
        var found: [UInt64] = []
        var isRight = true
        while let (hash, place) = order.topic(at: position) {
            found.append(hash.rawValue)
            isRight = isRight && places[hash.rawValue] == place
            position = order.next(position)
        }
        #expect(order.count == places.count)
        #expect(isRight)
        #expect(found == places.keys.filter { $0 >= from }.sorted())
    }
}
