/// The way to the server: TCP, or TLS over it.
///
/// Nothing of it is inlined: where two switches over this enum meet in one loop, the optimiser of Swift 6.3.1 crashes in
/// JumpThreadSimplifyCFG. Each call ends in a system call, so it costs nothing that can be measured.
enum ByteStream: ~Copyable {
    case tcp(TCPSocket)
    case tls(TLSStream)

    var descriptor: Int32 {
        @inline(never) get {
            switch self {
            case .tcp(let socket): socket.descriptor
            case .tls(let stream): stream.descriptor
            }
        }
    }

    /// Bytes wait here that polling the descriptor would not tell of.
    var hasBuffered: Bool {
        @inline(never) get {
            switch self {
            case .tcp: false
            case .tls(let stream): stream.hasBuffered
            }
        }
    }

    /// Reads into `bytes` from `start` to its end; never blocks.
    @inline(never)
    func read(into bytes: inout [UInt8], from start: Int) throws(ConnectionError) -> Transfer {
        switch self {
        case .tcp(let socket): try socket.read(into: &bytes, from: start)
        case .tls(let stream): try stream.read(into: &bytes, from: start)
        }
    }

    /// Writes what can be written now; never blocks.
    @inline(never)
    func write(_ bytes: RawSpan) throws(ConnectionError) -> Transfer {
        switch self {
        case .tcp(let socket): try socket.write(bytes)
        case .tls(let stream): try stream.write(bytes)
        }
    }

    /// Tells the server that no more bytes come; reading goes on.
    @inline(never)
    func finishWriting() {
        switch self {
        case .tcp(let socket): socket.finishWriting()
        case .tls(let stream): stream.finishWriting()
        }
    }
}
