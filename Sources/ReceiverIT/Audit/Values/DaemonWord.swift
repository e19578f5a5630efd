public import Account
internal import Time

/// What the receiver's daemon answers where its database tells nothing current: a full disk is no silent link (D19).
public enum DaemonWord: Sendable, Hashable {
    /// No daemon answers.
    case none
    /// How it judges the link.
    case says(LinkVerdict)
}

extension LinkAudit {
    /// Completes what the database could not tell.
    /// - Parameter word: of the daemon that has this database. It is asked if `isUnwritten`.
    public mutating func complete(with word: DaemonWord) {
        guard isUnwritten else { return }
        let since = writtenUntil.map { "since \(ShownTime.text($0))" } ?? "ever"
        switch word {
        case .none:
            // What was well when the receiver was stopped may be read as that for as long as a link may be silent.
            guard isStale else { return }
            reason =
                "the receiver has written nothing \(since) and does not answer: look whether diode-recv runs"
        case .says(let verdict) where verdict.state.isSilent: (isStale, reason) = (true, verdict.line)
        case .says(let verdict):
            isStale = true
            let why = verdict.cause == .store ? ": \(verdict.line)" : ": it runs, status says how it is"
            reason = "the receiver has not been able to write \(since), and this account is as of then\(why)"
        }
    }
}
