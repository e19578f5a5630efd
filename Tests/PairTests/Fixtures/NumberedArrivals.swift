import TestKit

/// What arrived behind the pair of a `Load`, by the properties that the receiver put on it.
struct NumberedArrivals {
    struct Arrival {
        let number: Int
        /// The plant's topic, also where the record went to `diode/<link>/late/…`.
        let topic: String
        let epoch: Int
        let sequence: Int
        /// `diode-late: 1`.
        let isMarked: Bool
        /// It went to `diode/<link>/late/…`.
        let isAside: Bool
        let retain: Bool

        var stamp: [Int] { [epoch, sequence] }
    }

    let all: [Arrival]

    init(_ messages: [PlantMessage], link: String) {
        let aside = "diode/\(link)/late/"
        all = messages.compactMap { message in
            guard let number = NumberedMessage.number(in: message.payload.span.bytes) else { return nil }
            let own = Dictionary(message.userProperties.map { ($0.name, $0.value) }) { first, _ in first }
            let stamp = (own["diode-seq"] ?? "").split(separator: ":").compactMap { Int($0) }
            guard stamp.count == 2 else { return nil }
            let isAside = message.topic.hasPrefix(aside)
            return Arrival(
                number: number, topic: isAside ? String(message.topic.dropFirst(aside.count)) : message.topic,
                epoch: stamp[0], sequence: stamp[1], isMarked: own["diode-late"] == "1", isAside: isAside,
                retain: message.retain)
        }
    }

    /// Numbers below `count` that never came.
    func missing(below count: Int) -> [Int] {
        let came = Set(all.map(\.number))
        return (0..<count).filter { !came.contains($0) }
    }

    /// Stamps that came more than once.
    var repeated: [[Int]] {
        Dictionary(grouping: all, by: \.stamp).filter { $0.value.count > 1 }.keys.sorted {
            $0.lexicographicallyPrecedes($1)
        }
    }

    /// Sentences that say where P3 was broken: an older value after a newer one on a topic, unless it is a run that was published before and
    /// comes once more after a crash; a topic that does not end with its newest; late data that is retained or not marked.
    var disorders: [String] {
        var disorders: [String] = []
        for (topic, arrivals) in Dictionary(grouping: all, by: \.topic) {
            var newest: [Int] = [0, 0]
            var seen = Set<[Int]>()
            let own = arrivals.filter { !$0.isAside }
            for arrival in own {
                if arrival.stamp.lexicographicallyPrecedes(newest), !seen.contains(arrival.stamp) {
                    disorders.append("\(topic): \(arrival.stamp) after \(newest)")
                }
                seen.insert(arrival.stamp)
                if newest.lexicographicallyPrecedes(arrival.stamp) { newest = arrival.stamp }
            }
            if let last = own.last, last.stamp != newest {
                disorders.append("\(topic) ends with \(last.stamp), not \(newest)")
            }
        }
        disorders += all.filter { $0.isAside && ($0.retain || !$0.isMarked) }.map {
            "set aside, but not as late: \($0)"
        }
        return disorders
    }

    /// What came although a gap of the audit had swallowed it, and does not say that it is late.
    func unmarked(in gaps: [[String: Any]]) -> [Arrival] {
        let spans = gaps.compactMap { gap -> (epoch: Int, sequences: ClosedRange<Int>)? in
            guard let epoch = gap["epoch"] as? Int, let first = gap["first_sequence"] as? Int,
                let last = gap["last_sequence"] as? Int
            else { return nil }
            return (epoch, first...last)
        }
        return all.filter { arrival in
            !arrival.isMarked && spans.contains { $0.epoch == arrival.epoch && $0.sequences.contains(arrival.sequence) }
        }
    }
}
