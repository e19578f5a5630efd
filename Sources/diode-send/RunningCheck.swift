internal import Collections
internal import Commands
internal import Configuration
internal import Control
internal import JSON
internal import MQTT
internal import MQTTProtocol
internal import SenderOT
internal import SenderOTCore
internal import Threading

/// `diode-send check --against-running`: which topics the file would add and remove if the daemon read it now.
enum RunningCheck {
    /// The longest that reading the retained set may take.
    private static let patience = Duration.seconds(120)

    static func compare(_ configuration: SenderConfiguration, _ report: inout CheckReport) throws {
        let answer: JSONValue
        do throws(ControlError) {
            answer = try ControlClient.ask(
                state: configuration.state.resolved, SenderService.comparisonRequest(configuration),
                timeout: .seconds(60))
        } catch { throw Program.Failure(error) }
        guard let rules = answer["export"], let removed = sample(answer["removed"]), let moved = sample(answer["added"])
        else { throw Program.Failure("the daemon answered: \(answer["error"]?.text ?? answer.line)") }
        let running = ExportPolicy(
            rules: try SenderConfiguration.rules(of: rules), sparkplugNamespaces: configuration.sparkplug.namespaces)
        report.pass("removed", "\(removed.count) topics would be deleted on the IT side")
        let added = Lock(moved)
        let failure = try fetch(configuration) { topic in
            let old = running.exportedTopic(of: topic)
            guard let new = configuration.policy.exportedTopic(of: topic), new != old else { return }
            added.withLock { $0.add(new) }
        }
        let found = added.withLock { $0 }
        if let failure {
            report.fail("added", "the retained topics of the OT broker cannot be read: \(failure)")
        } else {
            report.pass(
                "added", "\(found.count) topics would be new: held or retained; others show when they are published")
        }
        for (what, topics) in [("removed", removed), ("added", found)] {
            for name in topics.names { report.note(what, name) }
            if topics.count > topics.names.count { report.note(what, "… \(topics.count - topics.names.count) more") }
        }
    }

    private static func sample(_ value: JSONValue?) -> TopicSample? {
        guard let value, let count = value["count"]?.integer, let names = value["topics"]?.elements else { return nil }
        return TopicSample(count: Int(count), names: names.compactMap(\.text))
    }

    /// Shows every topic that the OT broker retains and the file exports.
    /// - Returns: why not all of them could be read; nil if they could.
    private static func fetch(
        _ configuration: SenderConfiguration, _ body: @escaping @Sendable ([UInt8]) -> Void
    ) throws -> String? {
        let filters = configuration.policy.subscriptions
        guard !filters.isEmpty else { return nil }
        var settings = try ConnectionSettings(configuration.broker)
        settings.clientIdentifier = ""
        settings.cleanStart = true
        settings.sessionExpiry = .zero
        let done = try Wakeup()
        let outcome = Lock<RetainedSetReport?>(nil)
        let fetcher = try RetainedSetFetcher(
            settings, filters: filters,
            received: { message in
                if case .malformed? = message.loss { return }
                body([UInt8](copying: message.topic))
            },
            finished: { report in
                outcome.withLock { $0 = report }
                done.signal()
            })
        try fetcher.start()
        done.wait(timeout: patience)
        fetcher.stop()
        guard let report = outcome.withLock({ $0 }) else { return "no end after \(patience)" }
        return report.failure.map { "\($0)" }
    }
}
