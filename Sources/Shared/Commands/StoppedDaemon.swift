public import Control
internal import Glibc
internal import Threading

/// What a running daemon would not notice is done while there is none.
public enum StoppedDaemon {
    /// Takes the state, so that no daemon starts meanwhile. A folder that does not exist yet has no daemon.
    /// - Parameter command: what is to be done, for the message.
    public static func lock(
        _ state: String, _ program: String, to command: String
    ) throws(Program.Failure) -> StateLock? {
        do throws(ControlError) { return try StateLock(state: state) } catch {
            if case .cannotLock(_, let reason) = error, reason.code == ENOENT { return nil }
            throw Program.Failure("\(error); stop \(program), \(command), and start it again")
        }
    }
}
