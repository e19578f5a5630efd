internal import COpenSSL
internal import Glibc
internal import Threading

/// A TLS connection over a TCP socket that it owns. Non-blocking like the socket.
///
/// OpenSSL writes with `write`, which raises SIGPIPE on a closed connection: the thread that uses this value blocks that
/// signal, and the error comes back as a number.
struct TLSStream: ~Copyable {
    private let connection: OpaquePointer
    private let serverName: String
    private let socket: TCPSocket

    init(_ context: borrowing TLSContext, over socket: consuming TCPSocket) throws(ConnectionError) {
        connection = try context.makeConnection(descriptor: socket.descriptor)
        serverName = context.serverName
        self.socket = socket
    }

    // The descriptor is closed by the socket afterwards.
    deinit { SSL_free(connection) }

    /// Sends TLS's goodbye, if it can be sent now, and the end of our half.
    func finishWriting() {
        SSL_shutdown(connection)
        socket.finishWriting()
    }

    var descriptor: Int32 { socket.descriptor }

    /// Decrypted bytes wait that no poll would tell of.
    var hasBuffered: Bool { SSL_pending(connection) > 0 }

    /// Goes on with the handshake.
    /// - Returns: `.bytes(0)` when it is done.
    func shakeHands() throws(ConnectionError) -> Transfer {
        ERR_clear_error()
        let result = SSL_do_handshake(connection)
        return result == 1 ? .bytes(0) : try outcome(result)
    }

    /// Reads into `bytes` from `start` as long as there is room and something to decrypt.
    func read(into bytes: inout [UInt8], from start: Int) throws(ConnectionError) -> Transfer {
        defer { socket.confirmAtOnce() }
        var position = start
        while position < bytes.count {
            ERR_clear_error()
            // OpenSSL writes at most as many bytes as the rebased buffer has.
            let result = bytes.withUnsafeMutableBytes { buffer in
                let free = UnsafeMutableRawBufferPointer(rebasing: buffer[position...])
                return SSL_read(connection, free.baseAddress, Int32(clamping: free.count))
            }
            guard result > 0 else {
                // What was read comes first; the end or the error will be there again.
                return position > start ? .bytes(position - start) : try outcome(result)
            }
            position += Int(result)
        }
        return .bytes(position - start)
    }

    func write(_ bytes: RawSpan) throws(ConnectionError) -> Transfer {
        guard bytes.byteCount > 0 else { return .bytes(0) }
        ERR_clear_error()
        let result = bytes.withUnsafeBytes { SSL_write(connection, $0.baseAddress, Int32(clamping: $0.count)) }
        return result > 0 ? .bytes(Int(result)) : try outcome(result)
    }

    private func outcome(_ result: Int32) throws(ConnectionError) -> Transfer {
        let code = errno
        switch SSL_get_error(connection, result) {
        case SSL_ERROR_WANT_READ: return .blocked(writing: false)
        case SSL_ERROR_WANT_WRITE: return .blocked(writing: true)
        case SSL_ERROR_ZERO_RETURN: return .closed
        case SSL_ERROR_SYSCALL:
            if code == 0 || code == ECONNRESET || code == EPIPE { return .closed }
            throw .network(SystemError(call: "TLS", code: code))
        default:
            let verdict = SSL_get_verify_result(connection)
            guard verdict == Int(X509_V_OK) else {
                throw .tls(
                    .untrusted(server: serverName, reason: String(cString: X509_verify_cert_error_string(verdict))))
            }
            throw .tls(.failed(reason: TLSContext.reason()))
        }
    }
}
