internal import Collections
public import Crypto
public import Time

/// Records that were numbered and then shed, so that the loss has names (WIRE §6.1, kind 0x02). Takes `records` sequences.
public struct ShedRun: Hashable, Sendable {
    public enum Reason: UInt8, Hashable, CaseIterable, Sendable {
        case oversize = 1, journalFull, topicLimit, commitFailed, expired
        /// The OT broker delivered it in a packet that breaks MQTT so that it is no message. The topic is what can be shown of it.
        case malformed
    }

    public struct Entry: Hashable, Sendable {
        public var topic: String
        /// 1…2³²−1.
        public var records: UInt64
        /// The version of the last of these records; 0 where the sender holds no slot for the topic (reasons `topicLimit`, `malformed`).
        public var lastVersion: TopicVersion
        public init(topic: String, records: UInt64, lastVersion: TopicVersion) {
            self.topic = topic
            self.records = records
            self.lastVersion = lastVersion
        }
    }

    public var reason: Reason
    public var from: UnixMilliseconds
    public var to: UnixMilliseconds
    /// At least one.
    public var entries: [Entry]

    public init(reason: Reason, from: UnixMilliseconds, to: UnixMilliseconds, entries: [Entry]) {
        self.reason = reason
        self.from = from
        self.to = to
        self.entries = entries
    }

    public var records: UInt64 { entries.reduce(0) { $0 + $1.records } }
}

/// A signed statement about the whole state at a position of the live stream (W-37; kind 0x03).
public struct Checkpoint: Hashable, Sendable {
    /// Σ SHA-256(slot) mod 2²⁵⁶, big-endian.
    public var digest: Digest32
    /// Σ versions over the topics held.
    public var versions: UInt64
    /// Σ versions of the topics that were removed.
    public var forgotten: UInt64
    public var topics: UInt64
    public var slots: UInt64

    public init(digest: Digest32, versions: UInt64, forgotten: UInt64, topics: UInt64, slots: UInt64) {
        self.digest = digest
        self.versions = versions
        self.forgotten = forgotten
        self.topics = topics
        self.slots = slots
    }
}

/// Something the sender did that the ledger shall name: start, stop, configuration, resend … (kind 0x04).
public struct Action: Hashable, Sendable {
    public static let maximumWhatBytes = 64
    public static let maximumDetailBytes = 4_096
    /// Slots go that no record tells of, because the export policy has changed (W-42).
    public static let narrowed = "export.narrowed"
    public var at: UnixMilliseconds
    public var what: String
    public var detail: String

    public init(at: UnixMilliseconds, what: String, detail: String) {
        self.at = at
        self.what = what
        self.detail = detail
    }
}

/// An interval in which the sender was not subscribed (P1; kind 0x05).
public struct Unobserved: Hashable, Sendable {
    public static let maximumReasonBytes = 256
    public var from: UnixMilliseconds
    public var to: UnixMilliseconds
    public var sessionResumed: Bool
    /// How many messages the OT broker dropped meanwhile, where it tells.
    public var dropped: UInt64?
    public var reason: String

    public init(
        from: UnixMilliseconds, to: UnixMilliseconds, sessionResumed: Bool, dropped: UInt64?, reason: String
    ) {
        self.from = from
        self.to = to
        self.sessionResumed = sessionResumed
        self.dropped = dropped
        self.reason = reason
    }
}

/// What the OT broker lost by itself, before the sender could have it (ADR 0012; kind 0x80).
public struct BrokerDrop: Hashable, Sendable {
    public enum Reason: UInt8, Hashable, CaseIterable, Sendable {
        /// More waited than it queues; it counts them.
        case queueLimit = 1
        /// The session was gone after an absence.
        case sessionLost
        /// It was started anew: what it held in memory alone is gone.
        case restarted
    }

    public var reason: Reason
    /// Nothing was dropped before `from` or after `to` that belongs to this statement.
    public var from: UnixMilliseconds
    public var to: UnixMilliseconds
    /// How many; nil where the broker does not tell.
    public var records: UInt64?

    public init(reason: Reason, from: UnixMilliseconds, to: UnixMilliseconds, records: UInt64?) {
        self.reason = reason
        self.from = from
        self.to = to
        self.records = records
    }

    /// Whether it says that messages were lost. Otherwise it says when some may have been, and nobody knows of any.
    public var isCounted: Bool { records ?? 0 > 0 }
}
