public import Crypto
public import DiodeProtocol
public import Threading

/// What is wrong with a seal card's file; one line that names it.
public enum SealFileError: Error, Hashable, Sendable, CustomStringConvertible {
    case unreadable(path: String, SystemError)
    case notACard(path: String, SealCardError)
    case unwritable(path: String, SystemError)
    /// libcrypto does not take the key.
    case key(path: String, CryptoError)

    public var description: String {
        switch self {
        case .unreadable(let path, let error): "seal card \(path): \(error.reason)"
        case .notACard(let path, let error): "seal card \(path): \(error)"
        case .unwritable(let path, let error): "seal card \(path): cannot be written: \(error.reason)"
        case .key(let path, let error): "seal card \(path): \(error)"
        }
    }
}

/// A receiver's seal card on disk. It is public: mode 0644.
public enum SealFile {
    private static let mode: UInt32 = 0o644

    public static func read(_ path: String) throws(SealFileError) -> SealCard {
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try WholeFile.read(path, maximumBytes: SealCard.maximumBytes) } catch {
            throw .unreadable(path: path, error)
        }
        do throws(SealCardError) { return try SealCard(parsing: bytes) } catch { throw .notACard(path: path, error) }
    }

    /// What seals for the receiver of a card.
    public static func sealer(_ path: String) throws(SealFileError) -> BlockSealer {
        let card = try read(path)
        do throws(CryptoError) { return try BlockSealer(for: card.key) } catch { throw .key(path: path, error) }
    }

    /// Writes a card where there is none.
    public static func create(_ path: String, _ card: SealCard) throws(SealFileError) {
        do throws(SystemError) { try WholeFile.create(path, Array(card.text.utf8), mode: mode) } catch {
            throw .unwritable(path: path, error)
        }
    }
}
