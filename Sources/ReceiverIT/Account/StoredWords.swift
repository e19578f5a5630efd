package import DiodeProtocol

/// A value that the receiver's files hold as a word: the database in its columns, the ledger in its entries.
///
/// Words are read for ever, and the ledger's are hashed: a word that was once written never changes.
package protocol StoredWord: CaseIterable {
    var storedWord: String { get }
}

extension StoredWord {
    /// - Returns: nil for a word that none of these values has.
    package init?(storedWord word: String) {
        guard let value = Self.allCases.first(where: { $0.storedWord == word }) else { return nil }
        self = value
    }
}

extension Gap.State: StoredWord {
    package var storedWord: String {
        switch self {
        case .open: "open"
        case .healed: "healed"
        case .lost: "lost"
        }
    }
}

extension Gap.Healing: StoredWord {
    package var storedWord: String {
        switch self {
        case .fec: "fec"
        case .echo: "echo"
        case .resend: "resend"
        case .snapshot: "snapshot"
        case .path: "path"
        }
    }
}

extension Gap.Cause: StoredWord {
    package var storedWord: String {
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

extension LinkState: StoredWord {
    package var storedWord: String {
        switch self {
        case .online: "online"
        case .degraded: "degraded"
        case .stale: "stale"
        case .offline: "offline"
        }
    }
}

extension LossLayer: StoredWord {
    package var storedWord: String {
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

extension ShedReason: StoredWord {
    package var storedWord: String {
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

extension DeadLetterReason: StoredWord {
    package var storedWord: String {
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

extension ShedRun.Reason: StoredWord {
    package var storedWord: String {
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

extension BrokerDrop.Reason: StoredWord {
    package var storedWord: String {
        switch self {
        case .queueLimit: "queue-limit"
        case .sessionLost: "session-lost"
        case .restarted: "restarted"
        }
    }
}

extension LossCause {
    /// The word of its reason, which is one of its layer's.
    package var storedReason: String {
        switch self {
        case .dropped(let reason): reason.storedWord
        case .shedBySender(let reason): reason.storedWord
        case .shed(let reason): reason.storedWord
        case .dead(let reason): reason.storedWord
        case .gap(let cause): cause.storedWord
        case .unsaid: "no_last_word"
        }
    }

    /// - Returns: nil for words of which one is unknown, or that do not belong together.
    package init?(storedLayer layer: String, reason: String) {
        guard
            let cause = Self.allCases.first(where: { $0.storedReason == reason && $0.layer.storedWord == layer })
        else { return nil }
        self = cause
    }
}

extension Disposition {
    /// What a total is called: `published`, `dead.refused`, `shed.late`.
    package var storedWord: String {
        switch self {
        case .published: "published"
        case .folded: "folded"
        case .dead(let reason): "dead.\(reason.storedWord)"
        case .shed(let reason): "shed.\(reason.storedWord)"
        }
    }

    private static let all: [Disposition] =
        [.published, .folded] + DeadLetterReason.allCases.map(Disposition.dead)
        + ShedReason.allCases.map(Disposition.shed)

    /// - Returns: nil for a word that is none.
    package init?(storedWord word: String) {
        guard let disposition = Self.all.first(where: { $0.storedWord == word }) else { return nil }
        self = disposition
    }
}
