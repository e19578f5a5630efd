import TestKit

/// What can happen to a plant.
///
/// The OT broker is restarted, not killed: from the file that mosquitto saved last, a killed one gives out again whatever it gave since then,
/// and after a few kills the storm would be about that alone. `BrokerLossTests` kills it.
enum StormEvent: String, CaseIterable, Sendable {
    case killSender = "sender killed"
    case killReceiver = "receiver killed"
    case killITBroker = "IT broker killed"
    case restartOTBroker = "OT broker restarted"
    case cutLink = "link cut"
    case fillSenderDisk = "sender's disk full"
    case fillReceiverDisk = "receiver's disk full"
    case breakSenderDisk = "sender's disk fails"
    case breakReceiverDisk = "receiver's disk fails"
    case sendersPowerLoss = "sender's power lost"
    case receiversPowerLoss = "receiver's power lost"
    case refuseAtITBroker = "IT broker refuses"
    case stallITBroker = "IT broker stalls"

    /// How often each is drawn: kills most.
    var weight: Int {
        switch self {
        case .killSender, .killReceiver, .killITBroker: 4
        case .sendersPowerLoss, .receiversPowerLoss: 3
        case .restartOTBroker, .fillSenderDisk, .fillReceiverDisk, .breakSenderDisk, .breakReceiverDisk,
            .cutLink, .refuseAtITBroker, .stallITBroker:
            1
        }
    }

    /// Whether it ends a process at once, and so has to find records in flight.
    var isKill: Bool {
        switch self {
        case .killSender, .killReceiver, .killITBroker, .sendersPowerLoss, .receiversPowerLoss: true
        default: false
        }
    }

    /// How long before the event an acknowledgement of the IT broker may have come that is in doubt afterwards, so that its record
    /// may be published again: until the receiver has noted on its disk that it is settled.
    ///
    /// Marks are written every 50 ms and synced every second; the rest is a busy machine. Where only a connection ends, an answer
    /// can be on its way; and one that came early is in doubt with those before it, since the receiver settles in order.
    var doubtMilliseconds: UInt32 {
        switch self {
        case .killReceiver: 1_000
        case .receiversPowerLoss: 4_000
        case .killITBroker, .refuseAtITBroker, .stallITBroker: 1_000
        // What could not be written while the disk was full is in doubt at the next kill: see `Verdict`.
        case .fillReceiverDisk, .breakReceiverDisk: 4_000
        case .killSender, .sendersPowerLoss, .restartOTBroker, .cutLink, .fillSenderDisk, .breakSenderDisk: 0
        }
    }

    /// How long after its end the event still keeps the sender from writing what it sends, so that it is gone if the sender ends then: a
    /// disk is tried again each second. Nil: what was sent is written.
    var unwrittenMilliseconds: UInt32? {
        switch self {
        case .sendersPowerLoss: 0
        case .fillSenderDisk, .breakSenderDisk: 2_000
        default: nil
        }
    }

    /// - Parameter events: what can be drawn; not empty.
    static func draw(of events: [StormEvent], _ random: inout SeededGenerator) -> StormEvent {
        let tickets = events.flatMap { Array(repeating: $0, count: $0.weight) }
        return tickets.randomElement(using: &random) ?? .killSender
    }
}

/// An event that happened.
struct StormStrike: Sendable {
    let event: StormEvent
    /// In the time of the taps, from its beginning until all was mended.
    let from: UInt32
    let to: UInt32
    /// What was handed over and not acknowledged on the connection that a kill ended.
    let inFlight: Int

    /// A kill that found nothing: what it put in doubt is in doubt all the same.
    var isIdle: Bool { event.isKill && inFlight == 0 }
}
