internal import MQTTProtocol

/// Publishes one behind the other in one array of bytes, which is reused.
///
/// ```text
///  │ token:8 │ QoS:1 │ retain:1, DUP:2 │ identifier:2 │ topic bytes:4 │ property bytes:4 │ payload bytes:4 │ topic │ properties │ payload │ …
/// ```
struct PublishQueue: Sendable {
    static let headBytes = 24

    package var bytes: [UInt8] = []
    private var start = 0
    /// How many publishes are in the queue.
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    /// How many bytes a publish takes here.
    static func bytes(_ message: PublishView) -> Int {
        headBytes + message.topic.byteCount + message.properties.byteCount + message.payload.byteCount
    }

    mutating func append(_ message: PublishView, token: UInt64) {
        bytes.append(bigEndian: UInt32(truncatingIfNeeded: token >> 32))
        bytes.append(bigEndian: UInt32(truncatingIfNeeded: token))
        bytes.append(message.qos.rawValue)
        bytes.append((message.retain ? 1 : 0) | (message.duplicate ? 2 : 0))
        bytes.append(UInt8(truncatingIfNeeded: message.packetIdentifier >> 8))
        bytes.append(UInt8(truncatingIfNeeded: message.packetIdentifier))
        bytes.append(bigEndian: UInt32(message.topic.byteCount))
        bytes.append(bigEndian: UInt32(message.properties.byteCount))
        bytes.append(bigEndian: UInt32(message.payload.byteCount))
        bytes.append(span: message.topic)
        bytes.append(span: message.properties)
        bytes.append(span: message.payload)
        count += 1
    }

    /// The oldest publish and its token. The queue is not empty.
    @_lifetime(borrow self)
    func first() -> QueuedPublish {
        precondition(count > 0, "the queue is empty")
        let head = bytes.span.bytes.extracting(start..<bytes.count)
        // Written by `append`, so that nothing here can fail; each load is checked by the span all the same.
        func number(_ offset: Int) -> Int {
            Int(UInt32(bigEndian: head.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)))
        }
        let properties = Self.headBytes + number(12)
        let payload = properties + number(16)
        let end = payload + number(20)
        let flags = head.unsafeLoad(fromByteOffset: 9, as: UInt8.self)
        let qos = QoS(rawValue: head.unsafeLoad(fromByteOffset: 8, as: UInt8.self)) ?? .atMostOnce
        let message = PublishView(
            topic: head.extracting(Self.headBytes..<properties), properties: head.extracting(properties..<payload),
            payload: head.extracting(payload..<end), qos: qos,
            retain: flags & 1 != 0, duplicate: flags & 2 != 0,
            packetIdentifier: UInt16(bigEndian: head.unsafeLoadUnaligned(fromByteOffset: 10, as: UInt16.self)))
        return QueuedPublish(message: message, token: UInt64(number(0)) << 32 | UInt64(number(4)), queueBytes: end)
    }

    /// Token and size of the oldest publish. The queue is not empty.
    var firstToken: (token: UInt64, queueBytes: Int) {
        let queued = first()
        return (queued.token, queued.queueBytes)
    }

    mutating func removeFirst(queueBytes: Int) {
        start += queueBytes
        count -= 1
        guard count == 0 else { return }
        start = 0
        // Keep the memory of an ordinary burst, not that of an extraordinary one.
        bytes.removeAll(keepingCapacity: bytes.capacity <= 1 << 20)
    }
}

/// A publish in a queue, as views.
struct QueuedPublish: ~Escapable {
    let message: PublishView
    let token: UInt64
    /// What it takes in the queue.
    let queueBytes: Int

    @_lifetime(copy message)
    init(message: PublishView, token: UInt64, queueBytes: Int) {
        self.message = message
        self.token = token
        self.queueBytes = queueBytes
    }
}
