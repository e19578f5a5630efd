package import DiodeProtocol
package import Time

/// What of a link's account is not in order: what an audit exits with 3, 4 or 5 for, and what a link that is heard is degraded for.
public struct AccountMatters: Sendable, Hashable {
    /// How much it matters, the least first.
    public enum Weight: Sendable, Comparable, Hashable {
        /// It may still come.
        case open
        /// It is lost for good, and nobody has acknowledged that.
        case lost
        /// The account or the replica cannot be trusted.
        case broken
    }

    /// One of them, as a sentence without a full stop, and what to do about it.
    public struct Matter: Sendable, Hashable {
        public let weight: Weight
        public let text: String
        public let advice: String
    }

    /// Sums that do not hold, each in words.
    public var imbalances: [String] = []
    /// Contents of another sender, or of a disk that was rolled back, that nobody has acknowledged, each in words.
    public var equivocations: [String] = []
    /// Tables that a start found changed, and nobody has acknowledged, each in words.
    public var alterations: [String] = []
    /// The replica differs from the sender's state while nothing is missing.
    public var differs = false
    /// Gaps that are lost and not acknowledged, and their records.
    public var lostGaps: UInt64 = 0
    public var lostGapRecords: UInt64 = 0
    /// Records of other losses that are not acknowledged, by the layer's word.
    public var losses: [String: UInt64] = [:]
    /// Losses of which nobody can say how many records they took, and nobody has acknowledged, each in words.
    public var uncounted: [String] = []
    /// Records that the account calls lost and nothing names.
    public var unnamed: UInt64 = 0
    /// Gaps that may still heal, and their records.
    public var openGaps: UInt64 = 0
    public var openRecords: UInt64 = 0

    public init() {}

    /// All of it, the worst first.
    public var matters: [Matter] { broken + lost + open }

    private var broken: [Matter] {
        let contradictions = imbalances.map {
            Matter(weight: .broken, text: "the account does not balance: \($0)", advice: Self.defect)
        }
        let rivals = equivocations.map { Matter(weight: .broken, text: $0, advice: Self.rival) }
        let altered = alterations.map { Matter(weight: .broken, text: $0, advice: Self.alteration) }
        guard differs else { return contradictions + altered + rivals }
        return contradictions + altered + rivals + [
            Matter(
                weight: .broken, text: "the replica differs from the sender's state while nothing is missing",
                advice: Self.defect)
        ]
    }

    private var lost: [Matter] {
        var found: [Matter] = []
        if lostGaps > 0 {
            let gaps = "\(Self.counted(lostGaps, "gap")) lost with \(Self.counted(lostGapRecords, "record"))"
            found.append(Matter(weight: .lost, text: "\(gaps), not acknowledged", advice: Self.acknowledge))
        }
        if !losses.isEmpty {
            let records = losses.values.reduce(UInt64(0)) { $0.plus($1) }
            let layers = losses.keys.sorted().joined(separator: ", ")
            let text = "\(Self.counted(records, "record")) lost (\(layers)), not acknowledged"
            found.append(Matter(weight: .lost, text: text, advice: Self.acknowledge))
        }
        found += uncounted.map {
            Matter(weight: .lost, text: "\($0), not acknowledged", advice: Self.acknowledge)
        }
        if unnamed > 0 {
            found.append(
                Matter(
                    weight: .lost, text: "\(Self.counted(unnamed, "record")) lost that no entry names",
                    advice: Self.defect))
        }
        return found
    }

    /// Notes a loss of one link that nobody has acknowledged.
    /// - Parameters:
    ///   - layer: its word.
    ///   - from, to: the time that it may lie in.
    ///   - last: the newest record that is known.
    package mutating func note(
        _ cause: LossCause, layer: String, records: UInt64, from: UnixMilliseconds, to: UnixMilliseconds, last: Stamp
    ) {
        guard !cause.isByDesign else { return }
        if records > 0 {
            losses[layer, default: 0].add(records: records)
        } else if cause.isUncounted {
            uncounted.append(
                "how many records are lost between \(Self.second(from)) and \(Self.second(to)) nobody can say:"
                    + " \(cause.words) (after record \(last.text))")
        }
    }

    /// `2026-11-21 09:30:00`.
    private static func second(_ time: UnixMilliseconds) -> String {
        let text = CalendarTime.text(time)
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8))"
    }

    private var open: [Matter] {
        guard openGaps > 0 else { return [] }
        return [
            Matter(
                weight: .open,
                text: "\(Self.counted(openGaps, "gap")) open with \(Self.counted(openRecords, "record"))",
                advice: Self.resend)
        ]
    }

    static let alteration = "find out who wrote recv.db or put a copy back, then diode-recv ack what --audit names"
    static let acknowledge = "read diode-recv --audit, then diode-recv ack what it names"
    static let resend =
        "echoes heal it by themselves; what stays missing is asked for with diode-recv --audit --bundle and diode-send resend"
    static let defect = "keep both databases and the logs, and report it: diode-recv --audit --verify says more"
    static let rival =
        "find the second sender, or the disk that was rolled back; diode-recv ack what the audit names once it is gone"

    /// `1 gap`, `1,234 records`.
    private static func counted(_ count: UInt64, _ noun: String) -> String {
        var digits = String(count)
        var text = ""
        while digits.count > 3 {
            text = "," + digits.suffix(3) + text
            digits.removeLast(3)
        }
        return "\(digits)\(text) \(noun)\(count == 1 ? "" : "s")"
    }
}

extension LossCause {
    /// Of one that nobody can count, what happened.
    fileprivate var words: String {
        switch self {
        case .unsaid:
            "the sender's database was lost or an older copy put back, and its last signed word is from before"
        case .shed, .shedBySender, .dropped, .dead, .gap: "the receiver's database was damaged and set aside"
        }
    }
}
