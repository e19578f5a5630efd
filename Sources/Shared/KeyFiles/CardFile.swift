public import DiodeProtocol
internal import Glibc
public import Threading

/// What is wrong with a card file; one line that names it.
public enum CardFileError: Error, Hashable, Sendable, CustomStringConvertible {
    case unreadable(path: String, SystemError)
    case notACard(path: String, CardError)
    case unwritable(path: String, SystemError)

    /// Whether there is no such file.
    public var isMissing: Bool {
        if case .unreadable(_, let error) = self { error.code == ENOENT } else { false }
    }

    public var description: String {
        switch self {
        case .unreadable(let path, let error): "card \(path): \(error.reason)"
        case .notACard(let path, let error): "card \(path): \(error)"
        case .unwritable(let path, let error): "card \(path): cannot be written: \(error.reason)"
        }
    }
}

/// A link card on disk. It is public: mode 0644.
public enum CardFile {
    private static let mode: UInt32 = 0o644

    /// Reads and verifies a card.
    public static func read(_ path: String) throws(CardFileError) -> LinkCard {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try WholeFile.read(path, maximumBytes: WireLimits.maximumCardBytes)
        } catch { throw .unreadable(path: path, error) }
        do throws(CardError) { return try LinkCard(parsing: bytes) } catch { throw .notACard(path: path, error) }
    }

    /// Writes a card where there is none.
    public static func create(_ path: String, _ card: LinkCard) throws(CardFileError) {
        do throws(SystemError) { try WholeFile.create(path, Array(card.text.utf8), mode: mode) } catch {
            throw .unwritable(path: path, error)
        }
    }

    /// Writes a card in place of the one that is there, if any.
    public static func replace(_ path: String, _ card: LinkCard) throws(CardFileError) {
        do throws(SystemError) { try WholeFile.replace(path, Array(card.text.utf8), mode: mode) } catch {
            throw .unwritable(path: path, error)
        }
    }
}
