import Commands
import SenderOT

/// `diode-send run`: the daemon.
enum Run {
    static func run(_ invocation: Invocation) throws -> ExitCode {
        _ = try SenderConfiguration(path: invocation.required("--config"))
        throw Program.Failure("run is not available in this version (\(ProgramVersion.number))")
    }
}
