internal import Glibc

/// Moves a damaged database out of the way, never over another file and never away from it.
public enum SetAside {
    /// Renames the file, its log and its index to `<path>.damaged-<time>…`; what is not there is left out.
    /// - Parameter time: of now, for the name, without spaces and colons.
    /// - Returns: the file's new path.
    /// - Throws: when the folder does not let itself be written, or the name is taken.
    public static func move(_ path: String, time: String) throws(StorageError) -> String {
        let target = "\(path).damaged-\(time)"
        // The log first: a file without its log is older, a log without its file would be applied to the next one.
        for suffix in ["-wal", "-shm", ""] {
            guard access(path + suffix, F_OK) == 0 else { continue }
            // Whoever calls this holds the state's lock: nobody else makes such names.
            guard access(target + suffix, F_OK) != 0, rename(path + suffix, target + suffix) == 0 else {
                throw .cannotOpen(
                    path: path, reason: "damaged, and cannot be set aside: \(String(cString: strerror(errno)))")
            }
        }
        return target
    }
}
