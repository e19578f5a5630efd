internal import Glibc

/// A file beside a database that holds room on the disk (ADR 0009, ADR 0010): given up when the disk is full, so that an epoch or a
/// ledger entry can still be written; taken again when there is room.
///
/// ```text
/// send.db   send.db-wal   send.db-shm   send.db.reserve (64 MiB, allocated, empty)
/// ```
public struct DiskReserve: Sendable {
    /// What is held.
    public static let standardBytes = 64 << 20
    /// A disk with less free may be full within minutes.
    public static let lowBytes: UInt64 = 256 << 20

    private let path: String
    private let bytes: Int

    /// - Parameter database: the path of the database that it serves.
    public init(beside database: String, bytes: Int = DiskReserve.standardBytes) {
        path = database + ".reserve"
        self.bytes = bytes
    }

    /// Whether the room is held.
    public var isHeld: Bool {
        var status = stat()
        return stat(path, &status) == 0 && Int(status.st_blocks) * 512 >= bytes
    }

    /// Why nobody can be sure that the disk still takes what has to be written, and what to do; nil while it does.
    public var trouble: String? {
        let free = FreeSpace.bytes(at: path)
        let room = free.map { ", which has \($0 >> 20) MiB free" } ?? ""
        if !isHeld {
            return
                "the \(bytes >> 20) MiB that are kept back for the worst hour (\(path)) are used up: make room on that disk"
                + room
        }
        guard let free, free < Self.lowBytes else { return nil }
        return
            "the disk of the state is nearly full: make room on it\(room), and less than \(Self.lowBytes >> 20) MiB are few"
    }

    /// Takes the room, if the disk has that and as much again.
    /// - Parameter spare: what has to be left beside it; nil is as much again.
    /// - Returns: whether it is held now.
    @discardableResult
    public func take(leaving spare: Int? = nil) -> Bool {
        if isHeld { return true }
        guard let free = FreeSpace.bytes(at: path), free >= UInt64(bytes + (spare ?? bytes)) else { return false }
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { return false }
        defer { close(file) }
        guard posix_fallocate(file, 0, off_t(bytes)) == 0 else {
            unlink(path)
            return false
        }
        return true
    }

    /// Gives the room up.
    public func release() { unlink(path) }
}

/// What a file system can still take.
public enum FreeSpace {
    /// Bytes free for this process where `path` lies or would lie; nil if that cannot be told.
    public static func bytes(at path: String) -> UInt64? {
        var status = statvfs()
        if statvfs(path, &status) != 0 {
            let folder = path.lastIndex(of: "/").map { path[..<$0] } ?? "."
            guard statvfs(folder.isEmpty ? "/" : String(folder), &status) == 0 else { return nil }
        }
        return UInt64(status.f_bavail) * UInt64(status.f_frsize)
    }
}
