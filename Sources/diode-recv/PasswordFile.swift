import Glibc
import Threading

/// The first line of a file, as the configuration's `password_file` has it.
enum PasswordFile {
    /// The file cannot be read or holds no password.
    struct Unreadable: Error, CustomStringConvertible {
        let description: String
    }

    /// - Returns: the bytes before the first newline, 1…65,535 of them.
    static func read(_ path: String) throws(Unreadable) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            throw Unreadable(description: "password file \(path): \(SystemError.last("open").reason)")
        }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 65_537)
        let count = bytes.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, 0) }
        guard count >= 0 else {
            throw Unreadable(description: "password file \(path): \(SystemError.last("read").reason)")
        }
        var password = Array(bytes[..<count].prefix { $0 != 0x0A })
        if password.last == 0x0D { password.removeLast() }
        guard (1...65_535).contains(password.count) else {
            throw Unreadable(description: "password file \(path): its first line must have 1…65535 bytes")
        }
        return password
    }
}
