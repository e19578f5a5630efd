// Checks: what the command `check` tries before a daemon runs.
//
//   BrokerAccess.swift — the configured broker as settings of the MQTT client
//   BrokerCaution.swift — what is unwise in how a broker is reached
//   BrokerProbe.swift — connects once and tells what the broker said
//   CheckReport.swift — one line a check
//   DaemonChecks.swift — the checks that both programs make
