internal import Account
internal import MQTT
internal import MQTTProtocol
internal import Outbox

/// Turns what the IT broker answered into settlements of the outbox.
///
/// A delivery that the broker refused is dead, and those behind it flow on. One that nobody knows the fate of stays
/// taken: the connection is gone then, and the outbox is rewound before anything else is published.
struct Settler: Sendable {
    /// Tokens from here on are not positions of the outbox: status messages, which nobody repeats.
    static let firstOtherToken: UInt64 = 1 << 63

    /// Deliveries that the IT broker refused, by reason code, for the log.
    private(set) var refusals: [ReasonCode: UInt64] = [:]
    private var answers: [OutboxSettlement] = []

    /// - Returns: how many deliveries were answered.
    mutating func settle(_ settlements: [Settlement], in output: OutboxOutput) -> Int {
        answers.removeAll(keepingCapacity: true)
        for settlement in settlements where settlement.token < Self.firstOtherToken {
            guard let disposition = disposition(of: settlement.outcome) else { continue }
            answers.append(
                OutboxSettlement(
                    position: OutboxPosition(rawValue: settlement.token), disposition: disposition))
        }
        output.settle(answers)
        return answers.count
    }

    private mutating func disposition(of outcome: Settlement.Outcome) -> Disposition? {
        switch outcome {
        case .delivered: return .published
        case .refused(let reason):
            refusals[reason, default: 0] += 1
            return .dead(.refused)
        case .tooLarge: return .dead(.tooLarge)
        case .unknown, .notSent: return nil
        }
    }
}
