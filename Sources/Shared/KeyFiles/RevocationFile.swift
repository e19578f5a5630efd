internal import DiodeProtocol
internal import Glibc
public import Threading
public import Time

/// What is wrong with a list of revoked keys; one line that names it.
public enum RevocationFileError: Error, Hashable, Sendable, CustomStringConvertible {
    case unreadable(path: String, SystemError)
    /// The line counts from 1. A list that cannot be read whole is not believed at all: what it says nobody may follow would be followed.
    case line(path: String, Int)
    case unwritable(path: String, SystemError)

    public var description: String {
        switch self {
        case .unreadable(let path, let error): "revoked keys \(path): \(error.reason)"
        case .line(let path, let line): "revoked keys \(path): line \(line) is not FINGERPRINT TIME BY REASON"
        case .unwritable(let path, let error): "revoked keys \(path): cannot be written: \(error.reason)"
        }
    }
}

/// A key of a link that no receiver follows any more.
public struct Revocation: Hashable, Sendable {
    /// As people compare it.
    public let fingerprint: String
    public let at: UnixMilliseconds
    public let account: String
    public let reason: String

    /// - Parameter reason: in one line of printable text.
    public init(fingerprint: String, at: UnixMilliseconds, account: String, reason: String) {
        self.fingerprint = fingerprint
        self.at = at
        self.account = account
        self.reason = reason
    }
}

/// The keys of a link that were revoked: a text file beside its card, a line each, that `diode-recv revoke` writes.
///
/// ```text
/// SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU 2026-12-01T09:30:00.000Z root(0) the appliance was stolen
/// ```
public enum RevocationFile {
    /// Far more than a link has keys.
    private static let maximumBytes = 1 << 16
    private static let mode: UInt32 = 0o644

    public static func path(ofCard card: String) -> String { "\(card).revoked" }

    /// The list beside a card; empty where there is none.
    public static func read(besideCard card: String) throws(RevocationFileError) -> [Revocation] {
        let path = path(ofCard: card)
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try WholeFile.read(path, maximumBytes: maximumBytes) } catch {
            if error.code == ENOENT { return [] }
            throw .unreadable(path: path, error)
        }
        var found: [Revocation] = []
        for (index, line) in String(decoding: bytes, as: UTF8.self).split(separator: "\n").enumerated() {
            let words = line.split(separator: " ", maxSplits: 3).map(String.init)
            guard words.count == 4, LinkCard.isFingerprint(words[0]), let at = CalendarTime.time(words[1]) else {
                throw .line(path: path, index + 1)
            }
            found.append(Revocation(fingerprint: words[0], at: at, account: words[2], reason: words[3]))
        }
        return found
    }

    /// Adds one to the list.
    public static func add(_ revocation: Revocation, besideCard card: String) throws(RevocationFileError) {
        let path = path(ofCard: card)
        let lines = (try read(besideCard: card) + [revocation]).map {
            "\($0.fingerprint) \(CalendarTime.text($0.at)) \($0.account) \($0.reason)\n"
        }
        let text = Array(lines.joined().utf8)
        do throws(SystemError) {
            // What could not be read again would keep the receiver from starting.
            guard text.count <= maximumBytes else { throw SystemError(call: "write", code: EFBIG) }
            try WholeFile.replace(path, text, mode: mode)
        } catch {
            throw .unwritable(path: path, error)
        }
    }
}
