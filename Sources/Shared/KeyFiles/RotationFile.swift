public import Crypto
public import DiodeProtocol
internal import Glibc
public import Threading

/// What is wrong with the statements beside a key; one line that names them.
public enum RotationFileError: Error, Hashable, Sendable, CustomStringConvertible {
    case unreadable(path: String, SystemError)
    /// The line counts from 1.
    case line(path: String, Int)
    case unwritable(path: String, SystemError)

    public var description: String {
        switch self {
        case .unreadable(let path, let error): "rotations \(path): \(error.reason)"
        case .line(let path, let line): "rotations \(path): line \(line) is no statement of a key"
        case .unwritable(let path, let error): "rotations \(path): cannot be written: \(error.reason)"
        }
    }
}

/// The statements by which earlier keys of a link have handed over, beside the key that is in use: a text file, a line of base64 each, the
/// oldest first. They are public; the sender repeats them until somebody takes the file away.
public enum RotationFile {
    private static let maximumBytes = KeyChain.maximumCards * 2_048
    private static let mode: UInt32 = 0o644

    public static func path(ofKey key: String) -> String { stem(key) + ".rotations" }

    /// Where the next key waits until it takes the place of the one in use.
    public static func nextKey(_ key: String) -> String { key + ".next" }

    /// What stands beside a key; nothing where there is no file.
    public static func read(besideKey key: String) throws(RotationFileError) -> [Rotation] {
        let path = path(ofKey: key)
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try WholeFile.read(path, maximumBytes: maximumBytes) } catch {
            if error.code == ENOENT { return [] }
            throw .unreadable(path: path, error)
        }
        var found: [Rotation] = []
        for (index, line) in String(decoding: bytes, as: UTF8.self).split(separator: "\n").enumerated() {
            guard let datagram = Base64.decode(String(line)) else { throw .line(path: path, index + 1) }
            do throws(FrameError) { found.append(try Rotation(decoding: datagram.span.bytes)) } catch {
                throw .line(path: path, index + 1)
            }
        }
        return found
    }

    public static func replace(_ rotations: [Rotation], besideKey key: String) throws(RotationFileError) {
        let path = path(ofKey: key)
        let text = rotations.map { Base64.encode($0.datagram) + "\n" }.joined()
        do throws(SystemError) { try WholeFile.replace(path, Array(text.utf8), mode: mode) } catch {
            throw .unwritable(path: path, error)
        }
    }

    /// Those of the statements that lead to a key, the oldest first. One that leads elsewhere was begun and not finished: it must not be heard
    /// by anybody while the key before it is in use.
    public static func leading(to key: Ed25519PublicKey, _ rotations: [Rotation]) -> [Rotation] {
        var found: [Rotation] = []
        var name = LinkFingerprint(of: key)
        for rotation in rotations.reversed() {
            do throws(CardError) {
                guard try LinkCard(parsing: rotation.text).linkFingerprint == name else { continue }
            } catch { continue }
            found.insert(rotation, at: 0)
            name = rotation.former
        }
        return found
    }

    /// Whether a rotation of this key was begun and not finished.
    public static func isUnfinished(_ key: Ed25519PublicKey, _ rotations: [Rotation], besideKey path: String) -> Bool {
        WholeFile.exists(nextKey(path)) || rotations.contains { $0.former == LinkFingerprint(of: key) }
    }

    private static func stem(_ key: String) -> String { key.hasSuffix(".key") ? String(key.dropLast(4)) : key }
}
