internal import CLinux
internal import Datagrams
internal import Glibc
internal import Threading

/// Opens a socket that can only receive.
///
/// Writing is shut down (promise P5): the kernel answers any send on it with EPIPE.
struct ListenerSocket {
    let descriptor: Int32
    /// Bytes of receive buffer that the kernel gave.
    let bufferBytes: Int
    /// Whether the kernel merges datagrams into messages.
    let offload: Bool

    init(_ address: SocketAddress, _ settings: DatagramListener.Settings) throws(SystemError) {
        let opened = socket(
            address.family, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard opened >= 0 else { throw .last("socket") }
        do throws(SystemError) {
            bufferBytes = try Self.enlargeBuffer(opened, to: settings.receiveBufferBytes)
            try setOption(opened, SOL_SOCKET, SO_RXQ_OVFL, 1, "SO_RXQ_OVFL")
            offload = settings.offload && Self.mergesDatagrams(opened)
            if let interface = settings.interface { try bindToInterface(opened, interface) }
            // On a socket without a peer the call says ENOTCONN, and shuts writing down all the same.
            guard shutdown(opened, Int32(SHUT_WR)) == 0 || errno == ENOTCONN else { throw .last("shutdown") }
            guard address.withSocketAddress({ bind(opened, $0, $1) }) == 0 else { throw .last("bind") }
        } catch {
            close(opened)
            throw error
        }
        descriptor = opened
    }

    /// Asks for receive offload; a kernel without it (before 5.0) hands over datagram by datagram.
    private static func mergesDatagrams(_ socket: Int32) -> Bool {
        do { try setOption(socket, Int32(SOL_UDP), Int32(UDP_GRO), 1, "UDP_GRO") } catch { return false }
        return true
    }

    /// Asks for the buffer by right of `CAP_NET_ADMIN`, then within `rmem_max`, and reads back what came of it.
    private static func enlargeBuffer(_ socket: Int32, to bytes: Int) throws(SystemError) -> Int {
        let wanted = Int32(clamping: bytes)
        do { try setOption(socket, SOL_SOCKET, SO_RCVBUFFORCE, wanted, "SO_RCVBUFFORCE") } catch {
            try setOption(socket, SOL_SOCKET, SO_RCVBUF, wanted, "SO_RCVBUF")
        }
        var obtained: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(socket, SOL_SOCKET, SO_RCVBUF, &obtained, &length) == 0 else {
            throw .last("getsockopt SO_RCVBUF")
        }
        // The kernel doubles what it is asked for, to have room for its own bookkeeping.
        return Int(obtained) / 2
    }
}
