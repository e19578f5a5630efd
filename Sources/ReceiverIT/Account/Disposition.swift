/// What finally became of a record that was released.
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

/// Why a record cannot be published.
public enum DeadLetterReason: Sendable, Hashable, CaseIterable {
    /// The IT broker refused it.
    case refused
    /// Larger than the IT broker's Maximum Packet Size.
    case tooLarge
    /// Its topic lies outside the link's own filters.
    case foreignTopic
    /// The link's map gives its name to another topic.
    case nameTaken
    /// With the link's prefix its topic is longer than MQTT allows.
    case topicTooLong
    /// A link cannot speak in the name of the pair: `diode/#`.
    case reservedTopic
    /// Sparkplug commands and host states never cross.
    case sparkplugCommand
    /// A Sparkplug message of which nothing can be taken: damaged, or beyond the limits of edge nodes.
    case sparkplugUnreadable
    /// Its topic or properties are not what MQTT allows.
    case invalid
}

/// Why a record was left out.
public enum ShedReason: Sendable, Hashable, CaseIterable {
    /// The outbox was at its limit, and its topic has had a newer value since, or not even the last values fit.
    case outboxFull
    /// It came late, its topic has moved on, and the configuration says `late: "drop"`.
    case late
    /// A newer value of its topic came while it waited for the link's `publish_rate`.
    case tooFast
    /// Its message expiry interval ran out.
    case expired
    /// The receiver stopped before the IT broker acknowledged it, and no disk held it.
    case stopped
    /// Only the disk held it, and the database was damaged.
    case damaged
    /// Its Sparkplug edge node or device was not born on the IT side while it waited: no birth of it came, or the IT broker gives the node no
    /// connection and more waited than may.
    case unborn
}

/// What becomes of a record that comes late and whose topic has moved on. One that is still the newest of its topic is
/// published like any other. The words are those of the configuration.
public enum LatePolicy: String, Sendable, CaseIterable {
    /// It goes to `diode/<link>/late/<topic>`, not retained.
    case topic
    /// It goes to its own topic, never retained and never deleting.
    case mark
    /// It is counted and left out.
    case drop
}
