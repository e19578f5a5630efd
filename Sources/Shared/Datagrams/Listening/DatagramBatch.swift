internal import CLinux
internal import Glibc

/// The memory that received datagrams land in: a fixed number of slots, filled by one `recvmmsg`.
///
/// ```text
/// slot 0                    slot 1                                    one message a slot;
/// ┌──────┬──────┬────┬────┐ ┌──────┬────────────────────────────┐     with receive offload a message is several
/// │frame │frame │frm │    │ │frame │                            │     datagrams of equal length, the last may be
/// └──────┴──────┴────┴────┘ └──────┴────────────────────────────┘     shorter
/// ```
///
/// `@unchecked Sendable` is safe as long as one thread has a batch at a time: whoever pushed it into a ring does not
/// touch it until it comes back.
public final class DatagramBatch: @unchecked Sendable {
    /// Room for the two control messages that the listener asks for.
    private static let controlStride = 64

    /// How many messages fit.
    public let capacity: Int
    /// The most bytes of one message.
    public let messageBytes: Int
    let messages: UnsafeMutablePointer<cl_mmsghdr>
    private let pieces: UnsafeMutablePointer<iovec>
    private let arena: UnsafeMutableRawPointer
    private let controls: UnsafeMutableRawPointer
    private let segments: UnsafeMutablePointer<Int>

    /// How many messages it holds now.
    public private(set) var messageCount = 0
    /// How many datagrams those are; a truncated one is none.
    public private(set) var datagramCount = 0
    /// How many messages were longer than a slot and are skipped.
    public private(set) var truncatedCount = 0
    /// The socket's count of datagrams it had no room for, as it stood when the newest message was queued; nil if the
    /// batch holds none, or the count was 0. It wraps at 2³².
    private(set) var overflow: UInt32?

    /// - Parameters:
    ///   - capacity: how many messages one call takes, 1…1,024.
    ///   - messageBytes: the most bytes of one; 65,536 with receive offload, 2,048 (9,216 with jumbo frames) without.
    public init(capacity: Int = 64, messageBytes: Int = 65_536) {
        precondition((1...1_024).contains(capacity), "a batch has 1…1,024 slots")
        precondition((256...65_536).contains(messageBytes), "a slot has 256…65,536 bytes")
        self.capacity = capacity
        self.messageBytes = messageBytes
        messages = .allocate(capacity: capacity)
        messages.initialize(repeating: cl_mmsghdr(), count: capacity)
        pieces = .allocate(capacity: capacity)
        pieces.initialize(repeating: iovec(), count: capacity)
        segments = .allocate(capacity: capacity)
        segments.initialize(repeating: 0, count: capacity)
        // Left untouched: pages that no datagram ever reaches cost no memory.
        arena = .allocate(byteCount: capacity * messageBytes, alignment: 64)
        controls = .allocate(byteCount: capacity * Self.controlStride, alignment: 16)
        for index in 0..<capacity {
            pieces[index].iov_base = arena + index * messageBytes
            pieces[index].iov_len = messageBytes
            messages[index].msg_hdr.msg_iov = pieces + index
            messages[index].msg_hdr.msg_iovlen = 1
        }
    }

    deinit {
        messages.deallocate()
        pieces.deallocate()
        segments.deallocate()
        arena.deallocate()
        controls.deallocate()
    }

    /// Calls `body` with each datagram, in the order of arrival. The bytes are valid during the call only.
    public func forEachDatagram(_ body: (RawSpan) -> Void) {
        for index in 0..<messageCount where segments[index] > 0 {
            let length = Int(messages[index].msg_len)
            var offset = 0
            repeat {
                let size = min(segments[index], length - offset)
                // Safe: `length` bytes of this slot were written by the kernel, and the slots live as long as self.
                let start = UnsafeRawPointer(arena + index * messageBytes + offset)
                body(RawSpan(_unsafeStart: start, byteCount: size))
                offset += size
            } while offset < length
        }
    }

    /// Makes the slots ready for the kernel, which changes what a message says about its control buffer.
    func prepare() {
        messageCount = 0
        datagramCount = 0
        truncatedCount = 0
        // Or a batch would tell a new socket of an old one's count.
        overflow = nil
        for index in 0..<capacity {
            messages[index].msg_hdr.msg_control = controls + index * Self.controlStride
            messages[index].msg_hdr.msg_controllen = Self.controlStride
            messages[index].msg_hdr.msg_flags = 0
        }
    }

    /// Reads what the kernel wrote into the first `count` messages.
    func accept(_ count: Int) {
        messageCount = count
        for index in 0..<count {
            let length = Int(messages[index].msg_len)
            var segment = length
            var header = cl_cmsg_first(&messages[index].msg_hdr)
            while let control = header {
                if control.pointee.cmsg_level == Int32(SOL_UDP), control.pointee.cmsg_type == Int32(UDP_GRO) {
                    segment = Int(cl_cmsg_data(control).loadUnaligned(as: Int32.self))
                } else if control.pointee.cmsg_level == SOL_SOCKET, control.pointee.cmsg_type == SO_RXQ_OVFL {
                    overflow = cl_cmsg_data(control).loadUnaligned(as: UInt32.self)
                }
                header = cl_cmsg_next(&messages[index].msg_hdr, control)
            }
            if Int(messages[index].msg_hdr.msg_flags) & Int(MSG_TRUNC) != 0 {
                truncatedCount += 1
                segments[index] = 0
            } else if length == 0 {
                // An empty datagram: one slot, no bytes. `forEachDatagram` shows it once.
                segments[index] = 1
                datagramCount += 1
            } else {
                segments[index] = max(1, segment)
                datagramCount += (length + max(1, segment) - 1) / max(1, segment)
            }
        }
    }
}
