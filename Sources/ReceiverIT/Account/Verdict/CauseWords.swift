/// What a gap is put down to, for people: the rows of docs/OPERATIONS.md, "Causes of gaps".
extension Gap.Cause {
    /// The cause of most of the records that are missing.
    public static func most(of gaps: [Gap]) -> Gap.Cause? {
        var missing: [Gap.Cause: UInt64] = [:]
        for gap in gaps where gap.missing > 0 { missing[gap.cause, default: 0].add(records: gap.missing) }
        return missing.max { $0.value < $1.value }?.key
    }

    /// As a sentence without a full stop.
    public var words: String {
        switch self {
        case .receiverDown: "this receiver did not listen when they were sent"
        case .socket: "the receive buffer of the link's socket was full"
        case .nic: "the network interface could not take every frame"
        case .version: "they are of a wire version that this receiver cannot read"
        case .authentication: "frames came that the sender did not sign, or more than may be verified"
        case .senderQueue: "the network interface of the sender did not take every frame"
        case .senderRestart: "the sender was restarted behind them"
        case .fec: "more of them was lost on the link than repair symbols restore"
        case .link: "nothing of them came over the link"
        case .unknown: "nobody knows why"
        }
    }

    /// What helps against more of it; what is missing heals the same way for each.
    public var advice: String {
        switch self {
        case .receiverDown, .senderRestart, .unknown: AccountMatters.resend
        case .socket:
            "raise net.core.rmem_max, or find what keeps this machine busy; \(AccountMatters.resend)"
        case .nic: "look at cable, transceiver and ring size (ethtool -g and -S); \(AccountMatters.resend)"
        case .version: "upgrade this receiver; \(AccountMatters.resend)"
        case .authentication: "find out who sends them; \(AccountMatters.resend)"
        case .senderQueue: "look at the sender's interface and link.rate; \(AccountMatters.resend)"
        case .fec: "raise fec.repair or fec.repair_spread at the sender; \(AccountMatters.resend)"
        case .link: "look at the fibre; \(AccountMatters.resend)"
        }
    }
}
