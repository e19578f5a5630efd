/// Everything that a link is judged by, as of one instant. The core says what it hears, the daemon what it can store, the store what of the
/// account is not in order, the publisher how the IT broker is; `verdict` is made of all of it together, and of nothing else.
public struct LinkFacts: Sendable, Hashable {
    /// Whether beats of the newest epoch come.
    public enum Hearing: Sendable, Hashable {
        /// None ever came.
        case never
        /// None came since this process started; an earlier one had heard some.
        case notSinceStart
        /// None came for so long and longer.
        case silent(Duration)
        case heard
    }

    /// What comes instead of beats that count, and is refused.
    public struct Rejected: Sendable, Hashable {
        public enum Kind: Sendable, CaseIterable {
            case unknownLink, formerKey, revokedKey, badSignature, version, replayed, overBudget, malformed
        }

        public let kind: Kind
        /// Frames since the last beat that was accepted.
        public let frames: UInt64

        public init(_ kind: Kind, frames: UInt64) {
            self.kind = kind
            self.frames = frames
        }
    }

    public var hearing = Hearing.never
    /// Records or slices of the newest epoch come, although no beat does.
    public var hearsOthers = false
    /// The most of what is refused since the last beat; nil: nothing is.
    public var rejected: Rejected?
    /// What the sender's key signed and what is refused all the same, with what to do.
    public var refused: String?
    /// Why no beat can come in time, by the configuration of both sides, with what to do.
    public var shortTimeout: String?
    /// nil before two beats could be compared.
    public var lag: Lag?
    public var freshness = Freshness()
    /// Records in open gaps, and what most of them are put down to; nil: none of those that are known.
    public var missing: UInt64 = 0
    public var missingCause: Gap.Cause?
    /// Which of several paths is dead, or loses more than another, in words; nil: none.
    public var pathTrouble: String?
    /// Which of the link's senders is not heard, or speaks where another does, in words; nil: none.
    public var senderTrouble: String?
    /// The first alarm of the sender, as its beat words it.
    public var alarm: String?
    /// Why the sender has no OT broker, as its beat words it; nil: it has one, or does not say.
    public var otBrokerFault: String?
    /// Whether the sender writes its journal; nil: it does not say.
    public var isDurable: Bool?
    /// The sender's clock against the receiver's; nil before a beat of this process. No freshness rests on it.
    public var clock: ClockDifference?
    /// The broker that is published to; nil: nothing is published, or nobody has said yet.
    public var itBroker: Condition?
    /// Why what is accepted is not stored; nil: it is.
    public var storeFault: String?
    /// Why the disk will soon not do, although it still does; nil: it will.
    public var diskTrouble: String?
    /// What of the account is not in order.
    public var account = AccountMatters()
    /// How the namespaces of both sides compare.
    public var agreement = Agreement(digestMatches: nil, itMatches: nil, itRefused: nil)

    public init() {}

    /// The same for whoever reads it at the IT broker: that this broker cannot be reached is not true where it is read.
    public var atITBroker: LinkFacts {
        var facts = self
        if facts.itBroker?.state == .offline { facts.itBroker = nil }
        return facts
    }
}
