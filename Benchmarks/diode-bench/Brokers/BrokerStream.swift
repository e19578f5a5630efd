import Glibc

/// A raw MQTT 3.1.1 connection to a broker on this machine, as cheap as a load generator must be: many packets in one
/// write, many in one read, no queue and no thread of its own.
struct BrokerStream: ~Copyable {
    /// The broker did not do what it had to.
    struct Broken: Error, CustomStringConvertible {
        let description: String

        init(_ what: String) { description = "\(what): \(String(cString: strerror(errno)))" }
    }

    private let descriptor: Int32

    /// Connects and waits for CONNACK.
    init(port: UInt16, client: String) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        // The address is valid during the call.
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
        }
        guard connected == 0 else { throw Broken("connect to port \(port)") }
        set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        // A clean session and no keep-alive; then the client's name.
        let body = [0, 4] + Array("MQTT".utf8) + [4, 2, 0, 0, 0, UInt8(client.utf8.count)] + Array(client.utf8)
        try write(([0x10, UInt8(body.count)] + body)[...])
        guard try readExactly(4) == [0x20, 2, 0, 0] else { throw Broken("CONNACK of port \(port)") }
    }

    deinit { close(descriptor) }

    /// Subscribes to one filter and waits for SUBACK.
    func subscribe(_ filter: String, qos: UInt8) throws {
        let body = [0, 1, 0, UInt8(filter.utf8.count)] + Array(filter.utf8) + [qos]
        try write(([0x82, UInt8(body.count)] + body)[...])
        guard try readExactly(5) == [0x90, 3, 0, 1, qos] else { throw Broken("SUBACK of \(filter)") }
    }

    /// Lets `waitReadable` wait until so many bytes are there (or its time is over): few reads instead of many.
    func setLowWater(_ bytes: Int) { set(SOL_SOCKET, SO_RCVLOWAT, Int32(bytes)) }

    func waitReadable(milliseconds: Int32) {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = poll(&waiting, 1, milliseconds)
    }

    /// Writes all of it, waiting as long as it takes.
    func write(_ bytes: ArraySlice<UInt8>) throws {
        try bytes.withUnsafeBytes { bytes in
            var done = 0
            while done < bytes.count {
                // The slice is inside the buffer, which is valid during the call.
                let count = send(
                    descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, Int32(MSG_NOSIGNAL))
                guard count > 0 else { throw Broken("send") }
                done += count
            }
        }
    }

    /// Appends what is there to `buffer`, up to `limit` bytes; nothing if nothing is there.
    func read(into buffer: inout [UInt8], limit: Int = 256 << 10) throws {
        let start = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: limit))
        let count = buffer.withUnsafeMutableBytes { bytes in
            // `limit` bytes lie behind `start`.
            recv(descriptor, bytes.baseAddress.map { $0 + start }, limit, Int32(MSG_DONTWAIT))
        }
        buffer.removeLast(limit - max(0, count))
        guard count > 0 || (count < 0 && errno == EAGAIN) else { throw Broken("receive") }
    }

    private func readExactly(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<5_000 where bytes.count < count {
            waitReadable(milliseconds: 1)
            try read(into: &bytes, limit: count - bytes.count)
        }
        return bytes
    }

    private func set(_ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }
}
