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
    /// With the link's prefix its topic is longer than MQTT allows.
    case topicTooLong = "topic_too_long"
    /// A link cannot speak in the name of the pair: `diode/#`.
    case reservedTopic = "reserved_topic"
    /// Sparkplug commands and host states never cross.
    case sparkplugCommand = "sparkplug_command"
    /// Its topic or properties are not what MQTT allows.
    case invalid
}

/// Why a delivery was left out.
public enum ShedReason: String, Sendable, Hashable, CaseIterable {
    /// The outbox was at its limit and this was the oldest.
    case outboxFull = "outbox_full"
    /// It came late, its topic has moved on, and the configuration says `late: "drop"`.
    case late
    /// Its message expiry interval ran out.
    case expired
    /// The receiver stopped before the IT broker acknowledged it.
    case stopped
}

/// How many deliveries went which way. At every instant
/// `appended = waiting + taken + published + folded + Σ dead + Σ shed`.
public struct OutboxTotals: Sendable, Equatable {
    public internal(set) var appended: UInt64 = 0
    public internal(set) var published: UInt64 = 0
    public internal(set) var folded: UInt64 = 0
    public internal(set) var dead: [DeadLetterReason: UInt64] = [:]
    public internal(set) var shed: [ShedReason: UInt64] = [:]

    public init() {}

    /// Deliveries that never will be published.
    public var deadSum: UInt64 { dead.values.reduce(0, +) }
    /// Deliveries that were left out.
    public var shedSum: UInt64 { shed.values.reduce(0, +) }

    mutating func count(_ disposition: Disposition) {
        switch disposition {
        case .published: published += 1
        case .folded: folded += 1
        case .dead(let reason): dead[reason, default: 0] += 1
        case .shed(let reason): shed[reason, default: 0] += 1
        }
    }
}
