internal import Glibc

/// Who is at the other end of the control socket: the account that the kernel names (`SO_PEERCRED`), which nobody can choose, beside what a
/// command says of itself (`--by`).
public struct ControlPeer: Sendable, Equatable, CustomStringConvertible {
    public let uid: UInt32

    public init(uid: UInt32) { self.uid = uid }

    /// This process: where no daemon runs, the command does itself what it wants done.
    public static var own: ControlPeer { ControlPeer(uid: getuid()) }

    /// `uid 1000 (maria)`; without the name where this machine has none for it.
    public var description: String {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 4_096)
        // Safe: `entry` and `buffer` outlive the call and the reading of the name, which lies in the buffer.
        return buffer.withUnsafeMutableBufferPointer { buffer in
            guard let room = buffer.baseAddress, getpwuid_r(uid, &entry, room, buffer.count, &found) == 0, found != nil,
                let name = entry.pw_name
            else { return "uid \(uid)" }
            return "uid \(uid) (\(String(cString: name)))"
        }
    }
}
