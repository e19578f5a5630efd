import Foundation
import Glibc
import TestKit
import Threading
import Time

/// The pair between two brokers, with a tap on either side, a relay between and a disk of its own under each program.
final class StormPlant: Sendable {
    let ot: Broker
    let it: Broker
    let otTap: MQTTTap
    let itTap: MQTTTap
    let senderDisk: FaultyDisk
    let receiverDisk: FaultyDisk
    let pair: DiodePair
    private let lastRestart = Lock<ContinuousClock.Instant?>(nil)

    /// Nothing happened that had to happen by then.
    struct Stuck: Error, CustomStringConvertible {
        let description: String
    }

    init() async throws {
        // The OT broker keeps what the sender has not taken, also over an orderly restart. The IT broker is killed; what it forgets
        // then, the tap has seen acknowledged.
        ot = try await Broker.start(lines: Load.brokerLines, persistent: true)
        it = try await Broker.start(lines: Load.brokerLines)
        otTap = try MQTTTap(to: ot.port, .fromServer)
        itTap = try MQTTTap(to: it.port, .fromClient)
        var settings = DiodePair.Settings()
        settings.export = [Load.filter]
        settings.rate = "800Mbit/s"
        settings.sender = [
            "broker": "{ url: \"mqtt://127.0.0.1:\(otTap.port)\" }",
            "echo": "[\"300ms\", \"2s\"]", "journal": "{ min_free: \"0\", limit: \"64GiB\" }",
        ]
        settings.receiver = ["broker": "{ url: \"mqtt://127.0.0.1:\(itTap.port)\" }"]
        pair = try await DiodePair(ot: ot, it: it, settings)
        senderDisk = try FaultyDisk(folder: pair.folder.path)
        receiverDisk = try FaultyDisk(folder: pair.folder.path)
    }

    /// The sender's database.
    var journal: String { pair.folder.file("send.db") }

    func startSender(kill: FaultyDisk.Point? = nil) throws {
        try pair.startSender(environment: senderDisk.environment(kill: kill))
    }

    func startReceiver(kill: FaultyDisk.Point? = nil) throws {
        try pair.startReceiver(environment: receiverDisk.environment(kill: kill))
    }

    /// Waits until the condition holds.
    /// - Throws: `Stuck` with what the programs logged last.
    func require(_ what: String, within limit: Duration = .seconds(30), _ condition: () async throws -> Bool)
        async throws
    {
        guard try await !eventually(limit, condition) else { return }
        let sender = (try? await pair.status(.sender))?.output ?? "does not answer"
        let receiver = (try? await pair.status(.receiver))?.output ?? "does not answer"
        throw Stuck(
            description: """
                not within \(limit): \(what)
                tap at the OT broker: \(otTap.read { "\($0.handedOver) handed over, \($0.acknowledged) acknowledged" })
                tap at the IT broker: \(itTap.read { "\($0.handedOver) handed over, \($0.acknowledged) acknowledged" })
                status of the sender: \(sender)
                status of the receiver: \(receiver)
                sender: \(pair.sender?.errors.suffix(3_000) ?? "never started")
                receiver: \(pair.receiver?.errors.suffix(3_000) ?? "never started")
                """)
    }

    /// Starts programs again that could not begin on a disk that failed, as their units do (`Restart=always`, `RestartSec=1`). Whatever else a
    /// program ends of by itself is a failure.
    func restartWhatGaveUp() throws {
        for (child, start) in [
            (pair.sender, { try self.startSender() }), (pair.receiver, { try self.startReceiver() }),
        ] {
            guard let child, let exit = child.poll(), exit != .signal(SIGKILL) else { continue }
            guard exit == .code(1), child.errors.contains("database ") else {
                throw Stuck(description: "\(child.name) ended by itself: \(exit): \(child.errors.suffix(4_000))")
            }
            let isTime = lastRestart.withLock { last in
                guard last.map({ $0.duration(to: .now) > .seconds(1) }) ?? true else { return false }
                last = .now
                return true
            }
            if isTime { try start() }
        }
    }

    /// Waits until records pass through both taps that did not before.
    func requireProgress(within limit: Duration = .seconds(60)) async throws {
        let before = (otTap.read { $0.acknowledged }, itTap.read { $0.acknowledged })
        try await require("records pass", within: limit) {
            try restartWhatGaveUp()
            return otTap.read { $0.acknowledged } > before.0 && itTap.read { $0.acknowledged } > before.1
        }
    }

    /// Waits until nothing moves any more: nothing in flight, nothing new at either tap and in the outbox for two seconds.
    func requireQuiet(within limit: Duration = .seconds(120)) async throws {
        var last = [0, 0]
        var since = ContinuousClock.now
        try await require("all is quiet", within: limit) {
            try restartWhatGaveUp()
            let now = [otTap.read { $0.handedOver }, itTap.read { $0.acknowledged + $0.repeats.count }]
            let isMoving = now != last || otTap.inFlight > 0 || itTap.inFlight > 0
            last = now
            if isMoving { since = .now }
            guard since.duration(to: .now) > .seconds(2) else { return false }
            let report = try await pair.report()
            return report.total("outbox") == 0 && report.total("pending") == 0
        }
    }

    /// Databases that a program gave up.
    var damagedFiles: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: pair.folder.path)) ?? []
        return names.filter { $0.contains(".damaged-") }.sorted()
    }

    /// Ends both programs in order and the taps after them.
    func stop() async throws {
        try await pair.stop()
        otTap.stop()
        itTap.stop()
    }
}
