import TestKit

extension Incident {
    static let ofDatabases = [
        Incident(
            name: "sender's database deleted",
            happens: { plant in
                try await plant.pair.start()
                try await plant.settle()
                try await plant.pair.sender?.kill9()
                try plant.remove("send.db")
                try plant.pair.startSender()
            },
            isMended: { try await $0.acknowledge() }),
        Incident(
            name: "sender's database restored from an older copy",
            happens: { plant in
                try await plant.pair.start()
                try await plant.settle()
                try await plant.stopSender()
                try plant.copy("send.db")
                try plant.pair.startSender()
                try await plant.settle()
                try await plant.stopSender()
                try plant.putBack("send.db")
                try plant.pair.startSender()
            },
            isMended: { try await $0.acknowledge() }),
        Incident(
            name: "receiver's database deleted",
            happens: { plant in
                try await plant.pair.start()
                try await plant.settle()
                try await plant.showHead()
                try await plant.stopReceiver()
                try plant.remove("recv.db")
                try plant.pair.startReceiver()
            },
            isMended: { try await $0.acknowledge() }),
        Incident(
            name: "receiver's database restored from an older copy",
            happens: { plant in
                try await plant.pair.start()
                try await plant.settle()
                try await plant.stopReceiver()
                try plant.copy("recv.db")
                try plant.pair.startReceiver()
                try await plant.settle()
                try await plant.showHead()
                try await plant.stopReceiver()
                try plant.putBack("recv.db")
                try plant.pair.startReceiver()
            },
            isMended: { try await $0.acknowledge() }),
    ]
}
