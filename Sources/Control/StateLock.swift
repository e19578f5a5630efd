import Glibc
import Threading

/// One daemon per state: a lock on `<state>.lock` for as long as the value lives. The kernel gives it back when the
/// process ends, however it ends; the file stays, since deleting it would let two in.
public struct StateLock: ~Copyable {
    private let descriptor: Int32

    /// Takes the lock, and writes the process id into the file.
    /// - Throws: `stateInUse` if another process has it; `cannotLock` if there is no folder or no right.
    public init(state: String) throws(ControlError) {
        let path = state + ".lock"
        let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard opened >= 0 else { throw .cannotLock(path: path, .last("open")) }
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

    deinit { close(descriptor) }

    private static func owner(_ descriptor: Int32) -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        return Int32(String(decoding: bytes[..<count].prefix { $0 != 0x0A }, as: UTF8.self))
    }
}
