import Foundation
import Glibc
import TestKit

extension Incident {
    static let ofTheLink = [
        Incident(
            name: "fibre cut",
            happens: { plant in
                try await plant.pair.start()
                plant.pair.relay?.faults.cut = true
            },
            isMended: { $0.pair.relay?.faults.cut = false }),
        Incident(
            name: "one of two diodes cut",
            order: {
                var order = IncidentPlant.Order()
                order.pair.secondPath = LinkFaults()
                return order
            },
            happens: { plant in
                try await plant.pair.start()
                try await plant.pair.waitUntilWell()
                plant.pair.secondRelay?.faults.cut = true
            },
            isMended: { $0.pair.secondRelay?.faults.cut = false }),
        Incident(
            name: "receive buffer too small",
            order: {
                var order = IncidentPlant.Order()
                order.pair.sender = ["echo": "['8s', '16s']", "snapshot": "{ period: '1h' }"]
                return order
            },
            happens: { plant in
                // Without the privilege the kernel gives what net.core.rmem_max allows.
                let isPrivileged = geteuid() == 0
                try plant.pair.startReceiver(
                    under: isPrivileged ? ["setpriv", "--bounding-set", "-net_admin"] : [])
                try plant.pair.startSender()
                try await plant.pair.waitUntilWell()
                // What was sent before anything was heard is put down to that.
                try await plant.ot.publish("acme/0", "1")
                let isHeard = try await eventually { try await AuditAnswer(plant.pair).total("delivered") == 1 }
                guard isHeard else { throw CommandFailed(description: "nothing arrived") }
                // A receiver that has no time for its socket: what fills the buffer is none of the sender's, what finds no room is.
                plant.pair.receiver?.send(SIGSTOP)
                defer { plant.pair.receiver?.send(SIGCONT) }
                let isFull = await eventually {
                    for _ in 0..<500 { plant.pair.relay?.inject([UInt8](repeating: 0, count: 1_000)) }
                    return receiveBufferDrops(plant.pair.receiverPort) > 0
                }
                guard isFull else { throw CommandFailed(description: "the receive buffer had room for all") }
                for number in 1...5 { try await plant.ot.publish("acme/\(number)", "1") }
                guard try await plant.pair.hasSent(6) else { throw CommandFailed(description: "it was not sent") }
            },
            isMended: { _ in }),
        Incident(
            name: "wrong card",
            happens: { plant in
                let folder = plant.pair.folder
                try FileManager.default.removeItem(atPath: folder.file("plant-a.key"))
                try FileManager.default.removeItem(atPath: folder.file("plant-a.card"))
                try await runSuccessfully([
                    Executable.path("diode-send"), "keygen", "--link", "plant-a", "--out", folder.path,
                ])
                try plant.pair.startReceiver()
                try plant.pair.startSender()
            }),
        Incident(
            name: "key in use revoked",
            happens: { plant in
                try await plant.pair.start()
                try await plant.pair.waitUntilWell()
                try await plant.pair.receiver?.terminate()
                try await runSuccessfully([
                    Executable.path("diode-recv"), "revoke", "--config", plant.pair.receiverConfiguration, "--link",
                    "plant-a", "--key", plant.pair.fingerprint, "--reason", "the appliance was stolen",
                ])
                try plant.pair.startReceiver()
            }),
        Incident(
            name: "receiver dead",
            happens: { plant in
                try await plant.pair.start()
                try await plant.pair.receiver?.kill9()
            },
            isMended: { try $0.pair.startReceiver() }),
    ]
}
