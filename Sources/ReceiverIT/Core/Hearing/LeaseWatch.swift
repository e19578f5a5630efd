internal import Account
public import DiodeProtocol
internal import Time

/// Which of a link's senders speaks for the namespace: the one whose beats of the newest epoch do not stand by (W-52, W-53).
///
/// ```text
///  card 1   epoch 7 speaks ─ ─ ─ ─ ─ ─ ─ ─  9 stands by ──────▶
///  card 2   8 stands by ──▶ 10 speaks ────────────────────────▶
///  lease    7                10
/// ```
///
/// An epoch is the lease's token: whoever takes the lease begins one above all that were heard of, so that what the other still says ranks below
/// by its stamps alone. The sender that speaks stays the one that does until another takes over: silence alone moves nothing.
struct LeaseWatch: Sendable {
    private struct Word {
        var epoch: Epoch
        var standsBy: Bool
        /// When it was heard; nil: an earlier process heard it.
        var at: MonotonicInstant?
    }

    /// By the place of the card; nil: nothing was heard.
    private var words: [Word?]
    /// The place of the card whose sender speaks; the first before any was heard.
    private(set) var speaker = 0
    /// Since when; what the sender before said meanwhile may still be on its way for `grace`.
    private var since: MonotonicInstant
    private let grace: Duration
    /// The contest that was told of.
    private var told: LeaseContest?

    /// - Parameters:
    ///   - grace: how long two may speak until that is a contest.
    ///   - stored: what an earlier process left.
    init(cards: Int, grace: Duration, restoring stored: [SenderRow], now: MonotonicInstant) {
        self.grace = grace
        since = now
        words = Array(repeating: nil, count: cards)
        for row in stored where row.place < cards && row.frontier.epoch.rawValue > 0 {
            words[row.place] = Word(epoch: row.frontier.epoch, standsBy: row.beat?.standsBy ?? false)
        }
        speaker = newest ?? 0
    }

    /// The lease; nil: nobody speaks.
    var lease: Epoch? { words[speaker].flatMap { $0.standsBy ? nil : $0.epoch } }

    /// A beat of a sender was accepted.
    /// - Returns: the lease and the one before, where it has changed hands.
    mutating func note(_ beat: Beat, epoch: Epoch, of place: Int, now: MonotonicInstant) -> LeaseChange? {
        let before = (speaker: speaker, lease: lease)
        words[place] = Word(epoch: epoch, standsBy: beat.standsBy, at: now)
        speaker = newest ?? speaker
        guard speaker != before.speaker, let lease else { return nil }
        since = now
        return LeaseChange(lease: lease, sender: speaker, before: before.lease)
    }

    /// A sender that speaks beside the one that has the lease, both heard; nil: there is none.
    /// - Parameter isSilent: whether nothing is heard of the sender at a place.
    func contest(isSilent: (Int) -> Bool) -> LeaseContest? {
        guard let lease, !isSilent(speaker) else { return nil }
        for (place, word) in words.enumerated() where place != speaker && !isSilent(place) {
            guard let word, !word.standsBy, let at = word.at, since.advanced(by: grace) <= at else { continue }
            return LeaseContest(lease: lease, older: word.epoch, sender: place)
        }
        return nil
    }

    /// Moves out a contest that nobody was told of.
    mutating func takeContest(isSilent: (Int) -> Bool) -> LeaseContest? {
        let contest = contest(isSilent: isSilent)
        guard let contest, contest != told else { return nil }
        told = contest
        return contest
    }

    /// What of the senders is not well, in words; nil: nothing.
    /// - Parameter names: by place.
    func trouble(_ names: (Int) -> String, isSilent: (Int) -> Bool) -> String? {
        guard words[speaker] != nil else { return nil }
        guard let lease else { return "the sender of \(names(speaker)) stands by, and no other speaks" }
        if let contest = contest(isSilent: isSilent) {
            return
                "two senders speak: that of \(names(speaker)) has the lease (epoch \(lease.rawValue)), and what that of"
                + " \(names(contest.sender)) says (epoch \(contest.older.rawValue)) counts as late"
        }
        guard let silent = words.indices.first(where: { $0 != speaker && isSilent($0) }) else { return nil }
        return "the sender of \(names(silent)) is not heard: it could not take over"
    }

    /// The place of a sender that is heard and speaks under an older lease than the one that is silent; nil: there is none.
    func older(isSilent: (Int) -> Bool) -> (place: Int, epoch: Epoch)? {
        for (place, word) in words.enumerated() where place != speaker && !isSilent(place) {
            if let word, !word.standsBy { return (place, word.epoch) }
        }
        return nil
    }

    private var newest: Int? {
        words.indices.filter { words[$0].map { !$0.standsBy } ?? false }.max {
            words[$0].map(\.epoch) ?? Epoch(rawValue: 0) < words[$1].map(\.epoch) ?? Epoch(rawValue: 0)
        }
    }
}

/// Two senders speak, and are heard both: what the one without the lease says counts as late.
public struct LeaseContest: Sendable, Equatable {
    /// The epochs of the one that has it, and of the other.
    public let lease, older: Epoch
    /// The place of the other's card.
    public let sender: Int
}

/// The lease has changed hands: from here on another sender speaks for the link.
public struct LeaseChange: Sendable, Equatable {
    /// The epoch that is the new lease.
    public let lease: Epoch
    /// The place of the card whose sender has it.
    public let sender: Int
    /// The lease before; nil: nobody spoke.
    public let before: Epoch?
}
