public import Account
internal import DiodeProtocol
public import ReceiverIT
internal import ReceiverITCore
public import Republish
internal import Sparkplug

/// Everything that the daemon knows of one link: what the receiver has of it and what its publisher says, and what that comes to.
public struct LinkKnowledge: Sendable {
    public let snapshot: LinkSnapshot
    /// nil where nothing is published.
    public let publisher: PublisherReport?

    public init(_ snapshot: LinkSnapshot, publisher: PublisherReport?) {
        self.snapshot = snapshot
        self.publisher = publisher
    }

    /// How far its values can be trusted as current.
    public var link: Condition {
        let verdict = snapshot.verdict
        return Condition(verdict.state, since: snapshot.since, reason: verdict.reason, advice: verdict.advice)
    }

    /// What the sender says about itself, as long as it can be heard.
    public var sender: Condition {
        guard let beat = snapshot.beat, !snapshot.state.isSilent else {
            return Condition(nil, since: snapshot.heardUntil, reason: "the sender is not heard")
        }
        if let alarm = beat.alarms.first { return Condition(.degraded, since: beat.clock, reason: alarm) }
        if beat.isDurable == false {
            return Condition(.degraded, since: beat.clock, reason: "it cannot write its journal")
        }
        return Condition(.online, since: beat.clock, reason: "")
    }

    /// The broker of the plant, by the sender's word.
    public var otBroker: Condition {
        guard let broker = snapshot.beat?.broker, !snapshot.state.isSilent else {
            return Condition(nil, since: snapshot.heardUntil, reason: "the sender does not say")
        }
        return Condition(broker.isOnline ? .online : .offline, since: broker.since, reason: broker.reason)
    }

    /// The broker that is published to, and whether what waits for it can be read: as the link was judged by it.
    public var itBroker: Condition { snapshot.facts.itBroker ?? Condition(nil, since: nil, reason: "") }

    /// What `status` exits with (C2): 0 well, 3 degraded, 4 stale or offline.
    public var exit: Int {
        switch snapshot.state {
        case .stale, .offline: 4
        case .degraded: 3
        case .online: 0
        }
    }
}

extension PublisherReport {
    /// How the IT broker is, with what else is known of it.
    public func condition(for snapshot: LinkSnapshot) -> Condition {
        guard isConnected else { return Condition(.offline, since: since, reason: reason) }
        if let fault = snapshot.outboxFault { return fault }
        var troubles: [String] = []
        if let trouble = edgeNodes.trouble { troubles.append(trouble) }
        if isSlowed { troubles.append("the IT broker says \"later\": records go as fast as it takes them") }
        if let difference = snapshot.replica.agreement.atBroker { troubles.append(difference) }
        let words = ((reason.isEmpty ? [] : [reason]) + troubles).joined(separator: "; ")
        let isWell = lacks.isEmpty && troubles.isEmpty
        return Condition(isWell ? .online : .degraded, since: since, reason: words)
    }
}
