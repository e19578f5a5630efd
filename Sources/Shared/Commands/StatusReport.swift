internal import Configuration
internal import Control
public import JSON

/// A daemon's answer to `status`: four objects, each with `state`, `since` and `reason`.
///
/// ```text
/// link       online    since 2026-11-21T09:31:02.120Z
/// ot_broker  offline   since 2026-11-21T09:32:40.001Z  cannot reach 127.0.0.1:1883: Connection refused
/// ```
public struct StatusReport: Sendable {
    /// The objects, in the order of a message's journey.
    public static let parts = ["link", "sender", "ot_broker", "it_broker"]
    /// What a daemon is asked.
    public static let request: JSONValue = ["command": "status"]

    private let answer: JSONValue

    /// - Parameter answer: what the daemon said.
    public init(_ answer: JSONValue) { self.answer = answer }

    /// Asks the daemon that runs on a state and prints what it says.
    /// - Returns: 0 well, 3 degraded, 4 stale or offline.
    /// - Throws: a failure, exit code 1, if no daemon answers.
    public static func show(state: String, asJSON: Bool) throws(Program.Failure) -> ExitCode {
        let answer: JSONValue
        do throws(ControlError) { answer = try ControlClient.ask(state: state, request) } catch {
            throw Program.Failure(error)
        }
        if let error = answer["error"]?.text { throw Program.Failure("the daemon answered: \(error)") }
        let report = StatusReport(answer)
        Terminal.write(asJSON ? answer.page + "\n" : report.page)
        return report.code
    }

    /// What the daemon says is the exit code; where it says nothing, the worst of the four counts, without what a side
    /// cannot know (`unknown`).
    public var code: ExitCode {
        if let code = answer["exit"]?.integer { return ExitCode(rawValue: Int32(clamping: code)) ?? .failure }
        let states = Self.parts.compactMap { answer[$0]?["state"]?.text }
        if states.contains(where: { $0 == "stale" || $0 == "offline" }) { return .lost }
        return states.contains("degraded") ? .degraded : .success
    }

    /// One line an object, and what else the daemon has to say.
    public var page: String {
        var page = ""
        for part in Self.parts {
            let state = answer[part]?["state"]?.text ?? "unknown"
            var line = Self.padded(part, 11) + Self.padded(state, 10)
            if let since = answer[part]?["since"]?.text { line += "since \(since)" }
            if let reason = answer[part]?["reason"]?.text, !reason.isEmpty {
                line += "  \(JSONValue.printable(reason))"
            }
            page += line.reversed().drop { $0 == " " }.reversed() + "\n"
        }
        if let advice = answer["advice"]?.text, !advice.isEmpty { page += "do: \(JSONValue.printable(advice))\n" }
        for case .text(let note) in answer["notes"]?.elements ?? [] { page += JSONValue.printable(note) + "\n" }
        return page
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }
}
