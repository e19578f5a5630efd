import Foundation
import TestKit

/// A pair between its two brokers, to which something happens, and what each place says of it.
final class IncidentPlant: Sendable {
    /// What is to be there before anything runs.
    struct Order: Sendable {
        var ot = Broker.Settings()
        var it = Broker.Settings()
        var pair = DiodePair.Settings()
        /// Keys of `broker` on either side, beside its address: `username: 'diode'`.
        var otAccount = ""
        var itAccount = ""
        /// Whether somebody subscribes to `diode/#` on the IT broker.
        var isWatched = true
    }

    let ot: Broker
    let it: Broker
    let pair: DiodePair
    let disk: FaultyDisk
    let clock: ShiftedClock
    /// A second folder, for copies of databases and for a second sender.
    let other: TemporaryDirectory
    private let told: Subscriber?

    init(_ order: Order) async throws {
        ot = try await Broker.start(order.ot)
        it = try await Broker.start(order.it)
        var settings = order.pair
        if !order.otAccount.isEmpty { settings.sender["broker"] = "{ url: '\(ot.url)', \(order.otAccount) }" }
        if !order.itAccount.isEmpty { settings.receiver["broker"] = "{ url: '\(it.url)', \(order.itAccount) }" }
        pair = try await DiodePair(ot: ot, it: it, settings)
        disk = try FaultyDisk(folder: pair.folder.path)
        clock = try ShiftedClock()
        other = try TemporaryDirectory("incident")
        told = order.isWatched ? try await it.subscribe("diode/#") : nil
    }

    // MARK: Steps of incidents

    /// Waits until a value of the plant is on the IT broker, and the audit can prove it: all that was said is heard.
    func settle() async throws {
        try await pair.waitUntilWell()
        try await ot.publish("acme/a", "1", retain: true)
        var audit = try await AuditAnswer(pair)
        let isSettled = try await eventually(.seconds(20)) {
            audit = try await AuditAnswer(pair)
            return audit.exit == .code(0) && audit.replica("digest_matches") == true && audit.total("delivered") > 0
        }
        guard isSettled else { throw CommandFailed(description: "\(audit)") }
    }

    /// Publishes so many bytes that nothing compresses.
    func publish(bytes: Int, to topic: String) async throws {
        let random = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/dev/urandom"))
        let file = other.file("payload")
        try random.read(upToCount: bytes)?.write(to: URL(fileURLWithPath: file))
        try random.close()
        try await runSuccessfully(
            ["mosquitto_pub", "-V", "mqttv5", "-q", "1", "-t", topic, "-f", file] + ot.clientOptions)
    }

    /// Waits until the receiver's newest head, signed, is retained on the IT broker.
    func showHead() async throws {
        let isShown = try await eventually(.seconds(20)) {
            let answer = try await pair.status(.receiver)
            let object = try? JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [String: Any]
            guard let head = object?["head"] as? String else { return false }
            return told?.messages.last { $0.topic == "diode/plant-a/head" }?.payload == Array(head.utf8)
        }
        guard isShown else { throw CommandFailed(description: "no head came to the IT broker") }
    }

    /// The files of a database.
    private func files(of database: String) -> [String] { ["", "-wal", "-shm"].map { database + $0 } }

    func remove(_ database: String) throws {
        for file in files(of: database) {
            try? FileManager.default.removeItem(atPath: pair.folder.file(file))
        }
    }

    /// Copies a database aside. Its program is stopped.
    func copy(_ database: String) throws {
        for file in files(of: database) where FileManager.default.fileExists(atPath: pair.folder.file(file)) {
            try FileManager.default.copyItem(atPath: pair.folder.file(file), toPath: other.file(file))
        }
    }

    /// Puts that copy back.
    func putBack(_ database: String) throws {
        try remove(database)
        for file in files(of: database) where FileManager.default.fileExists(atPath: other.file(file)) {
            try FileManager.default.copyItem(atPath: other.file(file), toPath: pair.folder.file(file))
        }
    }

    func stopSender() async throws { try await Self.stop(pair.sender) }
    func stopReceiver() async throws { try await Self.stop(pair.receiver) }

    private static func stop(_ child: Child?) async throws {
        guard let exit = try await child?.terminate(), exit == .code(0) else {
            throw CommandFailed(description: child?.errors ?? "never started")
        }
    }

    /// A second sender with the key of this one, at the same broker.
    func startClone() throws -> Child {
        try FileManager.default.copyItem(
            atPath: pair.folder.file("plant-a.key"), toPath: other.file("plant-a.key"))
        let text = try String(contentsOfFile: pair.senderConfiguration, encoding: .utf8)
        let broker = "{ url: \"\(ot.url)\""
        try other.write("send.json5", text.replacingOccurrences(of: broker, with: "\(broker), client_id: \"clone\""))
        return try Child([Executable.path("diode-send"), "run", "--config", other.file("send.json5")])
    }

    /// Accepts everything that the audit says nobody has accepted.
    func acknowledge() async throws {
        let audit = try await AuditAnswer(pair)
        let losses = audit.list("losses").filter { $0["acknowledged"] as? Bool != true }.compactMap {
            $0["id"] as? String
        }
        let named = audit.words.matches(of: /(equivocation|alteration)-[0-9]+/).map { String($0.output.0) }
        for name in Set(losses + named) {
            _ = try await run([
                Executable.path("diode-recv"), "ack", name, "--config", pair.receiverConfiguration,
                "--by", "the operator", "--reason", "a test",
            ])
        }
    }

    // MARK: What is said

    /// What each place says now, and what of it is not as the row has it; nil where all is.
    func difference(from row: IncidentTable.Row) async throws -> String? {
        var found: [String] = []
        func expect(_ holds: Bool, _ place: String, _ words: String) {
            if !holds { found.append("\(place): \(words)") }
        }
        func has(_ words: String) -> Bool { words.contains(row.reason) && words.contains(row.advice) }
        let sender = try await pair.status(.sender)
        expect(sender.exit == .code(row.senderExit), "the sender's status", "\(sender.exit): \(sender.output)")
        expect(sender.succeeded || Self.saysWhy(sender.output), "the sender's status", sender.output)
        if let state = row.state {
            let (words, exit) = try await LinkWords.status(pair)
            expect(
                words.state == state && exit == .code(row.receiverExit) && has(words.description), "status",
                "\(exit): \(words)")
            let log = pair.receiver?.errors ?? ""
            expect(log.contains("link.\(state)") && has(log), "log", String(log.suffix(1_500)))
        } else {
            let status = try await pair.status(.receiver)
            expect(status.exit == .code(row.receiverExit), "status", "\(status.exit): \(status.output)")
        }
        switch row.retained {
        case .same(let state):
            let words = told.flatMap { LinkWords.retained($0).last }
            expect(
                words?.state == state && has(words?.description ?? ""), "retained", words?.description ?? "nothing")
        case .will:
            let words = told.flatMap { LinkWords.retained($0).last }
            expect(
                words?.state == "offline" && words?.advice.isEmpty == false, "retained",
                words?.description ?? "nothing")
        case .unreadable: break
        }
        let audit = try await AuditAnswer(pair)
        expect(audit.exit == .code(row.auditExit) && has(audit.words), "audit", "\(audit.exit): \(audit.words)")
        return found.isEmpty ? nil : found.joined(separator: "\n    ")
    }

    /// Whether a part of the sender that is not well says why.
    private static func saysWhy(_ output: String) -> Bool {
        let answer = try? JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any]
        return ["link", "sender", "ot_broker"].compactMap { answer?[$0] as? [String: String] }.contains {
            $0["state"] != "online" && $0["reason"]?.isEmpty == false
        }
    }

    /// What is not well, although it should be: status, retained status and audit.
    func trouble() async throws -> String? {
        let (words, exit) = try await LinkWords.status(pair)
        let audit = try await AuditAnswer(pair)
        let retained = told.flatMap { LinkWords.retained($0).last }
        let isWell =
            exit == .code(0) && audit.exit == .code(0) && (told == nil || retained?.state == "online")
        guard try await pair.status(.sender).succeeded, isWell else {
            let shown = retained?.description ?? "nothing"
            return "status \(exit): \(words); audit \(audit.exit): \(audit.words); retained \(shown)"
        }
        return nil
    }
}
