internal import Account
internal import DiodeProtocol
public import ReceiverIT
internal import ReceiverITCore
public import Republish
internal import Time

extension LinkStatus {
    /// What consumers at the IT broker are told of a link, from what the receiver knows of it.
    ///
    /// - Parameter auditKey: the public half of the key that signs the ledger's head, in base64.
    public init(_ snapshot: LinkSnapshot, auditKey: String) {
        let verdict = snapshot.facts.atITBroker.verdict
        self.init(
            state: verdict.state, since: snapshot.since, decided: snapshot.decided, missing: snapshot.account.missing,
            digestMatches: snapshot.replica.digestMatches, head: snapshot.head, auditKey: auditKey,
            reason: verdict.reason, advice: verdict.advice, lag: snapshot.facts.lag?.age)
    }
}

extension LinkHearing {
    /// What a link's edge nodes are told of it.
    public init(_ snapshot: LinkSnapshot) {
        self.init(
            missing: snapshot.account.missing, pending: snapshot.pending, lost: snapshot.account.lost,
            beat: snapshot.beat?.clock.rawValue, epoch: snapshot.epochs.last?.epoch.rawValue)
    }
}
