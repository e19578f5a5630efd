internal import CLinux
public import Datagrams
internal import Glibc
internal import Threading
internal import Time

/// Sends frames of equal length over one path of a link, many in one system call. One thread owns it.
///
/// Frames lie one behind the other in memory. Where the kernel has segmentation offload (`UDP_SEGMENT`), up to 64 of
/// them travel through its stack as one; otherwise each is a message of one `sendmmsg`. Nothing is allocated per call.
///
/// Nothing comes back over a diode, so no error ends it: what the kernel refuses is counted, and a socket whose
/// interface went away is opened again, at most once a second, when there is something to send.
public struct DatagramEmitter: ~Copyable {
    /// What has happened so far. All but `bytes` and `pauses` count frames.
    public struct Counters: Hashable, Sendable {
        /// Handed to the kernel.
        public var sent: UInt64 = 0
        /// UDP payload bytes handed to the kernel.
        public var bytes: UInt64 = 0
        /// Given up, because the kernel refused them or the socket is not open.
        public var dropped: UInt64 = 0
        /// How often a full socket or device queue made it wait.
        public var pauses: UInt64 = 0
        /// How often an ICMP message was reported in place of a send (which is then repeated).
        public var refused: UInt64 = 0
    }

    /// The most frames that one message of the offload holds, and the most bytes (an IP datagram's, less headers).
    private static let framesPerMessage = 64
    private static let bytesPerMessage = 65_000
    private static let messagesPerCall = 64
    /// Room for one control message of two bytes, aligned as `cmsghdr` wants it.
    private static let controlStride = 32

    private let destination: SocketAddress
    private let source: SocketAddress?
    private let interface: String?
    private var descriptor: Int32 = -1
    private var nextOpening = MonotonicInstant.distantPast
    private var offload = true
    private let messages: UnsafeMutablePointer<cl_mmsghdr>
    private let pieces: UnsafeMutablePointer<iovec>
    private let controls: UnsafeMutableRawPointer

    public private(set) var counters = Counters()
    /// Why the last frame that was dropped was dropped; nil once a frame went out again.
    public private(set) var failure: DatagramError?

    /// Describes a path; opens nothing yet.
    /// - Parameters:
    ///   - destination: where the frames go.
    ///   - source: the address they come from; nil leaves it to the routing table.
    ///   - interface: the network interface they must leave by (`SO_BINDTODEVICE`); nil leaves it to the routing table.
    public init(to destination: SocketAddress, from source: SocketAddress? = nil, interface: String? = nil) {
        self.destination = destination
        self.source = source
        self.interface = interface
        messages = .allocate(capacity: Self.messagesPerCall)
        messages.initialize(repeating: cl_mmsghdr(), count: Self.messagesPerCall)
        pieces = .allocate(capacity: Self.messagesPerCall)
        pieces.initialize(repeating: iovec(), count: Self.messagesPerCall)
        controls = .allocate(byteCount: Self.messagesPerCall * Self.controlStride, alignment: 16)
        controls.initializeMemory(as: UInt8.self, repeating: 0, count: Self.messagesPerCall * Self.controlStride)
        for index in 0..<Self.messagesPerCall {
            messages[index].msg_hdr.msg_iov = pieces + index
            messages[index].msg_hdr.msg_iovlen = 1
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        messages.deallocate()
        pieces.deallocate()
        controls.deallocate()
    }

    /// Opens the socket now, to learn whether it can be. `emit` does so by itself.
    public mutating func open() throws(DatagramError) {
        guard descriptor < 0 else { return }
        nextOpening = MonotonicClock.now().advanced(by: .seconds(1))
        do throws(SystemError) {
            descriptor = try EmitterSocket.open(to: destination, from: source, interface: interface)
        } catch {
            let refusal = DatagramError.cannotSend(address: destination.description, error)
            failure = refusal
            throw refusal
        }
    }

    /// Sends frames that lie one behind the other, each `frameBytes` long. Waits at most about 100 ms for room in the
    /// socket's queue.
    /// - Returns: how many were handed to the kernel; the rest are counted as dropped.
    @discardableResult
    public mutating func emit(_ frames: RawSpan, frameBytes: Int) -> Int {
        precondition(frameBytes > 0 && frames.byteCount % frameBytes == 0, "frames are whole and of equal length")
        let count = frames.byteCount / frameBytes
        if descriptor < 0, MonotonicClock.now() >= nextOpening { try? open() }
        guard descriptor >= 0 else {
            counters.dropped &+= UInt64(count)
            return 0
        }
        // Safe: the pointers put into the messages are used only by the calls inside this closure.
        return frames.withUnsafeBytes { emit($0, frameBytes: frameBytes, count: count) }
    }

    private mutating func emit(_ frames: UnsafeRawBufferPointer, frameBytes: Int, count: Int) -> Int {
        guard let start = frames.baseAddress else { return 0 }
        var position = 0
        var delivered = 0
        var patience = 20
        while position < count {
            let perMessage = offload ? max(1, min(Self.framesPerMessage, Self.bytesPerMessage / frameBytes)) : 1
            let filled = fill(start, frameBytes: frameBytes, from: position, to: count, perMessage: perMessage)
            let accepted = cl_sendmmsg(descriptor, messages, UInt32(filled), Int32(MSG_DONTWAIT))
            guard accepted <= 0 else {
                let frames = min(count - position, Int(accepted) * perMessage)
                position += frames
                delivered += frames
                patience = 20
                continue
            }
            let error = SystemError.last("sendmmsg")
            patience -= 1
            switch reaction(to: error.code, patience: patience, wasSegmented: perMessage > 1) {
            case .retry: continue
            case .skip: position += min(perMessage, count - position)
            case .giveUp: position = count
            }
            failure = .cannotSend(address: destination.description, error)
        }
        counters.sent &+= UInt64(delivered)
        counters.bytes &+= UInt64(delivered * frameBytes)
        counters.dropped &+= UInt64(count - delivered)
        if delivered == count { failure = nil }
        return delivered
    }

    /// Points messages at the frames from `position` on.
    /// - Returns: how many messages it filled.
    private func fill(
        _ start: UnsafeRawPointer, frameBytes: Int, from position: Int, to count: Int, perMessage: Int
    ) -> Int {
        var filled = 0
        var next = position
        while next < count, filled < Self.messagesPerCall {
            let frames = min(perMessage, count - next)
            pieces[filled].iov_base = UnsafeMutableRawPointer(mutating: start + next * frameBytes)
            pieces[filled].iov_len = frames * frameBytes
            if frames > 1 {
                let control = controls + filled * Self.controlStride
                messages[filled].msg_hdr.msg_control = control
                messages[filled].msg_hdr.msg_controllen = cl_cmsg_space(2)
                // Safe: the control buffer has room for one header and two bytes.
                let header = control.assumingMemoryBound(to: cmsghdr.self)
                header.pointee.cmsg_level = Int32(SOL_UDP)
                header.pointee.cmsg_type = Int32(UDP_SEGMENT)
                header.pointee.cmsg_len = cl_cmsg_len(2)
                cl_cmsg_data(header).storeBytes(of: UInt16(frameBytes), as: UInt16.self)
            } else {
                messages[filled].msg_hdr.msg_control = nil
                messages[filled].msg_hdr.msg_controllen = 0
            }
            next += frames
            filled += 1
        }
        return filled
    }

    private enum Reaction { case retry, skip, giveUp }

    /// What a refused call means. `patience` is what keeps every one of these from going on for ever.
    private mutating func reaction(to code: Int32, patience: Int, wasSegmented: Bool) -> Reaction {
        switch code {
        case EINTR: return patience > 0 ? .retry : .giveUp
        case ECONNREFUSED:
            // An ICMP message about an earlier datagram, reported once. It says nothing about this one.
            counters.refused &+= 1
            return patience > 0 ? .retry : .skip
        case EAGAIN:
            counters.pauses &+= 1
            var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            _ = poll(&entry, 1, 5)
            return patience > 0 ? .retry : .giveUp
        case ENOBUFS, ENOMEM:
            counters.pauses &+= 1
            usleep(200)
            return patience > 0 ? .retry : .giveUp
        case EIO, EINVAL, EOPNOTSUPP:
            // This device cannot segment; from now on each frame is a message of its own.
            guard wasSegmented else { return .skip }
            offload = false
            return .retry
        case ENODEV, ENXIO, EADDRNOTAVAIL, EBADF, ENOTCONN, EPIPE:
            // The interface or the address went away: the next call opens a new socket.
            close(descriptor)
            descriptor = -1
            return .giveUp
        default: return .skip
        }
    }
}
