import Glibc
import Synchronization
import Threading

/// Takes messages from the IT broker and finds out of each whether it is the first of its number, and how long it took.
struct LoadConsumer: ~Copyable {
    /// What came.
    struct Harvest: Sendable {
        var received = 0
        var duplicates = 0
        /// Messages older than one of the same topic that came before them.
        var overtaken = 0
        /// Nanoseconds of the monotonic clock at the first and at the last message.
        var firstAt: UInt64 = 0
        var lastAt: UInt64 = 0
        /// From publish to arrival in nanoseconds, by number; for paced runs alone.
        var latencies: [UInt64] = []
    }

    private let stream: BrokerStream
    private let tally: LoadTally
    private let run: UInt64
    private let keepsLatencies: Bool
    private var input: [UInt8] = []
    private var answers: [UInt8] = []
    private var seen: [Bool] = []
    private var newest = [UInt64](repeating: 0, count: LoadMessage.topicCount)
    private var harvest = Harvest()

    private init(_ stream: consuming BrokerStream, run: UInt32, keepsLatencies: Bool, _ tally: LoadTally) {
        self.stream = stream
        self.tally = tally
        self.run = UInt64(run)
        self.keepsLatencies = keepsLatencies
    }

    /// Connects and subscribes.
    /// - Parameter keepsLatencies: read each message at once, and remember how long it took; else read in gulps.
    static func subscribe(
        port: UInt16, qos: UInt8, run: UInt32, keepsLatencies: Bool, _ tally: LoadTally
    ) throws -> LoadConsumer {
        let stream = try BrokerStream(port: port, client: "bench-consumer-\(run)")
        try stream.subscribe(LoadMessage.filter, qos: qos)
        if !keepsLatencies { stream.setLowWater(16 << 10) }
        return LoadConsumer(stream, run: run, keepsLatencies: keepsLatencies, tally)
    }

    /// Reads until everything that was sent has come, or nothing has come for two seconds after the last was sent.
    mutating func collect() throws -> Harvest {
        var quietSince = MonotonicClock.now()
        while true {
            stream.waitReadable(milliseconds: keepsLatencies ? 100 : 2)
            try stream.read(into: &input)
            let now = MonotonicClock.now()
            if take(at: now.nanoseconds) { quietSince = now }
            if !answers.isEmpty {
                try stream.write(answers[...])
                answers.removeAll(keepingCapacity: true)
            }
            guard tally.isSent.load(ordering: .acquiring) else { continue }
            if tally.underway == 0 || quietSince.duration(to: now) > .seconds(2) { return harvest }
        }
    }

    /// Takes the whole packets of `input`.
    /// - Returns: whether a message was among them.
    private mutating func take(at now: UInt64) -> Bool {
        var start = 0
        var hasMessages = false
        while let (body, end) = Self.packet(in: input, at: start) {
            if input[start] >> 4 == 3 {
                take(packet: start, body: body, end: end, at: now)
                hasMessages = true
            }
            start = end
        }
        input.removeFirst(start)
        if hasMessages { tally.received.store(harvest.received, ordering: .relaxed) }
        return hasMessages
    }

    private mutating func take(packet start: Int, body: Int, end: Int, at now: UInt64) {
        var payload = body + 2 + Int(input.bigEndian(at: body, bytes: 2))
        if input[start] & 6 != 0 {
            answers += [0x40, 2, input[payload], input[payload + 1]]
            payload += 2
        }
        guard end - payload == LoadMessage.payloadBytes, input.bigEndian(at: payload, bytes: 4) == run else { return }
        let number = input.bigEndian(at: payload + 4, bytes: 8)
        guard number != LoadMessage.probe else {
            tally.isOpen.store(true, ordering: .releasing)
            return
        }
        let index = Int(number)
        if index >= seen.count { seen.append(contentsOf: repeatElement(false, count: index + 65_536 - seen.count)) }
        if seen[index] {
            harvest.duplicates += 1
            return
        }
        seen[index] = true
        let topic = index % LoadMessage.topicCount
        if number < newest[topic] { harvest.overtaken += 1 }
        newest[topic] = max(newest[topic], number)
        if harvest.received == 0 { harvest.firstAt = now }
        harvest.lastAt = now
        harvest.received += 1
        if keepsLatencies { harvest.latencies.append(now - input.bigEndian(at: payload + 12, bytes: 8)) }
    }

    /// The first byte behind the fixed header and the first behind the packet, or nil if it is not all there.
    static func packet(in bytes: [UInt8], at start: Int) -> (body: Int, end: Int)? {
        var length = 0
        for position in 1...4 {
            guard start + position < bytes.count else { return nil }
            let byte = Int(bytes[start + position])
            length |= (byte & 127) << (7 * (position - 1))
            if byte < 128 {
                let body = start + position + 1
                return body + length <= bytes.count ? (body, body + length) : nil
            }
        }
        return nil
    }
}
