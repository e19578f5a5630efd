internal import CLinux
internal import Glibc

/// Waits for many descriptors at once (epoll, level-triggered). One thread owns it.
///
/// The poller borrows the descriptors: whoever opened one removes it here before closing it.
public struct Poller: ~Copyable {
    /// What to wait for on a descriptor.
    public struct Interest: OptionSet, Sendable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// Something can be read, or the other side has closed.
        public static let reading = Interest(rawValue: 1)
        /// Something can be written.
        public static let writing = Interest(rawValue: 2)
    }

    /// One descriptor that is ready.
    public struct Event: Sendable {
        /// What the descriptor was added with.
        public let tag: UInt64
        /// What it is ready for. An error or a hang-up counts as both, so that the next call on it finds out.
        public let ready: Interest
    }

    private let fileDescriptor: Int32
    private var events: [epoll_event]

    /// - Parameter maximumEvents: the most events that one `wait` returns.
    public init(maximumEvents: Int = 64) throws(SystemError) {
        precondition(maximumEvents > 0, "a poller returns at least one event")
        let descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard descriptor >= 0 else { throw .last("epoll_create1") }
        fileDescriptor = descriptor
        events = Array(repeating: epoll_event(), count: maximumEvents)
    }

    deinit { close(fileDescriptor) }

    /// Starts to wait for a descriptor. `tag` comes back in its events.
    public func add(_ descriptor: Int32, tag: UInt64, interest: Interest) throws(SystemError) {
        try control(EPOLL_CTL_ADD, descriptor, tag, interest)
    }

    /// Changes what is waited for on a descriptor that was added.
    public func change(_ descriptor: Int32, tag: UInt64, interest: Interest) throws(SystemError) {
        try control(EPOLL_CTL_MOD, descriptor, tag, interest)
    }

    /// Stops waiting for a descriptor.
    public func remove(_ descriptor: Int32) throws(SystemError) {
        try control(EPOLL_CTL_DEL, descriptor, 0, [])
    }

    /// Sleeps until a descriptor is ready, and calls `body` for each that is.
    /// - Parameter timeout: the longest sleep; nil is for ever, zero only looks.
    /// - Returns: how many were ready; 0 when the time was over or a signal came.
    @discardableResult
    public mutating func wait(timeout: Duration? = nil, _ body: (Event) -> Void) throws(SystemError) -> Int {
        let count = epoll_wait(fileDescriptor, &events, Int32(events.count), Duration.pollMilliseconds(timeout))
        guard count >= 0 else {
            guard errno == EINTR else { throw .last("epoll_wait") }
            return 0
        }
        for index in 0..<Int(count) {
            let bits = events[index].events
            var ready: Interest = []
            if bits & Self.broken != 0 { ready = [.reading, .writing] }
            if bits & EPOLLIN.rawValue != 0 { ready.insert(.reading) }
            if bits & EPOLLOUT.rawValue != 0 { ready.insert(.writing) }
            body(Event(tag: events[index].data.u64, ready: ready))
        }
        return Int(count)
    }

    private static var broken: UInt32 { EPOLLERR.rawValue | EPOLLHUP.rawValue | EPOLLRDHUP.rawValue }

    private func control(_ operation: Int32, _ descriptor: Int32, _ tag: UInt64, _ interest: Interest)
        throws(SystemError)
    {
        var event = epoll_event()
        if interest.contains(.reading) { event.events |= EPOLLIN.rawValue | EPOLLRDHUP.rawValue }
        if interest.contains(.writing) { event.events |= EPOLLOUT.rawValue }
        event.data.u64 = tag
        guard epoll_ctl(fileDescriptor, operation, descriptor, &event) == 0 else { throw .last("epoll_ctl") }
    }
}
