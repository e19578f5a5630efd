public import Crypto

/// The keys of a link one behind the other: the card that was paired, and each card that the one before has signed since (W-51).
///
/// ```text
///  paired card ── rotation ──▶ card ── rotation ──▶ card in use
///                 proved by the key before, never remembered alone
/// ```
///
/// Bounded by `maximumCards`.
public struct KeyChain: Sendable {
    public static let maximumCards = 32

    /// Fingerprints of keys that nobody follows any more, as people compare them.
    public let revoked: Set<String>
    /// The paired card first, the one in use last.
    public private(set) var cards: [LinkCard]
    /// What leads from each card to the next.
    public private(set) var rotations: [Rotation] = []

    /// - Parameters:
    ///   - followed: what an earlier process has followed, in any order. What does not begin at the paired card is left aside: it belongs to
    ///     a card that was replaced by hand.
    public init(_ paired: LinkCard, revoked: Set<String> = [], followed: [Rotation] = []) {
        cards = [paired]
        self.revoked = revoked
        var rest = followed
        while let index = rest.firstIndex(where: { $0.former == inUse.linkFingerprint }) {
            let rotation = rest.remove(at: index)
            // A key that was revoked after it had handed over has handed over all the same.
            do throws(RotationError) { append(rotation, card: try next(rotation)) } catch { continue }
        }
    }

    public var paired: LinkCard { cards[0] }
    public var inUse: LinkCard { cards[cards.count - 1] }
    /// Nothing that the key in use signs counts any more.
    public var isRevoked: Bool { revoked.contains(inUse.fingerprint) }

    /// The key of a name, if it is one of these.
    public func key(of name: LinkFingerprint) -> Ed25519PublicKey? { cards.first { $0.linkFingerprint == name }?.key }

    /// Whether this key was in use before the one that is.
    public func isFormer(_ name: LinkFingerprint) -> Bool { cards.dropLast().contains { $0.linkFingerprint == name } }

    /// Whether this very statement is part of the chain.
    public func contains(_ rotation: Rotation) -> Bool { rotations.contains(rotation) }

    /// Goes on to the card that a statement leads to.
    /// - Throws: why it leads nowhere; nothing has changed then.
    public mutating func follow(_ rotation: Rotation) throws(RotationError) {
        if let index = cards.dropLast().firstIndex(where: { $0.linkFingerprint == rotation.former }) {
            let next = try rotation.card(by: cards[index].key)
            throw .secondSuccessor(former: cards[index].fingerprint, next: next.fingerprint)
        }
        let card = try next(rotation)
        guard !isRevoked else { throw .revoked(inUse.fingerprint) }
        append(rotation, card: card)
    }

    private func next(_ rotation: Rotation) throws(RotationError) -> LinkCard {
        let card = try rotation.card(by: inUse.key)
        guard card.link == paired.link else { throw .otherLink(card.link) }
        guard !cards.contains(where: { $0.key == card.key }) else { throw .goesBack(card.fingerprint) }
        guard !revoked.contains(card.fingerprint) else { throw .revoked(card.fingerprint) }
        guard cards.count < Self.maximumCards else { throw .tooLong }
        return card
    }

    private mutating func append(_ rotation: Rotation, card: LinkCard) {
        cards.append(card)
        rotations.append(rotation)
    }
}
