import TestKit

extension Incident {
    /// An account of which the program has another password than the broker.
    private static let users = ["diode": "secret"]
    private static let account = "username: 'diode', password_file: 'password'"

    private static func startWithWrongPassword(_ plant: IncidentPlant) throws {
        try plant.pair.folder.write("password", "wrong\n")
        try plant.pair.startReceiver()
        try plant.pair.startSender()
    }

    static let ofBrokers = [
        Incident(
            name: "OT broker down",
            happens: { plant in
                try await plant.pair.start()
                try await plant.ot.kill9()
            },
            isMended: { try await $0.ot.restart() }),
        Incident(
            name: "wrong password at the OT broker",
            order: {
                var order = IncidentPlant.Order()
                order.ot.users = users
                order.otAccount = account
                return order
            },
            happens: { try startWithWrongPassword($0) },
            isMended: { try $0.pair.folder.write("password", "secret\n") }),
        Incident(
            name: "expired certificate of the OT broker",
            order: {
                var order = IncidentPlant.Order()
                let certificates = try await Certificates(isExpired: true)
                order.ot.certificates = certificates
                order.otAccount = "ca: '\(certificates.authority)'"
                return order
            },
            happens: { plant in
                try plant.pair.startReceiver()
                try plant.pair.startSender()
            }),
        Incident(
            name: "IT broker down",
            happens: { plant in
                try await plant.pair.start()
                try await plant.it.kill9()
            },
            isMended: { try await $0.it.restart() }),
        Incident(
            name: "wrong password at the IT broker",
            order: {
                var order = IncidentPlant.Order()
                order.it.users = users
                order.itAccount = account
                return order
            },
            happens: { try startWithWrongPassword($0) },
            isMended: { try $0.pair.folder.write("password", "secret\n") }),
        Incident(
            name: "expired certificate of the IT broker",
            order: {
                var order = IncidentPlant.Order()
                let certificates = try await Certificates(isExpired: true)
                order.it.certificates = certificates
                order.itAccount = "ca: '\(certificates.authority)'"
                order.isWatched = false
                return order
            },
            happens: { plant in
                try plant.pair.startReceiver()
                try plant.pair.startSender()
            }),
        Incident(
            name: "mass deletion: the OT broker has lost its database",
            happens: { plant in
                try await plant.pair.start()
                for number in 1...5 { try await plant.ot.publish("acme/\(number)", "1", retain: true) }
                try await plant.settle()
                try await plant.ot.kill9()
                try await plant.ot.restart()
            }),
    ]
}
