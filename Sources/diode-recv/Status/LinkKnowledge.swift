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

    /// How far its values can be trusted as current. A link that cannot store what it accepts is never well, nor is one whose replica is not the
    /// sender's state.
    public var link: Condition {
        if snapshot.state == .online, let durability = snapshot.durability, !durability.isDurable {
            return Condition(.degraded, since: durability.since, reason: durability.reason)
        }
        if snapshot.state == .online, let disk = snapshot.durability?.disk { return disk }
        if snapshot.state == .online, let difference = snapshot.replica.agreement.atReplica {
            return Condition(.degraded, since: snapshot.replica.asOfTime, reason: difference)
        }
        return Condition(snapshot.state, since: snapshot.since, reason: snapshot.reason)
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

    /// The broker that is published to, and whether what waits for it can be read.
    public var itBroker: Condition {
        guard let publisher else { return Condition(nil, since: nil, reason: "") }
        guard publisher.isConnected else {
            return Condition(.offline, since: publisher.since, reason: publisher.reason)
        }
        if let fault = snapshot.outboxFault { return fault }
        var troubles: [String] = []
        if let trouble = publisher.edgeNodes.trouble { troubles.append(trouble) }
        if publisher.isSlowed { troubles.append("the IT broker says \"later\": records go as fast as it takes them") }
        if let difference = snapshot.replica.agreement.atBroker { troubles.append(difference) }
        let reason = ((publisher.reason.isEmpty ? [] : [publisher.reason]) + troubles).joined(separator: "; ")
        let isWell = publisher.lacks.isEmpty && troubles.isEmpty
        return Condition(isWell ? .online : .degraded, since: publisher.since, reason: reason)
    }

    /// What `status` exits with (C2): 0 well, 3 degraded, 4 stale or offline.
    public var exit: Int {
        switch snapshot.state {
        case .stale, .offline: 4
        case .degraded: 3
        case .online: link.state == .online && itBroker.state == .online ? 0 : 3
        }
    }
}
