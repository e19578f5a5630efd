import Foundation
import TestKit

/// Everything that runs: brokers, pair, link, plant and collector. It ends with the object, however the demo ends.
final class Scene: Sendable {
    let pair: DiodePair
    let relay: LossyRelay
    let json: PythonClient
    let sparkplug: PythonClient
    let collector: PythonClient
    private let brokers: [Broker]

    init(_ options: Options, _ narrator: Narrator) async throws {
        for program in ["diode-send", "diode-recv"]
        where !FileManager.default.isExecutableFile(atPath: Executable.path(program)) {
            throw CommandFailed(description: "\(Executable.path(program)) is not there: `make demo` builds it")
        }
        narrator.say(
            """
            UNS Diode on this machine.

              plant -> OT broker -> diode-send -> link -> diode-recv -> IT broker -> collector
                                              (one way, may be hurt)
            """)
        narrator.title("Setting up")
        let ot = try await Broker.start(lines: ["max_queued_messages 0"])
        let it = try await Broker.start(lines: ["max_queued_messages 0"])
        brokers = [ot, it]
        narrator.say("two brokers: OT at 127.0.0.1:\(ot.port), IT at 127.0.0.1:\(it.port)")

        var settings = DiodePair.Settings()
        settings.seed = options.seed
        settings.sender = ["echo": "[\"5s\"]"]
        pair = try await DiodePair(ot: ot, it: it, settings)
        guard let relay = pair.relay else { throw CommandFailed(description: "the pair has no relay") }
        self.relay = relay
        narrator.say("a key pair for the link: \(pair.fingerprint)")
        narrator.say("its card carried to the receiver and compared (diode-recv pair)")
        collector = try await PythonClient.collector(on: it)
        try await pair.start()
        narrator.say("sender and receiver run, and both say that all is well")

        json = try await PythonClient.plant(
            on: ot, count: 0, seed: options.seed, rate: options.rate, options: ["--live"])
        sparkplug = try await PythonClient.edgeNode(on: ot, count: 0, rate: 10)
        narrator.say("a plant runs: \(Int(options.rate)) JSON messages a second, and a Sparkplug B edge node")
    }

    /// Messages that the plant published and its broker acknowledged, so far.
    var publishedCount: Int { json.messageCount + sparkplug.messageCount }

    /// The plant comes to rest.
    func stopPlant() async throws {
        try await json.stop()
        try await sparkplug.stop()
    }

    /// Ends the pair in order.
    func close() async throws { try await pair.stop() }
}
