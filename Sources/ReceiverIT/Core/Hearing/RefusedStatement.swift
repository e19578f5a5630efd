public import DiodeProtocol

/// What the sender's key signed and what is refused all the same: named in log, ledger and status, because nothing else tells of it.
public enum RefusedStatement: Sendable, Equatable {
    /// Numbers that no sender can have, in words; the block said so.
    case implausible(String, BlockID)
    /// Beats of an epoch that lies below the card's lowest: nothing of that sender is accepted (W-22).
    case belowCard(Epoch, lowest: Epoch)
    /// Nothing is heard but beats of an epoch that is over since another has begun.
    case outlived(Epoch, by: Epoch)
    /// The sender that has the lease is silent, and another one speaks under an older epoch (W-53): `of` names its card.
    case olderLease(Epoch, of: String, by: Epoch)
    /// A key of this link has handed over to one that is not followed (W-51).
    case rotation(RotationError)
    /// Blocks are sealed, and none of the receiver's so many keys opens them (W-27).
    case sealed(BlockID, keys: Int)

    /// What happened and what to do, for people.
    public var description: String {
        switch self {
        case .implausible(let what, let block):
            "the sender's key signed what cannot be: \(what), in \(block.channel) block \(block.block.rawValue) of epoch"
                + " \(block.epoch.rawValue); it is refused"
        case .belowCard(let epoch, let lowest):
            "frames come of an epoch below the card's lowest epoch \(lowest.rawValue): \(epoch.rawValue); the sender's clock was set"
                + " back since its card was issued: issue a fresh card (diode-send card) and pair it (diode-recv pair --replace)"
        case .outlived(let epoch, let newest):
            "only beats of epoch \(epoch.rawValue) come, which is over since epoch \(newest.rawValue) began: the sender's clock was set"
                + " back and its database lost (start it with --epoch above \(newest.rawValue)), or a recording is played"
        case .olderLease(let epoch, let name, let newest):
            "the sender of \(name) speaks under epoch \(epoch.rawValue), older than the lease \(newest.rawValue) of the one that is silent:"
                + " what it says counts as late; it did not hear that the other took over: restart it, with --epoch above \(newest.rawValue) if"
                + " its clock is behind"
        case .rotation(let error):
            "a key of this link hands over to another one, and this receiver does not follow: \(error); compare the fingerprint in status with"
                + " the one that diode-send check shows, and pair the right card (diode-recv pair --replace)"
        case .sealed(_, keys: 0):
            "blocks are sealed, and this receiver has no seal key: name the one that link.seal of the sender belongs to in seal_keys"
        case .sealed:
            "blocks are sealed for another key than those in seal_keys: give this receiver the one that link.seal of the sender belongs"
                + " to, or the sender this receiver's (diode-recv check shows its fingerprint)"
        }
    }
}
