import TestKit

extension Incident {
    static let ofDisks = [
        Incident(
            name: "receiver's disk full",
            happens: { plant in
                try plant.pair.startReceiver(environment: plant.disk.environment())
                try plant.pair.startSender()
                try await plant.pair.waitUntilWell()
                try plant.disk.fail(.full)
            },
            isMended: { try $0.disk.fail(nil) }),
        Incident(
            name: "sender's disk full",
            happens: { plant in
                try plant.pair.startReceiver()
                try plant.pair.startSender(environment: plant.disk.environment())
                try await plant.pair.waitUntilWell()
                try plant.disk.fail(.full)
                // What was freed before is used up.
                for number in 1...4 { try await plant.publish(bytes: 800_000, to: "acme/\(number)") }
            },
            isMended: { try $0.disk.fail(nil) }),
    ]
}
