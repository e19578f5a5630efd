import Foundation
import TestKit
import Testing

/// The pair under a steady load of numbered records, with an echo schedule short enough to be waited for.
struct LoadedPlant {
    let ot: Broker
    let it: Broker
    let pair: DiodePair
    let collector: PythonClient
    let load: Load

    static let perSecond = 300

    /// Starts all of it and waits until records arrive.
    /// - Parameter echo: the sender's key; by default it reaches back five seconds.
    init(echo: String = "[\"500ms\", \"2s\", \"5s\"]") async throws {
        ot = try await Broker.start(lines: Load.brokerLines)
        it = try await Broker.start(lines: Load.brokerLines)
        var settings = DiodePair.Settings()
        settings.export = [Load.filter]
        settings.sender = ["echo": echo]
        pair = try await DiodePair(ot: ot, it: it, settings)
        collector = try await PythonClient.collector(on: it, filters: [Load.filter, "diode/#"])
        try await pair.start()
        load = try Load(port: ot.port, perSecond: Self.perSecond)
        try await requireProgress()
        try await pair.waitUntilAuditIsWell()
    }

    /// Waits until a record arrives that was published after now.
    func requireProgress() async throws {
        let number = load.count
        let arrives = await eventually(.seconds(20)) {
            arrivals.all.contains { $0.number > number && !$0.isAside }
        }
        try #require(arrives, "nothing new arrives: \(pair.sender?.errors ?? "")\(pair.receiver?.errors ?? "")")
    }

    var arrivals: NumberedArrivals { NumberedArrivals(collector.messages, link: pair.settings.link) }

    /// Waits until so many more records were published.
    func publish(_ count: Int) async {
        let end = load.count + count
        _ = await eventually(.seconds(30)) { load.count >= end }
    }

    /// Waits until the audit is content and everything that was published has arrived; nobody touches anything.
    /// - Returns: the audit then.
    func settled(_ timeout: Duration = .seconds(40)) async throws -> AuditAnswer {
        load.stop()
        var audit = try await AuditAnswer(pair)
        let settles = try await eventually(timeout) {
            audit = try await AuditAnswer(pair)
            return audit.exit == .code(0) && audit.total("outbox") == 0 && audit.replica("digest_matches") == true
                && audit.replica("it_matches") == true && arrivals.missing(below: load.count).isEmpty
        }
        #expect(
            settles,
            """
            \(audit), missing: \(arrivals.missing(below: load.count).prefix(10))
            sender: \(pair.sender?.errors.suffix(2_000) ?? "")
            receiver: \(pair.receiver?.errors.suffix(2_000) ?? "")
            """)
        return audit
    }

    /// What holds after every outage that healed: the account of each epoch adds up to what was published, no topic went back,
    /// late data says that it is late, and both brokers retain the same.
    func expectWhole(_ audit: AuditAnswer) async throws {
        #expect(audit.isBalanced)
        #expect(audit.total("missing") == 0 && audit.total("lost") == 0 && audit.total("pending") == 0, "\(audit)")
        #expect(audit.list("gaps").allSatisfy { $0["state"] as? String == "healed" }, "\(audit)")
        #expect(audit.list("losses").isEmpty, "\(audit)")
        let arrivals = arrivals
        #expect(arrivals.disorders == [])
        #expect(arrivals.unmarked(in: audit.list("gaps")).isEmpty)
        let plant = try await ot.retained(Load.filter)
        #expect(plant.count == Load.topicCount / 4)
        #expect(try await it.retained(Load.filter) == plant)
    }
}
