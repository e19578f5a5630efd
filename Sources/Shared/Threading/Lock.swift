#if TSAN
    import Glibc

    /// A value that threads take turns on.
    ///
    /// This is the build for ThreadSanitizer (`-Xswiftc -DTSAN`): it cannot see into the waiting path of
    /// `Synchronization.Mutex` and would report a race where there is none, so a POSIX mutex stands in.
    ///
    /// `@unchecked Sendable` is safe: `value` is read and written only between lock and unlock of `mutex`.
    public final class Lock<Value: ~Copyable>: @unchecked Sendable {
        private let mutex: UnsafeMutablePointer<pthread_mutex_t>
        private let value: UnsafeMutablePointer<Value>

        public init(_ value: consuming sending Value) {
            mutex = .allocate(capacity: 1)
            pthread_mutex_init(mutex, nil)
            self.value = .allocate(capacity: 1)
            self.value.initialize(to: value)
        }

        deinit {
            pthread_mutex_destroy(mutex)
            mutex.deallocate()
            value.deinitialize(count: 1)
            value.deallocate()
        }

        /// Runs `body` with the value while no other thread has it. Keep it short: nothing that blocks belongs inside.
        public func withLock<Result: ~Copyable, Failure>(
            _ body: (inout sending Value) throws(Failure) -> sending Result
        ) throws(Failure) -> sending Result {
            pthread_mutex_lock(mutex)
            defer { pthread_mutex_unlock(mutex) }
            return try body(&value.pointee)
        }
    }
#else
    import Synchronization

    /// A value that threads take turns on.
    ///
    /// About 10 ns when nobody waits. Every module uses this type and none uses `Mutex` itself, because
    /// ThreadSanitizer needs another one underneath.
    public final class Lock<Value: ~Copyable>: Sendable {
        private let mutex: Mutex<Value>

        public init(_ value: consuming sending Value) { mutex = Mutex(value) }

        /// Runs `body` with the value while no other thread has it. Keep it short: nothing that blocks belongs inside.
        public func withLock<Result: ~Copyable, Failure>(
            _ body: (inout sending Value) throws(Failure) -> sending Result
        ) throws(Failure) -> sending Result {
            try mutex.withLock(body)
        }
    }
#endif
