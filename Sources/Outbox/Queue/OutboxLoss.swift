internal import Deliveries
public import DiodeProtocol
public import Time

/// Deliveries that were not published, for one reason: enough to name the loss.
///
/// Every one of them has its stamp in `first...last`; so may others that were not lost, where only some of a stretch were.
public struct OutboxLoss: Sendable, Equatable {
    /// Why they were not published.
    public enum Cause: Sendable, Hashable {
        case shed(ShedReason)
        case dead(DeadLetterReason)

        /// The layer of the audit's `losses` (C4).
        public var layer: String {
            switch self {
            case .shed(.late), .shed(.tooFast), .dead(.foreignTopic), .dead(.nameTaken), .dead(.reservedTopic),
                .dead(.sparkplugCommand), .dead(.sparkplugUnreadable):
                "policy"
            case .shed: "outbox"
            case .dead: "it-broker"
            }
        }

        /// One word, as in the totals.
        public var reason: String {
            switch self {
            case .shed(let reason): reason.rawValue
            case .dead(let reason): reason.rawValue
            }
        }

        var disposition: Disposition {
            switch self {
            case .shed(let reason): .shed(reason)
            case .dead(let reason): .dead(reason)
            }
        }

        init?(_ disposition: Disposition) {
            switch disposition {
            case .published, .folded: return nil
            case .shed(let reason): self = .shed(reason)
            case .dead(let reason): self = .dead(reason)
            }
        }
    }

    /// Topics that one loss names; the records of further ones are in `others`.
    public static let topicLimit = 256

    public let cause: Cause
    public internal(set) var records: UInt64
    /// The lowest and the highest stamp.
    public internal(set) var first, last: Stamp
    /// The earliest and the latest source time.
    public internal(set) var from, to: UnixMilliseconds
    /// How many records of which topic.
    public internal(set) var topics: [String: UInt64] = [:]
    /// Records of topics that are not named.
    public internal(set) var others: UInt64 = 0

    init(_ cause: Cause, stamp: Stamp, time: UnixMilliseconds, records: UInt64 = 0) {
        self.cause = cause
        self.records = records
        first = stamp
        last = stamp
        from = time
        to = time
    }

    mutating func note(_ topic: RawSpan, stamp: Stamp, time: UnixMilliseconds) {
        records += 1
        widen(first: stamp, last: stamp, from: time, to: time)
        let name = topic.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        count(name, 1)
    }

    /// Takes another loss of the same cause in.
    public mutating func merge(_ other: OutboxLoss) {
        precondition(cause == other.cause, "losses of one cause are one")
        records += other.records
        widen(first: other.first, last: other.last, from: other.from, to: other.to)
        others += other.others
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
            topics[topic, default: 0] += records
        } else {
            others += records
        }
    }
}

/// Losses that the database does not name yet, one for each cause.
struct LossList: Sendable {
    private var losses: [OutboxLoss.Cause: OutboxLoss] = [:]
    /// Refreshes that left with them: no loss of records, so they are only counted.
    private var refreshes: UInt64 = 0

    var isEmpty: Bool { losses.isEmpty }
    /// In a fixed order.
    var all: [OutboxLoss] { losses.values.sorted { $0.cause.disposition.name < $1.cause.disposition.name } }

    mutating func note(_ cause: OutboxLoss.Cause, topic: RawSpan, stamp: Stamp, time: UnixMilliseconds) {
        losses[cause, default: OutboxLoss(cause, stamp: stamp, time: time)].note(topic, stamp: stamp, time: time)
    }

    mutating func noteRefresh() { refreshes += 1 }

    mutating func note(_ cause: OutboxLoss.Cause, _ delivery: Delivery) {
        guard !delivery.isRefresh else { return noteRefresh() }
        note(cause, topic: delivery.topic, stamp: delivery.stamp, time: delivery.sourceTime)
    }

    mutating func add(_ loss: OutboxLoss) {
        if losses[loss.cause] == nil { losses[loss.cause] = loss } else { losses[loss.cause]?.merge(loss) }
    }

    mutating func add(_ other: LossList) {
        for loss in other.losses.values { add(loss) }
    }

    /// How many records were lost, by cause.
    func count(in totals: inout OutboxTotals) {
        for loss in losses.values { totals.count(loss.cause.disposition, loss.records) }
        totals.unrefreshed += refreshes
    }
}
