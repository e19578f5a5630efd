internal import Glibc
internal import Threading

/// One daemon per state: a lock on `<state>.lock` for as long as the value lives. The kernel gives it back when the
/// process ends, however it ends; the file stays, since deleting it would let two in.
public struct StateLock: ~Copyable {
    private let descriptor: Int32

    /// Takes the lock, and writes the process id into the file.
    /// - Throws: `stateInUse` if another process has it; `cannotLock` if there is no folder or no right.
    public init(state: String) throws(ControlError) {
        let path = state + ".lock"
        let opened = try Self.open(path)
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            let error = SystemError.last("flock")
            let owner = Self.owner(opened)
            close(opened)
            throw error.code == EWOULDBLOCK ? .stateInUse(path: state, process: owner) : .cannotLock(path: path, error)
        }
        // Only a hint for whoever finds the lock taken, so a full disk does not matter.
        let text = Array("\(getpid())\n".utf8)
        _ = ftruncate(opened, 0)
        _ = pwrite(opened, text, text.count, 0)
        descriptor = opened
    }

    /// Whether a daemon has this state now. Creates nothing.
    public static func isHeld(state: String) -> Bool {
        let opened = Glibc.open(state + ".lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard opened >= 0 else { return false }
        defer { close(opened) }
        return flock(opened, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }

    /// Opens the lock file, or makes it. One that root makes belongs to the folder's owner, so that a command run by
    /// root does not lock the daemon's account out.
    private static func open(_ path: String) throws(ControlError) -> Int32 {
        let flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW
        let made = Glibc.open(path, flags | O_CREAT | O_EXCL, 0o600)
        if made >= 0 {
            let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
            var status = stat()
            if geteuid() == 0, stat(folder, &status) == 0 { fchown(made, status.st_uid, status.st_gid) }
            return made
        }
        let opened = errno == EEXIST ? Glibc.open(path, flags) : -1
        guard opened >= 0 else { throw .cannotLock(path: path, .last("open")) }
        return opened
    }

    deinit { close(descriptor) }

    private static func owner(_ descriptor: Int32) -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        return Int32(String(decoding: bytes[..<count].prefix { $0 != 0x0A }, as: UTF8.self))
    }
}
