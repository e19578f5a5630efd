internal import Commands
internal import Configuration
internal import KeyFiles
internal import MQTT
internal import SenderOT
internal import SenderOTCore
internal import Threading

/// `diode-send check --topic T --payload FILE`: what the export policy would do with one message.
enum PolicyCheck {
    static func judge(
        _ topic: String, payload path: String?, by configuration: SenderConfiguration, _ report: inout CheckReport
    ) throws {
        guard (1...65_535).contains(topic.utf8.count), !topic.utf8.contains(where: { "+#\0".utf8.contains($0) }) else {
            throw UsageError("--topic: \"\(topic)\" is no topic name; allowed: 1 to 65535 bytes without + # and NUL")
        }
        var payload: [UInt8]?
        if let path {
            do throws(SystemError) { payload = try WholeFile.read(path, maximumBytes: 256 << 20) } catch {
                throw Program.Failure("--payload \(path): \(error.reason)")
            }
        }
        let policy = configuration.policy
        let name = Array(topic.utf8)
        switch policy.ruling(on: name.span.bytes) {
        case .stays(let refusal): report.pass("export", "\(topic): stays: \(reason(refusal))")
        case .crosses(let passage):
            let rule = policy.rules[passage.rule]
            if let payload, let most = rule.maximumPayloadBytes, payload.count > most {
                let words = "the payload has \(payload.count) bytes, max_payload of export[\(passage.rule)] is \(most)"
                return report.pass("export", "\(topic): stays: \(words)")
            }
            let exported = policy.exportedTopic(of: name) ?? name
            let changed = exported == name ? "" : " as \(String(decoding: exported, as: UTF8.self))"
            report.pass("export", "\(topic): crosses by export[\(passage.rule)]\(changed)")
            explain(rule, isSparkplug: passage.isSparkplug, payload, &report)
            if let payload, payload.count > configuration.limits.record.bytes {
                report.note("limits", "it is numbered, shed and named: larger than limits.record")
            }
        }
    }

    /// On what terms it crosses.
    private static func explain(
        _ rule: ExportPolicy.Rule, isSparkplug: Bool, _ payload: [UInt8]?, _ report: inout CheckReport
    ) {
        guard !isSparkplug else {
            return report.note("sparkplug", "max_rate, deadband and prefix do not apply to Sparkplug topics")
        }
        if let interval = rule.interval {
            report.note("max_rate", "one each \(interval); of those that come between, the last waits for its turn")
        }
        guard let deadband = rule.deadband else { return }
        let field = deadband.field.map { " in \"\($0)\"" } ?? ""
        guard let payload else {
            return report.note(
                "deadband", "a number\(field) stays unless it differs by \(deadband.delta) from the last sent")
        }
        guard let number = deadband.number(in: payload.span.bytes) else {
            return report.note("deadband", "the payload has no number\(field): no deadband holds it back")
        }
        report.note("deadband", "\(number) stays unless it differs by \(deadband.delta) from the last sent")
    }

    private static func reason(_ refusal: ExportPolicy.Refusal) -> String {
        switch refusal {
        case .notExported: "no rule of export names it"
        case .brokerTopic: "it begins with $ and belongs to the broker"
        case .reservedForDiode: "diode/ is where the receiving side speaks for itself"
        case .commandOrState: "a Sparkplug command or host state never crosses"
        case .topicTooLong: "with the prefix of its rule the topic is longer than MQTT allows"
        case .tooLarge: "the payload is larger than max_payload of its rule"
        case .deadband: "the change is smaller than the deadband of its rule"
        case .overlap: "no rule of export names it"
        case .superseded: "a newer value took its place while it waited for max_rate"
        }
    }
}
