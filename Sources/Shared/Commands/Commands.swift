// Commands: what both command lines share, so that they behave as one.
//
//   arguments ─▶ CommandLineReader ─▶ Invocation ─▶ the command's own code ─▶ ExitCode
//                      ▲                                      │
//               CommandLanguage ─▶ HelpText                   └─▶ Terminal: answers out, complaints to standard error
//
//   ExitCode.swift — what a program says to its caller
//   ProgramVersion.swift — the version, in one place
//   Language/ — the words of a command line: how they are defined, read and explained
//   Terminal.swift — standard output and standard error
//   Program.swift — runs one command and ends with its exit code
// What several commands do:
//   Checks/ — what the command `check` tries before a daemon runs
//   StoppedDaemon.swift — keeps a daemon away while files change that it reads at its start
//   StatusReport.swift — the daemon's answer as a page and an exit code
