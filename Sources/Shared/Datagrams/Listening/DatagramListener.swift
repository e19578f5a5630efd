internal import CLinux
public import Datagrams
internal import Glibc
public import Threading

/// Drains one UDP socket into batches. One thread owns it and does nothing else.
///
/// The socket can only receive (promise P5): writing is shut down, so that the kernel refuses any send on it with
/// EPIPE, and no code here tries.
public struct DatagramListener: ~Copyable {
    /// What the kernel gave us.
    public struct Settings: Sendable {
        /// Bytes of receive buffer to ask for. 64 MiB hold half a second of 1 Gbit/s.
        public var receiveBufferBytes: Int
        /// Lets the kernel hand over several datagrams of one sender as one message (`UDP_GRO`).
        public var offload: Bool
        /// The interface to listen on; nil is every one that has the address.
        public var interface: String?

        public init(receiveBufferBytes: Int = 64 << 20, offload: Bool = true, interface: String? = nil) {
            self.receiveBufferBytes = receiveBufferBytes
            self.offload = offload
            self.interface = interface
        }
    }

    private let descriptor: Int32
    /// What it is bound to, and the number that the kernel had for that before it was opened; 0: none.
    private let interface: String?
    private let interfaceNumber: UInt32
    private var lastOverflow: UInt32 = 0
    /// Bytes of receive buffer that the kernel gave. Less than asked for means that neither `CAP_NET_ADMIN` nor
    /// `net.core.rmem_max` allowed more: bursts will be lost, so say it loudly.
    public let receiveBufferBytes: Int
    /// Whether the kernel merges datagrams into messages.
    public let offload: Bool
    /// Datagrams that the socket had no room for, as far as the datagrams after them told.
    public private(set) var socketDrops: UInt64 = 0
    /// Datagrams longer than a slot of the batch.
    public private(set) var truncated: UInt64 = 0

    /// Starts to listen.
    /// - Throws: `cannotListen` that names the address and the kernel's reason (port in use, no such address, …).
    public init(on address: SocketAddress, settings: Settings = Settings()) throws(DatagramError) {
        // Asked first: if the interface is made anew before the socket is bound, the number is another one, and that is seen.
        let number = settings.interface.map { if_nametoindex($0) } ?? 0
        do throws(SystemError) {
            let opened = try ListenerSocket(address, settings)
            descriptor = opened.descriptor
            interface = settings.interface
            interfaceNumber = number
            receiveBufferBytes = opened.bufferBytes
            offload = opened.offload
        } catch { throw .cannotListen(address: address.description, error) }
    }

    deinit { close(descriptor) }

    /// Whether nothing will come any more: the interface is gone, or was made anew under its name. The socket stays bound to the number
    /// that the interface had, and the kernel reports no error. What came before is still there to be received; then the caller
    /// opens a new one.
    public var isDeaf: Bool { interface.map { if_nametoindex($0) != interfaceNumber } ?? false }

    /// Waits for datagrams and takes what is there, up to the batch's capacity. Replaces what the batch held.
    /// - Parameter timeout: the longest wait; zero only looks.
    /// - Returns: how many datagrams the batch holds now; 0 when the time was over or a signal came.
    /// - Throws: when the socket is broken; the caller opens a new one. An interface that goes away does not break it: see ``isDeaf``.
    public mutating func receive(into batch: DatagramBatch, timeout: Duration) throws(SystemError) -> Int {
        batch.prepare()
        var count = drain(into: batch)
        if count < 0, errno == EAGAIN, timeout > .zero, waitUntilReadable(descriptor, timeout: timeout) {
            count = drain(into: batch)
        }
        guard count >= 0 else {
            // ECONNREFUSED and its like are late ICMP messages: nothing to a socket that never sends.
            guard [EAGAIN, EINTR, ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ENOBUFS, ENOMEM].contains(errno) else {
                throw .last("recvmmsg")
            }
            return 0
        }
        batch.accept(Int(count))
        truncated &+= UInt64(batch.truncatedCount)
        if let overflow = batch.overflow {
            socketDrops &+= UInt64(overflow &- lastOverflow)
            lastOverflow = overflow
        }
        return batch.datagramCount
    }

    private func drain(into batch: DatagramBatch) -> Int32 {
        cl_recvmmsg(descriptor, batch.messages, UInt32(batch.capacity), Int32(MSG_DONTWAIT))
    }
}
