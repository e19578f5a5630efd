import DiodeProtocol
import TestKit

/// What became of every number, after a storm has passed and all is quiet.
struct Verdict: CustomStringConvertible {
    /// Numbers that the OT broker handed to the sender, that the sender acknowledged, and that the IT broker acknowledged.
    private(set) var handedOver = 0
    private(set) var acknowledged = 0
    private(set) var arrived = 0
    /// Acknowledged by the sender, not arrived, and in a gap that the audit names.
    private(set) var missing = 0
    private(set) var lost = 0
    /// Acknowledged, not arrived, in no gap: the receiver has it, and says of so many that it shed them or could not publish them.
    private(set) var shed = 0
    /// Handed over and never acknowledged: still the OT broker's.
    private(set) var leftToBroker = 0
    /// Acknowledged, not arrived, and nobody says why. It must be none.
    private(set) var unaccounted: [(number: Int, stamps: [Stamp], acknowledgedAt: UInt32)] = []
    /// Published again after the IT broker had acknowledged it: because the OT broker gave it twice; because an event came before the
    /// acknowledgement was safe; without a reason, which must be none.
    private(set) var givenTwice = 0
    private(set) var inDoubt: [StormEvent: Int] = [:]
    private(set) var groundless: [TapAccount.Repeat] = []
    /// - Parameters:
    ///   - stamps: read from the sender's journal to its end.
    ///   - strikes: what happened.
    init(_ plant: StormPlant, _ audit: AuditReport, _ stamps: StampIndex, strikes: [StormStrike]) {
        let otAccount = plant.otTap.read { $0 }
        let itAccount = plant.itTap.read { $0 }
        handedOver = otAccount.handedOver
        var absent = Set<Int>()
        for number in 0..<otAccount.end where otAccount.timesHandedOver(number) > 0 {
            let isAcknowledged = otAccount.isAcknowledged(number)
            let hasArrived = itAccount.isAcknowledged(number)
            if isAcknowledged { acknowledged += 1 }
            if hasArrived { arrived += 1 }
            guard !hasArrived else { continue }
            if isAcknowledged { absent.insert(number) } else { leftToBroker += 1 }
        }
        groundless = judge(itAccount.repeats, otAccount, strikes)
        judge(absent, otAccount, stamps, audit)
    }

    private mutating func judge(
        _ absent: Set<Int>, _ otAccount: TapAccount, _ index: StampIndex, _ audit: AuditReport
    ) {
        // What the receiver has taken and says that it did not publish; it cannot say which numbers these were.
        var excused = audit.total("shed") + audit.total("dead") + audit.total("folded") + audit.total("outbox")
        for number in absent.sorted() {
            let stamps = index[number]
            let gap = stamps.lazy.compactMap {
                audit.gap(epoch: $0.epoch.rawValue, sequence: $0.sequence.rawValue)
            }.first
            if let gap {
                if gap.state == "lost" { lost += 1 } else { missing += 1 }
            } else if excused > 0, !stamps.isEmpty {
                excused -= 1
                shed += 1
            } else {
                unaccounted.append((number, stamps, otAccount.acknowledgedAt(number)))
            }
        }
    }

    /// - Returns: those without a reason.
    private mutating func judge(
        _ repeats: [TapAccount.Repeat], _ otAccount: TapAccount, _ strikes: [StormStrike]
    ) -> [TapAccount.Repeat] {
        var groundless: [TapAccount.Repeat] = []
        let again = Set(otAccount.repeats.map(\.number))
        for each in repeats {
            let isRenumbered = each.stampAgain != each.acknowledgedStamp
            let renumbering = isRenumbered ? takenBack(each.number, otAccount, strikes) : nil
            // A receiver that repeats may repeat a number under each of its stamps.
            if let event = renumbering ?? leftInDoubt(each, strikes) {
                inDoubt[event, default: 0] += 1
            } else if isRenumbered, again.contains(each.number) || otAccount.wasFetched(each.number) {
                givenTwice += 1
            } else {
                groundless.append(each)
            }
        }
        return groundless
    }

    /// The event that took back what the sender had numbered.
    ///
    /// A sender that loses its power takes back what it had sent and not synced, and one that ends after its disk failed what it could
    /// not write: the broker gives it again, between the first time and the last.
    private func takenBack(_ number: Int, _ otAccount: TapAccount, _ strikes: [StormStrike]) -> StormEvent? {
        let span = otAccount.handedOverAt(number)
        guard otAccount.timesHandedOver(number) > 1 else { return nil }
        return strikes.last { strike in
            guard let milliseconds = strike.event.unwrittenMilliseconds else { return false }
            return strike.from <= span.upperBound && strike.to + milliseconds >= span.lowerBound
        }?.event
    }

    /// The event before which the receiver could not note for good that the IT broker had acknowledged.
    private func leftInDoubt(_ each: TapAccount.Repeat, _ strikes: [StormStrike]) -> StormEvent? {
        strikes.last { strike in
            let doubt = strike.event.doubtMilliseconds
            return doubt > 0 && each.acknowledgedAt <= strike.to && each.againAt >= strike.from
                && each.acknowledgedAt + doubt >= strike.from
        }?.event
    }

    var description: String {
        let absent = unaccounted.map {
            "\($0.number) (acknowledged at \($0.acknowledgedAt) ms, \(Self.text($0.stamps)))"
        }
        let doubled = groundless.map {
            "\($0.number) (acknowledged at \($0.acknowledgedAt) ms as \(Self.text($0.acknowledgedStamp)), "
                + "again at \($0.againAt) ms as \(Self.text($0.stampAgain)))"
        }
        let doubts = inDoubt.sorted { $0.value > $1.value }.map { "\($0.value) (\($0.key.rawValue))" }
            .joined(separator: ", ")
        return """
            handed over \(handedOver), acknowledged \(acknowledged), arrived \(arrived), \
            named as missing \(missing), as lost \(lost), as shed \(shed), left to the OT broker \(leftToBroker)
            duplicates: \(doubts.isEmpty ? "none" : doubts) in doubt, \(givenTwice) given twice by the OT broker
            groundless duplicates: \(Self.sample(doubled))
            unaccounted: \(Self.sample(absent))
            """
    }

    /// How many, and the first of them for whoever looks for the reason.
    private static func sample(_ words: [String]) -> String {
        "\(words.count)" + (words.isEmpty ? "" : ": " + words.prefix(5).joined(separator: "; "))
    }

    private static func text(_ stamps: [Stamp]) -> String {
        stamps.isEmpty ? "not in the journal" : stamps.map(text).joined(separator: " and ")
    }

    private static func text(_ stamp: Stamp?) -> String {
        stamp.map { "\($0.epoch.rawValue):\($0.sequence.rawValue)" } ?? "no stamp"
    }
}
