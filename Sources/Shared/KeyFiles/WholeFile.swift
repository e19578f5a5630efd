internal import Glibc
public import Threading

/// Small files: read bounded, written whole or not at all.
public enum WholeFile {
    /// Reads a regular file of at most `maximumBytes`.
    /// - Throws: the kernel's reason; `EFBIG` for one that is longer, `EINVAL` for what is no regular file.
    public static func read(_ path: String, maximumBytes: Int) throws(SystemError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw .last("open") }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw .last("fstat") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw SystemError(call: "read", code: EINVAL) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = Glibc.read(file, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .last("read") }
            guard count > 0 else { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= maximumBytes else { throw SystemError(call: "read", code: EFBIG) }
        }
    }

    /// Writes a file that must not exist yet, synced to disk.
    /// - Throws: the kernel's reason, `EEXIST` among them; then there is no such file.
    public static func create(_ path: String, _ bytes: [UInt8], mode: UInt32) throws(SystemError) {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard file >= 0 else { throw .last("open") }
        defer { close(file) }
        // What others are to read they can, whatever the umask of whoever writes it.
        fchmod(file, mode)
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { throw removed(path, .last("write")) }
            rest.removeFirst(count)
        }
        guard fsync(file) == 0 else { throw removed(path, .last("fsync")) }
    }

    /// Writes a file in place of what is there, if anything, so that a reader sees the old one or the new one, also
    /// after a loss of power.
    public static func replace(_ path: String, _ bytes: [UInt8], mode: UInt32) throws(SystemError) {
        let draft = "\(path).new"
        unlink(draft)
        try create(draft, bytes, mode: mode)
        guard rename(draft, path) == 0 else { throw removed(draft, .last("rename")) }
        syncFolder(of: path)
    }

    /// After this a renamed file is found under its new name, also after a loss of power.
    static func syncFolder(of path: String) {
        let folder = open(
            path.lastIndex(of: "/").map { String(path[...$0]) } ?? ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }

    /// The account that a file belongs to, which is the one that wrote it last by `create` or `replace`; nil where there is none.
    public static func owner(_ path: String) -> UInt32? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_uid : nil
    }

    /// Whether something is there, also a dangling link.
    public static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    private static func removed(_ path: String, _ error: SystemError) -> SystemError {
        unlink(path)
        return error
    }
}
