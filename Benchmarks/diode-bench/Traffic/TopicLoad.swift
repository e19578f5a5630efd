import Glibc
import Threading

/// Publishes at QoS 0 at a steady rate, 100 bytes each, under so many topics in turn.
final class TopicLoad {
    private let stream: BrokerStream
    private var packets: TopicPackets
    private let perStep: Int

    /// - Parameter perSecond: a multiple of 100.
    init(port: UInt16, topics: Int, perSecond: Int) throws {
        stream = try BrokerStream(port: port, client: "bench-topics")
        packets = TopicPackets(topics: topics)
        perStep = perSecond / 100
    }

    /// Publishes for so long and calls `each` every second.
    /// - Returns: messages a second that the broker took.
    func run(seconds: Int, each: () throws -> Void) throws -> Double {
        let began = MonotonicClock.now()
        for step in 0..<seconds * 100 {
            try stream.write(packets.next(perStep)[...])
            if step % 100 == 99 { try each() }
            let due = began.advanced(by: .milliseconds((step + 1) * 10))
            MonotonicClock.sleep(until: due)
        }
        return Double(seconds * 100 * perStep) / (began.duration(to: MonotonicClock.now()) / .seconds(1))
    }
}

extension MessageWay {
    /// The most that both sides held in memory during a load, and its rate.
    func highestResidentBytes(
        during load: TopicLoad, seconds: Int
    ) throws -> (sender: Int, receiver: Int, rate: Double) {
        var highest = (sender: 0, receiver: 0)
        let rate = try load.run(seconds: seconds) {
            let now = residentBytes
            highest = (max(highest.sender, now.sender), max(highest.receiver, now.receiver))
        }
        return (highest.sender, highest.receiver, rate)
    }
}

/// PUBLISH packets at QoS 0 with 100 bytes of payload, under so many topics in turn.
struct TopicPackets {
    let topics: Int
    private var index = 0

    init(topics: Int) { self.topics = topics }

    mutating func next(_ count: Int) -> [UInt8] {
        var packets: [UInt8] = []
        for _ in 0..<count {
            let topic = Array("bench/essen/hall\(index / 1_000)/cell\(index % 1_000)/value".utf8)
            let remaining = 2 + topic.count + 100
            packets += [0x30, UInt8(remaining & 127) | 128, UInt8(remaining >> 7), 0, UInt8(topic.count)] + topic
            let text = Array(
                "{\"value\":\(index),\"unit\":\"C\",\"quality\":192,\"at\":\(MonotonicClock.now().nanoseconds)}".utf8)
            packets += text + [UInt8](repeating: UInt8(ascii: " "), count: 100 - text.count)
            index = (index + 1) % topics
        }
        return packets
    }
}
