// diode-recv: the command line of the receiver.
//
//   arguments ─▶ ReceiverLanguage ─▶ one of: Run, Pair, ReceiverCheck, Ack, Forget, Audit, status ─▶ exit code
//
//   1. ReceiverLanguage.swift — the commands and options of diode-recv
//   2. Run.swift — the daemon: receive, publish, drain
//   3. StatusReply.swift — the daemon's answer to `status`
//   4. Pair.swift — takes a link card that the operator has confirmed
//   5. ReceiverCheck.swift — tests what can be tested, and shows the effective configuration
//   6. OperatorRequest.swift — a command that changes something, by the daemon or without it
//   7. Ack.swift — accepts a loss, by name and reason
//   8. Forget.swift — clears what a removed link left
//   9. Audit.swift — reads the books, narrows them to a period, and says what they come to
import Commands
import Configuration
import EventLog
import Glibc
import ReceiverIT

@main
struct DiodeRecv {
    static func main() {
        let code = Program.run(CommandLine.arguments, as: ReceiverLanguage.language) { invocation in
            switch ReceiverLanguage.Name(rawValue: invocation.command) {
            case .audit: try Audit.run(invocation)
            case .pair: try Pair.run(invocation)
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
