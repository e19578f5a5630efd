public import Threading

/// Why a daemon cannot be reached, or a state cannot be had. `description` is one line that names the file.
public enum ControlError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Another process has the state; its id, if it says one.
    case stateInUse(path: String, process: Int32?)
    /// The lock file cannot be made or locked.
    case cannotLock(path: String, SystemError)
    /// The socket's path is longer than a Unix socket address holds.
    case pathTooLong(path: String)
    /// The socket cannot be made.
    case cannotServe(path: String, SystemError)
    /// Nobody answers at the socket: no daemon runs on this state.
    case unreachable(path: String, SystemError)
    /// The daemon did not answer in time.
    case timedOut(path: String)
    /// What came back is no answer.
    case malformed(path: String, reason: String)

    public var description: String {
        switch self {
        case .stateInUse(let path, let process):
            "state \(path): in use by \(process.map { "process \($0)" } ?? "another process"); one state, one daemon"
        case .cannotLock(let path, let error): "lock \(path): \(error)"
        case .pathTooLong(let path):
            "control socket \(path): the path is too long; allowed: \(ControlSocket.maximumPathBytes) bytes"
        case .cannotServe(let path, let error): "control socket \(path): \(error)"
        case .unreachable(let path, let error): "no daemon answers at \(path): \(error.reason)"
        case .timedOut(let path): "the daemon at \(path) did not answer in time"
        case .malformed(let path, let reason): "the daemon at \(path) gave no answer: \(reason)"
        }
    }
}
