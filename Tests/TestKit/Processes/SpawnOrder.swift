internal import CLinux
import Foundation
import Glibc

/// How to start a process so that nothing of this one leaks into it: no signal mask, no descriptors, no backtracer.
///
/// `Foundation.Process` would not do: it hands the child the signal mask of the thread it is called on, and on the threads that run
/// tests SIGTERM is blocked, so that a broker could never be asked to end.
struct SpawnOrder {
    enum Input {
        case nothing
        case file(String)
        case descriptor(Int32)
    }

    /// The program (an absolute path) and its arguments.
    var arguments: [String]
    var standardInput = Input.nothing
    /// Files that get what the child prints; `nil` throws it away.
    var standardOutput: String?
    var standardError: String?
    /// Set over this process's own environment.
    var environment: [String: String] = [:]
    /// Leaves the process group, so that a Ctrl-C or `timeout` meant for this process does not reach it.
    var ownProcessGroup = false

    init(arguments: [String]) { self.arguments = arguments }

    /// Starts the process.
    /// - Throws: `POSIXError` when the program is not there or cannot be run.
    func spawn() throws -> pid_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        let group = ownProcessGroup ? POSIX_SPAWN_SETPGROUP : 0
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | group))

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        switch standardInput {
        case .nothing: posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        case .file(let path): posix_spawn_file_actions_addopen(&actions, 0, path, O_RDONLY, 0)
        case .descriptor(let descriptor): posix_spawn_file_actions_adddup2(&actions, descriptor, 0)
        }
        let create = O_WRONLY | O_CREAT | O_APPEND
        posix_spawn_file_actions_addopen(&actions, 1, standardOutput ?? "/dev/null", create, 0o644)
        posix_spawn_file_actions_addopen(&actions, 2, standardError ?? "/dev/null", create, 0o644)
        cl_spawn_closefrom(&actions, 3)

        var variables = ProcessInfo.processInfo.environment
        variables["SWIFT_BACKTRACE"] = "enable=no"
        variables.merge(environment) { $1 }
        var argv = arguments.map { strdup($0) } + [nil]
        var envp = variables.map { strdup("\($0)=\($1)") } + [nil]
        defer { (argv + envp).forEach { free($0) } }
        var pid = pid_t(0)
        let code = posix_spawn(&pid, arguments[0], &actions, &attributes, &argv, &envp)
        guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EINVAL) }
        return pid
    }
}
