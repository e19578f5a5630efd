internal import Commands
internal import Control
internal import DiodeProtocol
internal import JSON

/// A command that changes something: the daemon that runs does it; where none does, the command itself, with the state locked.
enum OperatorRequest {
    /// - Returns: nil while a daemon has the state.
    static func lock(_ state: String) throws(Program.Failure) -> StateLock? {
        do throws(ControlError) { return try StateLock(state: state) } catch {
            guard case .stateInUse = error else { throw Program.Failure(error) }
            return nil
        }
    }

    /// Asks the daemon.
    /// - Parameter member: of its answer, with what it did in words.
    static func ask(_ request: JSONValue, expecting member: String, state: String) throws(Program.Failure) -> String {
        let answer: JSONValue
        do throws(ControlError) { answer = try ControlClient.ask(state: state, request) } catch {
            throw Program.Failure(error)
        }
        guard let words = answer[member]?.text else {
            throw Program.Failure(answer["error"]?.text ?? "the daemon did not understand: \(answer.line)")
        }
        return words
    }

    /// An option that must have the form of a fingerprint.
    static func fingerprint(_ invocation: Invocation, _ option: String) throws(UsageError) -> String? {
        guard let text = invocation.value(option) else { return nil }
        guard LinkCard.isFingerprint(text) else {
            throw UsageError("\(option): \"\(text)\" is no fingerprint; allowed: SHA256: and 43 characters of base64")
        }
        return text
    }
}
