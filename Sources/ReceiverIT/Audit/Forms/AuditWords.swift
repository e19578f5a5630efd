internal import Account
internal import DiodeProtocol

// What states, causes and reasons are called in an audit, in each of its forms: words of contract (C4).

extension Gap.State {
    var wordInAudit: String {
        switch self {
        case .open: "open"
        case .healed: "healed"
        case .lost: "lost"
        }
    }
}

extension Gap.Healing {
    var wordInAudit: String {
        switch self {
        case .fec: "fec"
        case .echo: "echo"
        case .resend: "resend"
        case .snapshot: "snapshot"
        case .path: "path"
        }
    }
}

extension Gap.Cause {
    var wordInAudit: String {
        switch self {
        case .link: "link"
        case .nic: "nic"
        case .socket: "socket"
        case .fec: "fec"
        case .receiverDown: "receiver-down"
        case .senderRestart: "sender-restart"
        case .senderQueue: "sender-queue"
        case .authentication: "authentication"
        case .version: "version"
        case .unknown: "unknown"
        }
    }
}

extension LossLayer {
    var wordInAudit: String {
        switch self {
        case .otBroker: "ot-broker"
        case .policy: "policy"
        case .sender: "sender"
        case .outbox: "outbox"
        case .itBroker: "it-broker"
        case .gap: "gap"
        }
    }
}

extension LossCause {
    /// The reason, of which the layer is told beside.
    var reasonInAudit: String {
        switch self {
        case .dropped(let reason): reason.wordInAudit
        case .shedBySender(let reason): reason.wordInAudit
        case .shed(let reason): reason.wordInAudit
        case .dead(let reason): reason.wordInAudit
        case .gap(let cause): cause.wordInAudit
        case .unsaid: "no_last_word"
        }
    }
}

extension LossCause {
    /// Of a loss that nobody can count: what happened, as a clause.
    var wordsInAudit: String {
        switch self {
        case .unsaid:
            "the sender's database was lost or an older copy put back, and its last signed word is from before"
        case .shed(.damaged): "the receiver's database was damaged and set aside"
        case .shed, .shedBySender, .dropped, .dead, .gap: reasonInAudit
        }
    }
}

extension BrokerDrop.Reason {
    var wordInAudit: String {
        switch self {
        case .queueLimit: "queue-limit"
        case .sessionLost: "session-lost"
        case .restarted: "restarted"
        }
    }
}

extension ShedRun.Reason {
    var wordInAudit: String {
        switch self {
        case .oversize: "oversize"
        case .journalFull: "journalFull"
        case .topicLimit: "topicLimit"
        case .commitFailed: "commitFailed"
        case .expired: "expired"
        case .malformed: "malformed"
        }
    }
}

extension ShedReason {
    var wordInAudit: String {
        switch self {
        case .outboxFull: "outbox_full"
        case .late: "late"
        case .tooFast: "too_fast"
        case .expired: "expired"
        case .stopped: "stopped"
        case .damaged: "damaged"
        case .unborn: "unborn"
        }
    }
}

extension DeadLetterReason {
    var wordInAudit: String {
        switch self {
        case .refused: "refused"
        case .tooLarge: "too_large"
        case .foreignTopic: "foreign_topic"
        case .nameTaken: "name_taken"
        case .topicTooLong: "topic_too_long"
        case .reservedTopic: "reserved_topic"
        case .sparkplugCommand: "sparkplug_command"
        case .sparkplugUnreadable: "sparkplug_unreadable"
        case .invalid: "invalid"
        }
    }
}
