import Glibc
import Synchronization
import Threading
import Time

/// Publishes 100-byte messages on the OT broker: as many as the windows allow, or so many a second.
///
/// Two windows: unacknowledged QoS 1 messages, and messages on their way to the consumer. The second keeps every queue
/// on the way shorter than its limit, so that a run measures what passes, and not what is dropped.
struct LoadPublisher: ~Copyable {
    static let unacknowledged = 2_000
    static let underway = 20_000
    private static let batch = 256

    private let stream: BrokerStream
    private let tally: LoadTally
    private let qos: UInt8
    private let templates: [[UInt8]]
    private var packets: [UInt8] = []
    private var answers: [UInt8] = []
    private var sent = 0
    private var acknowledged = 0
    private var identifier: UInt16 = 0

    init(port: UInt16, qos: UInt8, run: UInt32, _ tally: LoadTally) throws {
        stream = try BrokerStream(port: port, client: "bench-publisher-\(run)")
        self.tally = tally
        self.qos = qos
        templates = LoadMessage.templates(run: run, qos: qos)
        packets.reserveCapacity(Self.batch * LoadMessage.packetBytes(qos: qos))
    }

    /// Sends a probe every now and then until one arrives.
    /// - Returns: whether one did in time.
    mutating func openWay(timeout: Duration = .seconds(20)) throws -> Bool {
        let end = MonotonicClock.now().advanced(by: timeout)
        while !tally.isOpen.load(ordering: .acquiring) {
            guard MonotonicClock.now() < end else { return false }
            try send(count: 1, probe: true)
            usleep(50_000)
            try takeAnswers(wait: 0)
        }
        return true
    }

    /// Publishes for some time as fast as the windows allow.
    mutating func flood(for duration: Duration) throws {
        let end = MonotonicClock.now().advanced(by: duration)
        var movedAt = MonotonicClock.now()
        while true {
            let now = MonotonicClock.now()
            guard now < end else { break }
            var room = min(Self.batch, Self.underway - tally.underway)
            if qos > 0 { room = min(room, Self.unacknowledged - (sent - acknowledged)) }
            if room >= Self.batch / 4 {
                try send(count: room)
                movedAt = now
                try takeAnswers(wait: 0)
            } else {
                // Nothing has moved for two seconds: what is under way is lost, and the run is over.
                guard movedAt.duration(to: now) < .seconds(2) else { break }
                if qos > 0, sent > acknowledged { try takeAnswers(wait: 1) } else { usleep(200) }
            }
        }
        try finish()
    }

    /// Publishes so many messages at a steady rate, each in a write of its own.
    mutating func pace(_ count: Int, perSecond rate: Int) throws {
        let start = MonotonicClock.now()
        for index in 0..<count {
            let due = start.advanced(by: .nanoseconds(index * 1_000_000_000 / rate))
            MonotonicClock.sleep(until: due)
            try send(count: 1)
            try takeAnswers(wait: 0)
        }
        try finish()
    }

    private mutating func finish() throws {
        let end = MonotonicClock.now().advanced(by: .seconds(5))
        while qos > 0, acknowledged < sent, MonotonicClock.now() < end { try takeAnswers(wait: 5) }
        tally.isSent.store(true, ordering: .releasing)
    }

    private mutating func send(count: Int, probe: Bool = false) throws {
        packets.removeAll(keepingCapacity: true)
        let payload = LoadMessage.payloadStart(qos: qos)
        let now = MonotonicClock.now()
        for index in 0..<count {
            let start = packets.count
            let number = probe ? LoadMessage.probe : UInt64(sent + index)
            packets.append(contentsOf: templates[probe ? 0 : (sent + index) % LoadMessage.topicCount])
            if qos > 0 {
                identifier = identifier == .max ? 1 : identifier + 1
                packets.storeBigEndian(UInt64(identifier), at: start + LoadMessage.identifierStart, bytes: 2)
            }
            packets.storeBigEndian(number, at: start + payload + 4, bytes: 8)
            packets.storeBigEndian(now.nanoseconds, at: start + payload + 12, bytes: 8)
        }
        if probe {
            // Its acknowledgement is one more.
            acknowledged -= 1
        } else {
            sent += count
            tally.sent.store(sent, ordering: .relaxed)
        }
        try stream.write(packets[...])
    }

    /// Counts PUBACKs, four bytes each.
    private mutating func takeAnswers(wait milliseconds: Int32) throws {
        guard qos > 0 else { return }
        if milliseconds > 0 { stream.waitReadable(milliseconds: milliseconds) }
        try stream.read(into: &answers, limit: 16 << 10)
        let whole = answers.count / 4
        acknowledged += whole
        answers.removeFirst(4 * whole)
    }
}
