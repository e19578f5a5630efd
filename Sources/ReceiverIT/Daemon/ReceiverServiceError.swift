public import Crypto
public import Datagrams
public import KeyFiles
public import Storage
public import Threading

/// Why a receiver cannot start. `description` is one line that names what and where.
public enum ReceiverServiceError: Error, CustomStringConvertible {
    /// The card cannot be read (`pair` was not run yet, or the file is gone), or the file is none.
    case card(link: String, CardFileError)
    /// The card names another link.
    case cardOfAnotherLink(link: String, path: String, named: String)
    /// The list of revoked keys cannot be read.
    case revoked(link: String, RevocationFileError)
    /// Two links would have to be told apart by one key.
    case sameKey(link: String, other: String)
    /// libcrypto does not take the card's key.
    case key(link: String, CryptoError)
    /// An address cannot be resolved or listened on.
    case listen(link: String, DatagramError)
    /// The database cannot be opened.
    case state(StorageError)
    /// The key that signs the ledger's head cannot be read or made.
    case auditKey(KeyFileError)
    /// A seal key cannot be read.
    case sealKey(KeyFileError)
    case system(SystemError)

    public var description: String {
        switch self {
        case .card(let link, let error):
            switch error {
            case .unreadable: "link \(link): \(error); run diode-recv pair first"
            case .notACard, .unwritable: "link \(link): \(error)"
            }
        case .cardOfAnotherLink(let link, let path, let named):
            "link \(link): card \(path) is the card of link \(named)"
        case .revoked(let link, let error): "link \(link): \(error)"
        case .sameKey(let link, let other): "link \(link): its key is that of link \(other) too"
        case .key(let link, let error): "link \(link): \(error)"
        case .listen(let link, let error): "link \(link): \(error)"
        case .state(let error): "\(error)"
        case .auditKey(let error), .sealKey(let error): "\(error)"
        case .system(let error): "\(error)"
        }
    }
}
