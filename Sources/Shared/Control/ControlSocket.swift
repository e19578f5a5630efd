internal import CLinux
internal import Glibc
internal import Threading

/// Opens both ends of the control socket of a state: `<state>.sock`.
enum ControlSocket {
    /// What `sun_path` holds besides its final zero.
    static let maximumPathBytes = 107

    static func path(ofState state: String) -> String { state + ".sock" }

    /// A listening socket, mode 0600. What an earlier daemon left behind is replaced: the state's lock, which the caller
    /// holds, says that it is dead.
    static func listen(at path: String) throws(ControlError) -> Int32 {
        let opened = try make(path)
        do throws(SystemError) {
            var status = stat()
            if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK { unlink(path) }
            // Before bind, so that there is no moment at which others may connect.
            guard fchmod(opened, 0o600) == 0 else { throw .last("fchmod") }
            guard withAddress(path, { bind(opened, $0, $1) }) == 0 else { throw .last("bind") }
            guard Glibc.listen(opened, 8) == 0 else { throw .last("listen") }
            return opened
        } catch {
            close(opened)
            throw .cannotServe(path: path, error)
        }
    }

    /// A connected socket whose calls wait at most `timeout` each.
    static func connect(to path: String, timeout: Duration) throws(ControlError) -> Int32 {
        let opened = try make(path)
        let (seconds, attoseconds) = timeout.components
        var limit = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        let size = socklen_t(MemoryLayout<timeval>.size)
        guard setsockopt(opened, SOL_SOCKET, SO_RCVTIMEO, &limit, size) == 0,
            setsockopt(opened, SOL_SOCKET, SO_SNDTIMEO, &limit, size) == 0,
            withAddress(path, { Glibc.connect(opened, $0, $1) }) == 0
        else {
            let error = SystemError.last("connect")
            close(opened)
            throw .unreachable(path: path, error)
        }
        return opened
    }

    /// The account at the other end; nil unless it is this process's own or root.
    static func trustedPeer(_ descriptor: Int32) -> ControlPeer? {
        var user = uid_t()
        guard cl_peer_uid(descriptor, &user) == 0, user == geteuid() || user == 0 else { return nil }
        return ControlPeer(uid: user)
    }

    private static func make(_ path: String) throws(ControlError) -> Int32 {
        guard path.utf8.count <= maximumPathBytes else { throw .pathTooLong(path: path) }
        let opened = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard opened >= 0 else { throw .cannotServe(path: path, .last("socket")) }
        return opened
    }

    private static func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // Safe: `make` has checked that the path fits, and the rest of the address is zero.
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) { pointer in
            // Safe: a sockaddr_un is laid out to be read as a sockaddr of its family.
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
