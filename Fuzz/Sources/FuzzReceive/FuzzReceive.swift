import Glibc
import MQTTProtocol

/// What a server sends, whole and cut into pieces at arbitrary places: both ways a session tells and answers the same, in time that grows
/// with the bytes. The first byte names the version and where the cuts are.
@c public func LLVMFuzzerTestOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard count > 1 else { return 0 }
    var input = Array(UnsafeBufferPointer(start: start, count: count))
    let first = input.removeFirst()
    let version: ProtocolVersion = first & 1 == 0 ? .v5 : .v3_1_1
    let began = clock()
    let whole = Receiver.receive(input, version) { $0 }
    // With the sanitizers, a byte costs well below a microsecond; the floor is for the machine. Processor time: other processes cost none.
    let time = Duration.microseconds(clock() - began)
    precondition(time < .milliseconds(200) + .microseconds(20) * input.count, "the cost grows with the bytes alone")
    var seed = UInt64(first) | 1
    let pieces = Receiver.receive(input, version) { left in
        seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return min(left, 1 + Int(seed >> 33) % 97)
    }
    precondition(whole == pieces, "cuts change nothing")
    return 0
}

/// What a session told, in words, and what it wrote.
private struct Outcome: Equatable {
    var told: [String] = []
    var faults: [String: UInt64] = [:]
    var written: [UInt8] = []
    var error: SessionError?
}

private struct Receiver {
    private var session: Session
    private var events = SessionEvents()
    private var outcome = Outcome()
    private let version: ProtocolVersion

    init(_ version: ProtocolVersion) {
        self.version = version
        var settings = ConnectionSettings(host: "h", port: 1)
        settings.clientIdentifier = "c"
        settings.topicAliasMaximum = 3
        settings.keptPacketBytes = 256
        session = Session(settings)
        session.open(version: version, now: .zero)
        let connack: [UInt8] = version == .v5 ? [0x20, 3, 0, 0, 0] : [0x20, 2, 0, 0]
        _ = try? session.receive(connack.span.bytes, now: .zero, events: &events)
        let written = session.outgoing.byteCount
        session.wrote(written, now: .zero)
        events.clear()
    }

    /// - Parameter piece: how many of the bytes that are left come next.
    mutating func feed(_ input: [UInt8], _ piece: (Int) -> Int) {
        var position = 0
        var end = 0
        while end < input.count {
            end += piece(input.count - end)
            while true {
                let bytes = Array(input[position..<end])
                var taken = 0
                do throws(SessionError) {
                    taken = try session.receive(bytes.span.bytes, now: .zero, events: &events)
                } catch { outcome.error = error }
                tell(bytes)
                if outcome.error != nil { return }
                guard taken > 0 else { break }
                position += taken
            }
        }
    }

    static func receive(_ input: [UInt8], _ version: ProtocolVersion, _ piece: (Int) -> Int) -> Outcome {
        var receiver = Receiver(version)
        receiver.feed(input, piece)
        var outcome = receiver.outcome
        outcome.written.append(span: receiver.session.outgoing)
        return outcome
    }

    private mutating func tell(_ bytes: [UInt8]) {
        let (words, faults) = Self.words(events, bytes, version)
        outcome.told += words
        for fault in ProtocolFault.allCases where faults[fault] > 0 {
            outcome.faults[fault.word, default: 0] += faults[fault]
        }
        events.clear()
    }

    private static func words(
        _ events: SessionEvents, _ bytes: [UInt8], _ version: ProtocolVersion
    ) -> (told: [String], faults: FaultTally) {
        let batch = events.batch(bytes: bytes.span.bytes, version: version)
        var words: [String] = []
        for index in 0..<batch.messageCount {
            let message = batch.message(at: index)
            var content: [UInt8] = []
            content.append(span: message.topic)
            content.append(span: message.properties)
            content.append(span: message.payload)
            words.append(
                "\(message.qos) \(message.retain) \(message.duplicate) \(message.packetIdentifier) "
                    + "\(message.delivery?.rawValue ?? 0) \(message.loss.map { "\($0)" } ?? "") \(content)")
        }
        return (words, batch.faults)
    }
}
