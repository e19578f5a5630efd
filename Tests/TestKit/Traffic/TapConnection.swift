import DiodeProtocol
import Glibc
import MQTT
import Threading
import MQTTProtocol
import Time

/// One connection through a tap: two sockets, the packets on their way between them, and what waits for an acknowledgement.
struct TapConnection: ~Copyable {
    /// What a packet meant.
    enum Event {
        case handedOver(Int, Stamp?, sideways: Bool)
        case acknowledged(Int, Stamp?)
        case refused
    }

    /// Bytes on their way in one direction. Only whole packets are passed on.
    private struct Way {
        var input: [UInt8] = []
        var output: [UInt8] = []

        static let limit = 256 << 10
        var hasRoom: Bool { output.count < Self.limit }
    }

    let client: Int32
    let server: Int32
    /// Whether messages flow from the server to the client: a plant's broker and its subscriber.
    private let isFromServer: Bool
    private var toServer = Way()
    private var toClient = Way()
    private var version = ProtocolVersion.v5
    private var keepsSession = true
    /// Numbers that were handed over, by packet identifier, each with the stamp it bore.
    private var pending: [UInt16: (number: Int, stamp: Stamp?)] = [:]

    var unacknowledged: Int { keepsSession ? pending.count : 0 }

    init(client: Int32, server: Int32, fromServer: Bool) {
        self.client = client
        self.server = server
        isFromServer = fromServer
        for descriptor in [client, server] {
            var on: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        }
    }

    deinit {
        close(client)
        close(server)
    }

    /// What to wait for: the client's socket and the server's.
    var interests: [pollfd] {
        func events(_ incoming: Way, _ outgoing: Way) -> Int16 {
            Int16((incoming.hasRoom ? POLLIN : 0) | (outgoing.output.isEmpty ? 0 : POLLOUT))
        }
        return [
            pollfd(fd: client, events: events(toServer, toClient), revents: 0),
            pollfd(fd: server, events: events(toClient, toServer), revents: 0),
        ]
    }

    /// Moves what can be moved.
    /// - Returns: whether the connection goes on.
    mutating func pump(_ events: inout [Event]) -> Bool {
        var isOpen = true
        if toServer.hasRoom { isOpen = Self.read(client, into: &toServer) && isOpen }
        if toClient.hasRoom { isOpen = Self.read(server, into: &toClient) && isOpen }
        do throws(CodecError) {
            try passOn(fromServer: false, &events)
            try passOn(fromServer: true, &events)
        } catch { isOpen = false }
        isOpen = Self.write(server, from: &toServer) && isOpen
        isOpen = Self.write(client, from: &toClient) && isOpen
        return isOpen
    }

    /// The connection has ended on one side: what was passed on so far shall reach the other, so that what the account calls
    /// acknowledged is known to the giver. A socket that is closed with unread bytes would take back what was just written.
    mutating func finish() {
        let end = MonotonicClock.now().advanced(by: .milliseconds(200))
        for isServer in [true, false] {
            let descriptor = isServer ? server : client
            var isOpen = true
            while isOpen, MonotonicClock.now() < end, !(isServer ? toServer : toClient).output.isEmpty {
                if isServer { isOpen = Self.write(server, from: &toServer) }
                if !isServer { isOpen = Self.write(client, from: &toClient) }
                if isOpen { usleep(1_000) }
            }
            shutdown(descriptor, Int32(SHUT_WR))
        }
        var rest = Way()
        while MonotonicClock.now() < end, Self.read(server, into: &rest) { usleep(1_000) }
        while MonotonicClock.now() < end, Self.read(client, into: &rest) { usleep(1_000) }
    }

    /// Moves the whole packets of one direction from input to output.
    private mutating func passOn(fromServer: Bool, _ events: inout [Event]) throws(CodecError) {
        var way = fromServer ? toClient : toServer
        // The other copy goes, so that this one is changed in place.
        if fromServer { toClient = Way() } else { toServer = Way() }
        var start = 0
        while true {
            let rest = way.input.span.bytes.extracting(start..<way.input.count)
            guard let header = try PacketHeader.decode(rest, maximumPacketBytes: 16 << 20),
                header.packetBytes <= rest.byteCount
            else { break }
            try observe(rest.extracting(header.headerBytes..<header.packetBytes), header, fromServer, &events)
            start += header.packetBytes
        }
        way.output.append(contentsOf: way.input[..<start])
        way.input.removeFirst(start)
        if fromServer { toClient = way } else { toServer = way }
    }

    private mutating func observe(
        _ body: RawSpan, _ header: PacketHeader, _ fromServer: Bool, _ events: inout [Event]
    ) throws(CodecError) {
        switch header.type {
        case .connect where body.byteCount > 7:
            // │ 0, 4, "MQTT" │ level:1 │ flags:1 │; bit 1 of the flags is Clean Start.
            version = body.unsafeLoad(fromByteOffset: 6, as: UInt8.self) == 5 ? .v5 : .v3_1_1
            keepsSession = body.unsafeLoad(fromByteOffset: 7, as: UInt8.self) & 2 == 0 || !isFromServer
        case .publish where fromServer == isFromServer:
            let message = try PublishView.decode(body, header: header, version: version)
            guard message.qos != .atMostOnce, let number = NumberedMessage.number(in: message.payload) else { return }
            // A repair of what the IT broker retains is no repetition of the record.
            guard try Self.user("diode-refresh", in: message.properties) == nil else { return }
            let stamp = try Self.stamp(message.properties)
            pending[message.packetIdentifier] = (number, stamp)
            events.append(.handedOver(number, stamp, sideways: !keepsSession))
        case .puback where fromServer != isFromServer, .pubrec where fromServer != isFromServer:
            let answer = try AcknowledgementPacket.decode(body, header: header, version: version)
            guard let taken = pending.removeValue(forKey: answer.packetIdentifier), keepsSession else { return }
            events.append(answer.reason.rawValue < 0x80 ? .acknowledged(taken.number, taken.stamp) : .refused)
        default: break
        }
    }

    /// The user property `diode-seq`, `<epoch>:<sequence>`.
    private static func stamp(_ properties: RawSpan) throws(CodecError) -> Stamp? {
        guard let words = try user("diode-seq", in: properties)?.split(separator: ":"), words.count == 2,
            let epoch = UInt64(words[0]), let sequence = UInt64(words[1])
        else { return nil }
        return Stamp(epoch: Epoch(rawValue: epoch), sequence: SequenceNumber(rawValue: sequence))
    }

    /// The value of a user property; nil if there is none of that name.
    private static func user(_ name: String, in properties: RawSpan) throws(CodecError) -> String? {
        var reader = PropertyReader(properties)
        while !reader.isAtEnd {
            let property = try reader.next()
            if property.id == .userProperty, text(property.bytes) == name { return text(property.value) }
        }
        return nil
    }

    private static func text(_ bytes: RawSpan) -> String {
        bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }

    private static func read(_ descriptor: Int32, into way: inout Way) -> Bool {
        let size = 64 << 10
        let start = way.input.count
        way.input.append(contentsOf: repeatElement(0, count: size))
        let count = way.input.withUnsafeMutableBytes { bytes in
            // `size` bytes lie behind `start`.
            recv(descriptor, bytes.baseAddress.map { $0 + start }, size, Int32(MSG_DONTWAIT))
        }
        way.input.removeLast(size - max(0, count))
        return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR))
    }

    private static func write(_ descriptor: Int32, from way: inout Way) -> Bool {
        guard !way.output.isEmpty else { return true }
        let count = send(descriptor, way.output, way.output.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
        guard count > 0 else { return count < 0 && (errno == EAGAIN || errno == EINTR) }
        way.output.removeFirst(count)
        return true
    }
}
