// diode-send: the command line of the sender.
//
//   arguments ─▶ SenderLanguage ─▶ one of: Run, Keygen, CardIssue, Rotate, SenderCheck, AcceptDeletions, Resend, status ─▶ exit code
//
//   SenderLanguage.swift — the commands and options of diode-send
//   Run.swift — the daemon
//   Keygen.swift — a new key and its card
//   CardIssue.swift — a fresh card of the same key
//   Rotate.swift — a new key in place of the old one, which vouches for it
//   SenderCheck.swift — tests what can be tested, and shows the effective configuration
//   PolicyCheck.swift — what the export policy would do with one message
//   RunningCheck.swift — which topics the running sender would add and remove if it read the file now
//   AcceptDeletions.swift — releases deletions that are held
//   Resend.swift — repeats what the receiver misses
//   NeighbourTable.swift — what the kernel knows of the far side
internal import Commands
internal import Configuration
internal import Glibc
internal import SenderOT

@main
struct DiodeSend {
    static func main() {
        let code = Program.run(CommandLine.arguments, as: SenderLanguage.language) { invocation in
            switch SenderLanguage.Name(rawValue: invocation.command) {
            case .keygen: try Keygen.run(invocation)
            case .card: try CardIssue.run(invocation)
            case .rotate: try Rotate.run(invocation)
            case .check: try SenderCheck.run(invocation)
            case .status:
                try StatusReport.show(
                    state: SenderConfiguration(path: invocation.required("--config")).state.resolved,
                    asJSON: invocation.has("--json"))
            case .acceptDeletions: try AcceptDeletions.run(invocation)
            case .resend: try Resend.run(invocation)
            case .run, nil: try Run.run(invocation)
            }
        }
        exit(code.rawValue)
    }
}
