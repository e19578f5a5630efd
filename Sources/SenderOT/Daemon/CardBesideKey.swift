public import Crypto
public import DiodeProtocol
internal import KeyFiles

/// The card that `keygen` wrote beside a key: the sender needs none, but where one is, it tells what receivers go by.
///
/// ```text
/// plant-a.key ── plant-a.card      lowest epoch: receivers refuse what is below
///                                  link: another name than `link.name` shows a key that was mixed up
/// ```
public struct CardBesideKey: Sendable {
    public let path: String
    public let card: LinkCard

    /// Looks for `<link>.card` and for the card that is named like the key, in the key's folder.
    /// - Parameters:
    ///   - key: the path of the key file.
    ///   - publicKey: a card of another key is none.
    /// - Returns: nil where there is none that can be read.
    public init?(of key: String, link: String, publicKey: Ed25519PublicKey) {
        let folder = key.lastIndex(of: "/").map { key[...$0] } ?? ""
        let stem = key.hasSuffix(".key") ? String(key.dropLast(4)) : key
        for path in ["\(folder)\(link).card", "\(stem).card"] {
            do throws(CardFileError) {
                let card = try CardFile.read(path)
                guard card.key == publicKey else { continue }
                self.path = path
                self.card = card
                return
            } catch { continue }
        }
        return nil
    }

    /// Why the link's name is not the card's; nil if it is.
    public func nameMismatch(link: String) -> String? {
        card.link == link
            ? nil
            : "the key is that of link \(card.link) by its card \(path), and link.name says \(link): one of the two is mixed up;"
                + " if the link was renamed, issue its card anew (diode-send card --out \(path))"
    }
}
