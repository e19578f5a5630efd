/// What finally became of a delivery.
public enum Disposition: Sendable, Hashable {
    /// The IT broker has it.
    case published
    /// It never will be published, and why.
    case dead(DeadLetterReason)
    /// Left out on purpose or for want of room, and why.
    case shed(ShedReason)
    /// Taken up by the Sparkplug proxy into a state that it publishes itself.
    case folded
}

/// Why a delivery cannot be published.
public enum DeadLetterReason: String, Sendable, Hashable, CaseIterable {
    /// The IT broker refused it.
    case refused
    /// Larger than the IT broker's Maximum Packet Size.
    case tooLarge = "too_large"
    /// Its topic lies outside the link's own filters.
    case foreignTopic = "foreign_topic"
    /// The link's map gives its name to another topic.
    case nameTaken = "name_taken"
    /// With the link's prefix its topic is longer than MQTT allows.
    case topicTooLong = "topic_too_long"
    /// A link cannot speak in the name of the pair: `diode/#`.
    case reservedTopic = "reserved_topic"
    /// Sparkplug commands and host states never cross.
    case sparkplugCommand = "sparkplug_command"
    /// A Sparkplug message of which nothing can be taken: damaged, or beyond the limits of edge nodes.
    case sparkplugUnreadable = "sparkplug_unreadable"
    /// Its topic or properties are not what MQTT allows.
    case invalid
}

/// Why a delivery was left out.
public enum ShedReason: String, Sendable, Hashable, CaseIterable {
    /// The outbox was at its limit, and its topic has had a newer value since, or not even the last values fit.
    case outboxFull = "outbox_full"
    /// It came late, its topic has moved on, and the configuration says `late: "drop"`.
    case late
    /// A newer value of its topic came while it waited for the link's `publish_rate`.
    case tooFast = "too_fast"
    /// Its message expiry interval ran out.
    case expired
    /// The receiver stopped before the IT broker acknowledged it, and no disk held it.
    case stopped
    /// Only the disk held it, and the database was damaged.
    case damaged
}

extension Disposition {
    /// A short word for the database: `published`, `dead.refused`, `shed.late`.
    var name: String {
        switch self {
        case .published: "published"
        case .folded: "folded"
        case .dead(let reason): "dead.\(reason.rawValue)"
        case .shed(let reason): "shed.\(reason.rawValue)"
        }
    }

    /// - Returns: nil for a word that is none.
    init?(name: String) {
        switch name {
        case "published": self = .published
        case "folded": self = .folded
        default:
            let parts = name.split(separator: ".", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            if parts[0] == "dead", let reason = DeadLetterReason(rawValue: String(parts[1])) {
                self = .dead(reason)
            } else if parts[0] == "shed", let reason = ShedReason(rawValue: String(parts[1])) {
                self = .shed(reason)
            } else {
                return nil
            }
        }
    }
}
