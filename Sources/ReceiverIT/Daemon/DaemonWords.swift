package import Account
package import DiodeProtocol

// What states, causes and reasons are called in the log and in the answer to `status`.

extension LinkState {
    package var wordInLog: String {
        switch self {
        case .online: "online"
        case .degraded: "degraded"
        case .stale: "stale"
        case .offline: "offline"
        }
    }
}

extension Gap.State {
    package var wordInLog: String {
        switch self {
        case .open: "open"
        case .healed: "healed"
        case .lost: "lost"
        }
    }
}

extension Gap.Cause {
    package var wordInLog: String {
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

extension ShedRun.Reason {
    package var wordInLog: String {
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

extension BrokerDrop.Reason {
    package var wordInLog: String {
        switch self {
        case .queueLimit: "queueLimit"
        case .sessionLost: "sessionLost"
        case .restarted: "restarted"
        }
    }
}
