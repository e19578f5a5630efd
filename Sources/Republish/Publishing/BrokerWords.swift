internal import Account

// What states, causes and healings are called on the IT broker (C5): words of contract.

extension LinkState {
    var wordOnBroker: String {
        switch self {
        case .online: "online"
        case .degraded: "degraded"
        case .stale: "stale"
        case .offline: "offline"
        }
    }
}

extension Gap.State {
    var wordOnBroker: String {
        switch self {
        case .open: "open"
        case .healed: "healed"
        case .lost: "lost"
        }
    }
}

extension Gap.Cause {
    var wordOnBroker: String {
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

extension Gap.Healing {
    var wordOnBroker: String {
        switch self {
        case .fec: "fec"
        case .echo: "echo"
        case .resend: "resend"
        case .snapshot: "snapshot"
        case .path: "path"
        }
    }
}
