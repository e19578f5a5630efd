// Checks: what the command `check` tries before a daemon runs.
//
//   BrokerAccess.swift — the configured broker as settings of the MQTT client
//   BrokerProbe.swift — connects once and tells what the broker said
//   CheckReport.swift — one line a check
//   DaemonChecks.swift — the checks that both programs make
