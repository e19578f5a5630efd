import Glibc
import Threading

/// What shall happen if this process dies before it could clean up: a shell that waits at the end of a pipe.
///
/// The shell learns of each child, folder and namespace when it is made and of its proper end. However this process
/// ends (also by SIGKILL, where no `deinit` runs), the pipe closes, and the shell carries out what is still open. `PR_SET_PDEATHSIG`
/// would not do: it strikes when the *thread* that started the child ends, and test threads come and go.
final class LastWill: Sendable {
    static let shared = LastWill()

    private struct State {
        var pipe: Int32 = -1
        var next = 0
    }
    private let state = Lock(State())

    private static let shell = """
        trap '' TERM INT HUP
        while read -r word number rest; do
            case $word in
            add) eval "will_$number=\\$rest"; open="$open $number" ;;
            drop) eval "unset will_$number" ;;
            esac
        done
        for number in $open; do eval "eval \\"\\${will_$number-:}\\""; done >/dev/null 2>&1
        """

    init() {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return }
        // Both ends close in every child but the shell, which gets a copy of the reading one.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var order = SpawnOrder(arguments: ["/bin/sh", "-c", Self.shell])
        order.standardInput = .descriptor(ends[0])
        order.ownProcessGroup = true
        let started = try? order.spawn()
        close(ends[0])
        guard started != nil else {
            close(ends[1])
            return
        }
        state.withLock { $0.pipe = ends[1] }
    }

    deinit { state.withLock { _ = close($0.pipe) } }

    /// Asks for `command` (one line of shell) to be run should this process end before `drop` is called.
    /// - Returns: what to pass to `drop`.
    func add(_ command: String) -> Int {
        state.withLock { state in
            state.next += 1
            Self.write("add \(state.next) \(command)\n", to: state.pipe)
            return state.next
        }
    }

    /// The thing was cleaned up in the proper way.
    func drop(_ number: Int) {
        state.withLock { Self.write("drop \(number)\n", to: $0.pipe) }
    }

    private static func write(_ line: String, to pipe: Int32) {
        guard pipe >= 0 else { return }
        let bytes = Array(line.utf8)
        // Lines are shorter than PIPE_BUF, so each is written whole.
        _ = Glibc.write(pipe, bytes, bytes.count)
    }
}
