import Foundation
import TestKit

extension Incident {
    private static let twoDays: Int64 = 2 * 86_400

    /// The clock of a sender that runs is set.
    private static func setClock(_ plant: IncidentPlant, aheadBy seconds: Int64) async throws {
        try plant.pair.startReceiver()
        try plant.pair.startSender(environment: plant.clock.environment)
        try await plant.settle()
        try plant.clock.set(aheadBy: seconds)
    }

    static let ofSenders = [
        Incident(
            name: "sender's clock two days ahead",
            happens: { try await setClock($0, aheadBy: twoDays) },
            isMended: { try $0.clock.set(aheadBy: 0) }),
        Incident(
            name: "sender's clock two days behind",
            happens: { try await setClock($0, aheadBy: -twoDays) },
            isMended: { try $0.clock.set(aheadBy: 0) }),
        Incident(
            name: "sender's clock set back, and its database deleted",
            happens: { plant in
                try plant.pair.startReceiver()
                let tomorrow = Int(Date().timeIntervalSince1970 * 1_000) + 86_400_000
                try plant.pair.startSender(["--epoch", String(tomorrow)])
                try await plant.pair.waitUntilWell()
                try await plant.stopSender()
                try plant.remove("send.db")
                try plant.pair.startSender()
            }),
        Incident(
            name: "two senders with one key",
            order: {
                var order = IncidentPlant.Order()
                order.pair.sender = ["echo": "['500ms', '6s']"]
                return order
            },
            happens: { plant in
                try await plant.pair.start()
                try await plant.settle()
                let clone = try plant.startClone()
                let isFound = try await eventually(.seconds(20)) {
                    try await plant.ot.publish("acme/a", "again")
                    return try await AuditAnswer(plant.pair).exit == .code(5)
                }
                guard isFound else { throw CommandFailed(description: plant.pair.receiver?.errors ?? "") }
                try await clone.terminate()
            }),
        Incident(
            name: "records outside of the link's own topics",
            order: {
                var order = IncidentPlant.Order()
                order.pair.receiverLink = "own: ['acme/own/#']"
                return order
            },
            happens: { plant in
                try await plant.pair.start()
                try await plant.ot.publish("acme/foreign", "1")
            },
            isMended: { try await $0.acknowledge() }),
    ]
}
