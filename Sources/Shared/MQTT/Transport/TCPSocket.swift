internal import Glibc
internal import Threading

/// What a read or a write came to.
enum Transfer: Equatable {
    case bytes(Int)
    /// Nothing moved; try again when the descriptor is readable or writable.
    case blocked(writing: Bool)
    /// The other side has closed.
    case closed
}

/// One TCP connection, non-blocking; closed when this value goes.
struct TCPSocket: ~Copyable {
    let descriptor: Int32

    /// Starts to connect. It is connected or failed once it is writable; `connectionFault` tells which.
    init(connectingTo address: borrowing SocketAddress) throws(ConnectionError) {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        descriptor = socket(address.family, type, 0)
        guard descriptor >= 0 else { throw .dial(address: address.text, .last("socket")) }
        var one: Int32 = 1
        // Batches are made here, not in the kernel. Failing costs latency only.
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        if address.connect(descriptor) != 0, errno != EINPROGRESS {
            throw .dial(address: address.text, .last("connect"))
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Why connecting failed; nil if it did not.
    var connectionFault: SystemError? {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0 else { return .last("getsockopt") }
        return code == 0 ? nil : SystemError(call: "connect", code: code)
    }

    /// Reads into `bytes` from `start` to its end.
    func read(into bytes: inout [UInt8], from start: Int) throws(ConnectionError) -> Transfer {
        // The kernel writes at most as many bytes as the rebased buffer has.
        let count = bytes.withUnsafeMutableBytes { buffer in
            let free = UnsafeMutableRawBufferPointer(rebasing: buffer[start...])
            return recv(descriptor, free.baseAddress, free.count, 0)
        }
        if count > 0 {
            confirmAtOnce()
            return .bytes(count)
        }
        if count == 0 { return .closed }
        return try outcome(of: "recv")
    }

    /// Lets the kernel confirm what was read now, and not up to 40 ms later. A broker that leaves Nagle's algorithm on, which is
    /// mosquitto's default, holds its next small packet back until then. The kernel forgets it, so each read says it again.
    func confirmAtOnce() {
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_QUICKACK, &one, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Writes as much as the kernel takes.
    func write(_ bytes: RawSpan) throws(ConnectionError) -> Transfer {
        let count = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        return count >= 0 ? .bytes(count) : try outcome(of: "send")
    }

    /// Sends the end of our half.
    func finishWriting() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    private func outcome(of call: String) throws(ConnectionError) -> Transfer {
        switch errno {
        case EAGAIN, EINTR: return .blocked(writing: call == "send")
        case ECONNRESET, EPIPE: return .closed
        default: throw .network(.last(call))
        }
    }
}
