public import Crypto

/// Why a statement leads nowhere (W-51).
public enum RotationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The key that it names has not signed it, or is not the one in use.
    case notSigned
    case card(CardError)
    /// A card of another link.
    case otherLink(String)
    /// The key that it leads to was in use before.
    case goesBack(String)
    /// The key that it leads to, or the one that signed it, was revoked.
    case revoked(String)
    /// A key that has handed over already hands over to another one.
    case secondSuccessor(former: String, next: String)
    /// The chain has as many cards as it may have.
    case tooLong
    /// libcrypto failed; says nothing of the statement.
    case crypto(CryptoError)

    public var description: String {
        switch self {
        case .notSigned: "the key in use has not signed it"
        case .card(let error): "the card that it leads to is none: \(error)"
        case .otherLink(let name): "it leads to a card of link \(name)"
        case .goesBack(let key): "it leads back to \(key), which was in use before"
        case .revoked(let key): "\(key) was revoked"
        case .secondSuccessor(let former, let next):
            "\(former) has handed over to another key before it handed over to \(next): the sender's files were copied, or that key was stolen"
        case .tooLong: "\(KeyChain.maximumCards) keys have followed each other: pair the sender's card once more"
        case .crypto(let error): error.description
        }
    }

    /// Whether somebody signed it who has the key of this link: then people have to hear of it.
    public var isSigned: Bool {
        switch self {
        case .notSigned, .crypto: false
        case .card, .otherLink, .goesBack, .revoked, .secondSuccessor, .tooLong: true
        }
    }
}
