internal import Commands
internal import Configuration
internal import Control
internal import JSON
internal import SenderOT
internal import SenderOTJournal

/// `diode-send accept-deletions`: releases deletions that are held, in the running daemon or at its next start.
enum AcceptDeletions {
    static let request: JSONValue = ["command": "accept-deletions"]

    static func run(_ invocation: Invocation) throws -> ExitCode {
        let configuration = try SenderConfiguration(path: invocation.required("--config"))
        let state = configuration.state.resolved
        if StateLock.isHeld(state: state) {
            let answer: JSONValue
            do throws(ControlError) {
                answer = try ControlClient.ask(state: state, request, timeout: .seconds(60))
            } catch { throw Program.Failure(error) }
            guard let count = answer["deleted"]?.integer else {
                throw Program.Failure("the daemon answered: \(answer["error"]?.text ?? answer.line)")
            }
            return Terminal.line("\(count) retained values are deleted") ? .success : .failure
        }
        let lock = try StateLock(state: state)
        defer { withExtendedLifetime(lock) {} }
        try SenderDatabase.acceptDeletions(state)
        return Terminal.line("the next start deletes what the OT broker retains no more") ? .success : .failure
    }

    /// What the daemon does.
    static func answer(_ service: SenderService, by peer: ControlPeer) -> JSONValue {
        ["deleted": .number(service.acceptDeletions(by: peer.description))]
    }
}
