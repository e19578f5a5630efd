// Commands: what both command lines share, so that they behave as one.
//
//   arguments ─▶ CommandLineReader ─▶ Invocation ─▶ the command's own code ─▶ ExitCode
//                      ▲                                      │
//               CommandLanguage ─▶ HelpText                   └─▶ Terminal: answers out, complaints to standard error
//
//   1. ExitCode.swift — what a program says to its caller
//   2. ProgramVersion.swift — the version, in one place
//   3. CommandLanguage.swift — the commands and options of a program
//   4. Invocation.swift — what was asked, in the words of the language
//   5. CommandLineReader.swift — arguments into an invocation, or the reason why not
//   6. HelpText.swift — the language as a page to read
//   7. Terminal.swift — standard output and standard error
//   8. Program.swift — runs one command and ends with its exit code
// What several commands do:
//   9. WholeFile.swift — small files: read bounded, written whole or not at all
//  10. CardFile.swift — a link card on disk
//  11. BrokerAccess.swift — the configured broker as settings of the MQTT client
//  12. BrokerProbe.swift — connects once and tells what the broker said
//  13. CheckReport.swift — one line a check
//  14. DaemonChecks.swift — the checks that both programs make
//  15. StatusReport.swift — the daemon's answer as a page and an exit code
