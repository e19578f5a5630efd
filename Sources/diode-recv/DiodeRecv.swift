// diode-recv: the command line of the receiver.
//
//   arguments ─▶ ReceiverLanguage ─▶ one of: Run, Keygen, Pair, Revoke, ReceiverCheck, Ack, Forget, Audit, status ─▶ exit code
//
//   ReceiverLanguage.swift — the commands and options of diode-recv
//   Run.swift — the daemon: receive, publish, drain
//   Status/ — gathers what the daemon knows of itself in one value, and makes the answer to `status` of it
//   Keygen.swift — a new seal key and its card
//   Pair.swift — takes a link card that the operator has confirmed
//   Revoke.swift — a key that is not followed any more
//   ReceiverCheck.swift — tests what can be tested, and shows the effective configuration
//   OperatorRequest.swift — a command that changes the store: the running daemon does it, or the command where none runs
//   Ack.swift — accepts a loss, by name and reason
//   Forget.swift — clears what a removed link left
//   Audit.swift — reads account and ledger, narrows them to a period, and prints what they say
internal import Commands
internal import Configuration
internal import EventLog
internal import Glibc
internal import ReceiverIT

@main
struct DiodeRecv {
    static func main() {
        let code = Program.run(CommandLine.arguments, as: ReceiverLanguage.language) { invocation in
            switch ReceiverLanguage.Name(rawValue: invocation.command) {
            case .audit: try Audit.run(invocation)
            case .pair: try Pair.run(invocation)
            case .revoke: try Revoke.run(invocation)
            case .keygen: try Keygen.run(invocation)
            case .ack: try Ack.run(invocation)
            case .forget: try Forget.run(invocation)
            case .check: try ReceiverCheck.run(invocation)
            case .status:
                try StatusReport.show(
                    state: ReceiverConfiguration(path: invocation.required("--config")).state.resolved,
                    asJSON: invocation.has("--json"))
            case .run, nil:
                try Run(
                    configuration: ReceiverConfiguration(path: invocation.required("--config")),
                    log: EventLog(format: invocation.logFormat())
                ).untilStopped()
            }
        }
        exit(code.rawValue)
    }
}
