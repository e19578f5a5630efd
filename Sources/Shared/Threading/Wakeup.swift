internal import CLinux
internal import Glibc
internal import Time

/// Wakes a thread that sleeps in `wait`, `poll` or epoll. Any thread may signal, any number of times; signals that
/// nobody has taken yet are one signal.
public final class Wakeup: Sendable {
    /// Readable while a signal is pending. Owned by this object.
    public let fileDescriptor: Int32

    /// - Throws: when the process has no descriptor left.
    public init() throws(SystemError) {
        fileDescriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        guard fileDescriptor >= 0 else { throw .last("eventfd") }
    }

    deinit { close(fileDescriptor) }

    /// Makes `fileDescriptor` readable. Never blocks.
    public func signal() {
        var one: UInt64 = 1
        // The counter is full only after 2⁶⁴ − 2 signals that nobody took; then it is readable anyway.
        _ = write(fileDescriptor, &one, 8)
    }

    /// Takes the pending signal. Never blocks.
    /// - Returns: whether there was one.
    @discardableResult
    public func take() -> Bool {
        var count: UInt64 = 0
        return read(fileDescriptor, &count, 8) == 8
    }

    /// Sleeps until a signal is pending and takes it.
    /// - Parameter timeout: the longest sleep; nil is for ever.
    /// - Returns: whether there was a signal.
    @discardableResult
    public func wait(timeout: Duration? = nil) -> Bool {
        _ = waitUntilReadable(fileDescriptor, timeout: timeout)
        return take()
    }
}

/// Sleeps until a descriptor is readable (or broken, which a read then tells), or the time is over, or a signal came.
/// - Returns: whether it is readable.
public func waitUntilReadable(_ fileDescriptor: Int32, timeout: Duration? = nil) -> Bool {
    // In nanoseconds: what is due in half a millisecond must not wait for a whole one.
    guard let timeout else { return cl_wait_readable(fileDescriptor, nil) > 0 }
    let nanoseconds = timeout.nanoseconds
    var time = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    return cl_wait_readable(fileDescriptor, &time) > 0
}
