internal import CLinux
internal import Glibc

/// The signals a daemon answers.
public enum Signal: Hashable, Sendable, CaseIterable {
    /// SIGTERM: drain and stop.
    case terminate
    /// SIGINT: the same, from a terminal.
    case interrupt
    /// SIGHUP: read keys and policy again.
    case hangUp

    fileprivate var number: Int32 {
        switch self {
        case .terminate: SIGTERM
        case .interrupt: SIGINT
        case .hangUp: SIGHUP
        }
    }
}

/// SIGTERM, SIGINT and SIGHUP as values that one thread reads, instead of interrupting whoever happens to run.
///
/// Make it in `main` before any thread starts: threads inherit the mask, so none of them is interrupted. SIGPIPE is
/// ignored, so that a write to a closed connection is an error and not the end.
public struct Signals: ~Copyable {
    /// Readable while a signal is pending.
    public let fileDescriptor: Int32

    /// - Throws: when the process has no descriptor left.
    public init() throws(SystemError) {
        var set = sigset_t()
        sigemptyset(&set)
        for each in Signal.allCases { sigaddset(&set, each.number) }
        let code = pthread_sigmask(SIG_BLOCK, &set, nil)
        guard code == 0 else { throw SystemError(call: "pthread_sigmask", code: code) }
        signal(SIGPIPE, SIG_IGN)
        let descriptor = signalfd(-1, &set, Int32(SFD_CLOEXEC) | Int32(SFD_NONBLOCK))
        guard descriptor >= 0 else { throw .last("signalfd") }
        fileDescriptor = descriptor
    }

    deinit { close(fileDescriptor) }

    /// Sleeps until a signal comes.
    /// - Parameter timeout: the longest sleep; nil is for ever.
    /// - Returns: the signal, or nil when the time was over.
    public func next(timeout: Duration? = nil) -> Signal? {
        guard waitUntilReadable(fileDescriptor, timeout: timeout) else { return nil }
        var record = signalfd_siginfo()
        guard read(fileDescriptor, &record, MemoryLayout<signalfd_siginfo>.size) == MemoryLayout<signalfd_siginfo>.size
        else { return nil }
        return Signal.allCases.first { $0.number == Int32(record.ssi_signo) }
    }
}
