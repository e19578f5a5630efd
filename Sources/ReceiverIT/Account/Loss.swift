public import DiodeProtocol
public import Time

/// Where records were lost that no gap of their own names (P9).
public enum LossLayer: Sendable, CaseIterable {
    /// Before the sender, or in a form that the sender could not take.
    case otBroker
    /// Left out on purpose.
    case policy
    case sender
    case outbox
    case itBroker
    /// Of gaps that are not listed one by one any more.
    case gap
}

/// Why records never will be published: where they were lost, and for what reason of that place.
public enum LossCause: Sendable, Hashable, CaseIterable {
    /// The OT broker lost them by itself, before the sender could have them.
    case dropped(BrokerDrop.Reason)
    /// The sender numbered them and shed them.
    case shedBySender(ShedRun.Reason)
    /// The receiver left them out.
    case shed(ShedReason)
    /// They cannot be published.
    case dead(DeadLetterReason)
    /// They were in lost gaps that are not listed one by one any more.
    case gap(Gap.Cause)
    /// They may have got numbers between the last signed word of an epoch and the first of the next one, in a database that is gone.
    case unsaid

    /// Where it happened (P9).
    public var layer: LossLayer {
        switch self {
        case .dropped: .otBroker
        case .shedBySender(.malformed): .otBroker
        case .shedBySender, .unsaid: .sender
        case .shed(let reason):
            switch reason {
            case .late, .tooFast: .policy
            case .outboxFull, .expired, .stopped, .damaged: .outbox
            case .unborn: .itBroker
            }
        case .dead(let reason):
            switch reason {
            case .foreignTopic, .nameTaken, .reservedTopic, .sparkplugCommand, .sparkplugUnreadable: .policy
            case .refused, .tooLarge, .topicTooLong, .invalid: .itBroker
            }
        case .gap: .gap
        }
    }

    /// What whoever published it asked for: its message expiry interval ran out. It is named, and nobody has to accept it.
    public var isByDesign: Bool {
        switch self {
        case .shed(.expired), .shedBySender(.expired): true
        case .shed, .shedBySender, .dropped, .dead, .gap, .unsaid: false
        }
    }

    /// Nobody can say how many records are lost, so that a loss of none is one.
    public var isUncounted: Bool {
        switch self {
        case .unsaid, .shed(.damaged): true
        case .shed, .shedBySender, .dropped, .dead, .gap: false
        }
    }

    /// Whether these records had numbers, so that an account has them. What never reached the sender has none, and of what its database took
    /// with it nobody heard the number.
    public var isNumbered: Bool {
        switch self {
        case .dropped, .unsaid: false
        case .shedBySender, .shed, .dead, .gap: true
        }
    }

    public static let allCases: [LossCause] =
        BrokerDrop.Reason.allCases.map(LossCause.dropped) + ShedRun.Reason.allCases.map(LossCause.shedBySender)
        + ShedReason.allCases.map(LossCause.shed) + DeadLetterReason.allCases.map(LossCause.dead)
        + Gap.Cause.allCases.map(LossCause.gap) + [.unsaid]

    /// - Returns: nil where a record was not lost.
    public init?(_ disposition: Disposition) {
        switch disposition {
        case .published, .folded: return nil
        case .shed(let reason): self = .shed(reason)
        case .dead(let reason): self = .dead(reason)
        }
    }

    /// What became of each of the records; nil where they were lost before they were released.
    public var disposition: Disposition? {
        switch self {
        case .shed(let reason): .shed(reason)
        case .dead(let reason): .dead(reason)
        case .dropped, .shedBySender, .gap, .unsaid: nil
        }
    }
}

/// Records that never will be published, for one reason: enough to name the loss.
///
/// Every one of them has its stamp in `first...last`; so may others that were not lost, where only some of a stretch were.
public struct Loss: Sendable, Hashable {
    /// Topics that one loss names; the records of further ones are in `others`.
    public static let topicLimit = 256

    public let cause: LossCause
    public package(set) var records: UInt64
    /// The lowest and the highest stamp.
    public package(set) var first, last: Stamp
    /// The earliest and the latest time: of the records' source, or where nobody knows that, of the receiver's clock.
    public package(set) var from, to: UnixMilliseconds
    /// How many records of which topic.
    public package(set) var topics: [String: UInt64]
    /// Records of topics that are not named.
    public package(set) var others: UInt64

    package init(
        _ cause: LossCause, records: UInt64, first: Stamp, last: Stamp, from: UnixMilliseconds, to: UnixMilliseconds,
        topics: [String: UInt64] = [:], others: UInt64 = 0
    ) {
        self.cause = cause
        self.records = records
        self.first = first
        self.last = last
        self.from = from
        self.to = to
        self.topics = topics
        self.others = others
    }

    /// A loss of which no record is known yet.
    package init(_ cause: LossCause, stamp: Stamp, time: UnixMilliseconds) {
        self.init(cause, records: 0, first: stamp, last: stamp, from: time, to: time)
    }

    /// Takes one more record in.
    package mutating func note(_ topic: RawSpan, stamp: Stamp, time: UnixMilliseconds) {
        records += 1
        widen(first: stamp, last: stamp, from: time, to: time)
        count(topic.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }, 1)
    }

    /// Takes another loss of the same cause in.
    public mutating func merge(_ other: Loss) {
        precondition(cause == other.cause, "losses of one cause are one")
        records.add(records: other.records)
        widen(first: other.first, last: other.last, from: other.from, to: other.to)
        others.add(records: other.others)
        for (topic, records) in other.topics { count(topic, records) }
    }

    private mutating func widen(first: Stamp, last: Stamp, from: UnixMilliseconds, to: UnixMilliseconds) {
        self.first = min(self.first, first)
        self.last = max(self.last, last)
        self.from = min(self.from, from)
        self.to = max(self.to, to)
    }

    private mutating func count(_ topic: String, _ records: UInt64) {
        if topics[topic] != nil || topics.count < Self.topicLimit {
            topics[topic, default: 0].add(records: records)
        } else {
            others.add(records: records)
        }
    }
}
