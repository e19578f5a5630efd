internal import Crypto

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
    /// What each is called in frames.
    private var names: [LinkFingerprint]
    /// What leads from each card to the next.
    public private(set) var rotations: [Rotation] = []

    /// - Parameters:
    ///   - followed: what an earlier process has followed, in any order. What does not begin at the paired card is left aside: it belongs to
    ///     a card that was replaced by hand.
    public init(_ paired: LinkCard, revoked: Set<String> = [], followed: [Rotation] = []) {
        cards = [paired]
        names = [paired.linkFingerprint]
        self.revoked = revoked
        isRevoked = revoked.contains(paired.fingerprint)
        var rest = followed
        while let index = rest.firstIndex(where: { $0.former == name }) {
            let rotation = rest.remove(at: index)
            // Revoked since or not: it was followed, and nobody goes back to the key before.
            do throws(RotationError) { append(rotation, card: try next(rotation)) } catch { continue }
        }
    }

    public var paired: LinkCard { cards[0] }
    public var inUse: LinkCard { cards[cards.count - 1] }
    /// What the link is called in frames of the key in use.
    public var name: LinkFingerprint { names[names.count - 1] }
    /// Nothing that the key in use signs counts any more.
    public private(set) var isRevoked: Bool

    /// Where a key of this name stands in the chain; nil: it is none of these.
    public func place(of name: LinkFingerprint) -> Int? { names.firstIndex(of: name) }

    /// Whether this key was in use before the one that is.
    public func isFormer(_ name: LinkFingerprint) -> Bool { names.dropLast().contains(name) }

    /// Goes on to the card that a statement leads to.
    /// - Returns: false if it leads where the chain has gone already.
    /// - Throws: why it leads nowhere; nothing has changed then.
    public mutating func follow(_ rotation: Rotation) throws(RotationError) -> Bool {
        if rotations.contains(rotation) { return false }
        if let index = place(of: rotation.former), index < cards.count - 1 {
            let next = try rotation.card(by: cards[index].key)
            guard next.key != cards[index + 1].key else { return false }
            throw .secondSuccessor(former: cards[index].fingerprint, next: next.fingerprint)
        }
        let card = try next(rotation)
        guard !revoked.contains(card.fingerprint) else { throw .revoked(card.fingerprint) }
        guard !isRevoked else { throw .revoked(inUse.fingerprint) }
        append(rotation, card: card)
        return true
    }

    private func next(_ rotation: Rotation) throws(RotationError) -> LinkCard {
        let card = try rotation.card(by: inUse.key)
        guard card.link == paired.link else { throw .otherLink(card.link) }
        guard !cards.contains(where: { $0.key == card.key }) else { throw .goesBack(card.fingerprint) }
        guard cards.count < Self.maximumCards else { throw .tooLong }
        return card
    }

    private mutating func append(_ rotation: Rotation, card: LinkCard) {
        cards.append(card)
        names.append(card.linkFingerprint)
        rotations.append(rotation)
        isRevoked = revoked.contains(card.fingerprint)
    }
}
