internal import Account
internal import MQTT
internal import MQTTProtocol
internal import Outbox

/// Sorts what the IT broker answered by what it means for the outbox.
///
/// A delivery that the broker refused is dead, and those behind it flow on. One that the broker puts off is repeated. One that nobody knows the
/// fate of stays taken: the connection is gone then, and the outbox is rewound before anything else is published.
struct Settler: Sendable {
    /// Tokens from here on are not positions of the outbox: status messages, which nobody repeats.
    static let firstOtherToken: UInt64 = 1 << 63

    private(set) var delivered: [OutboxPosition] = []
    /// QoS 2: the broker has it and waits for its release.
    private(set) var received: [OutboxPosition] = []
    private(set) var refused: [OutboxPosition] = []
    private(set) var tooLarge: [OutboxPosition] = []
    private(set) var putOff: [(position: OutboxPosition, meaning: RefusalMeaning)] = []
    /// Answers to messages of our own.
    private(set) var others = 0

    /// How many deliveries have an answer.
    var deliveries: Int { delivered.count + refused.count + tooLarge.count + putOff.count }

    init(_ settlements: [Settlement]) {
        for settlement in settlements {
            guard settlement.token < Self.firstOtherToken else {
                if settlement.outcome.isAnswer { others += 1 }
                continue
            }
            let position = OutboxPosition(rawValue: settlement.token)
            switch settlement.outcome {
            case .delivered: delivered.append(position)
            case .received: received.append(position)
            case .refused(let reason):
                let meaning = RefusalMeaning(reason)
                if meaning == .never { refused.append(position) } else { putOff.append((position, meaning)) }
            case .tooLarge: tooLarge.append(position)
            case .unknown, .notSent: break
            }
        }
    }

    /// The outbox's, without what is put off.
    var answers: [OutboxSettlement] {
        delivered.map { OutboxSettlement(position: $0, disposition: .published) }
            + refused.map { OutboxSettlement(position: $0, disposition: .dead(.refused)) }
            + tooLarge.map { OutboxSettlement(position: $0, disposition: .dead(.tooLarge)) }
    }
}

extension Settlement.Outcome {
    /// Whether the broker said something.
    fileprivate var isAnswer: Bool {
        switch self {
        case .delivered, .received, .refused: true
        case .tooLarge, .unknown, .notSent: false
        }
    }
}
