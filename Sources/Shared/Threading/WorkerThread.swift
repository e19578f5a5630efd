internal import CLinux
internal import Glibc
internal import Synchronization

/// A named thread that owns its state. Loops that must not wait for anybody run on one.
///
/// It runs until its body returns. Whoever started it tells it to stop (a flag and a `Wakeup`, or the end of its
/// ring) and then joins it. A thread that is never joined is detached when the object goes.
public final class WorkerThread: Sendable {
    /// The name shown by `ps -T`, `top -H` and gdb; at most 15 bytes of it.
    public let name: String
    private let handle: pthread_t
    private let joined = Atomic<Bool>(false)

    /// Starts a thread.
    /// - Throws: when the system has no room for another thread.
    public convenience init(name: String, body: sending @escaping () -> Void) throws(SystemError) {
        try self.init(name: name, owning: body) { $0() }
    }

    /// Starts a thread and gives it a value of its own, move-only if need be. The value dies with the body.
    /// - Throws: when the system has no room for another thread; the value is then gone too.
    public init<State: ~Copyable>(
        name: String, owning state: consuming sending State, body: @escaping @Sendable (consuming State) -> Void
    ) throws(SystemError) {
        let start = Start(name: name, state: state, body: body)
        let retained = Unmanaged.passRetained(start as ThreadStart)
        var created = pthread_t()
        let code = pthread_create(
            &created, nil,
            { argument in
                // The pointer is the one passed below, retained once for this thread alone.
                guard let argument else { return nil }
                Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, retained.toOpaque())
        guard code == 0 else {
            retained.release()
            throw SystemError(call: "pthread_create", code: code)
        }
        self.name = name
        handle = created
    }

    deinit {
        if !joined.load(ordering: .acquiring) { pthread_detach(handle) }
    }

    /// Waits until the body has returned. Calling it again does nothing.
    public func join() {
        guard !joined.exchange(true, ordering: .acquiringAndReleasing) else { return }
        pthread_join(handle, nil)
    }
}

/// What the new thread finds behind its argument.
private class ThreadStart {
    func run() {}
}

private final class Start<State: ~Copyable>: ThreadStart {
    private let name: String
    private var state: State?
    private let body: (consuming State) -> Void

    init(name: String, state: consuming State, body: @escaping (consuming State) -> Void) {
        self.name = name
        self.state = consume state
        self.body = body
    }

    override func run() {
        cl_set_thread_name(String(decoding: name.utf8.prefix(15), as: UTF8.self))
        guard let owned = state.take() else { return }
        body(owned)
    }
}
