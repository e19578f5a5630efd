// Audit: what `diode-recv --audit` says, as values, and the four forms in which people and programs read it. No I/O, no
// clock: whoever has read the database fills in the values.
//
//   LinkAudit … ─▶ AuditReport ─▶ AuditFinding: what is wrong; AuditExit: the exit code that follows
//        ▲              ├─▶ JSON, for programs (the contract)      ├─▶ CSV, for spreadsheets
//   AuditPeriod         └─▶ table, for a terminal                  └─▶ HTML, one page that an auditor keeps
//
//   Values/ — what an audit states: totals, gaps, losses, the verdict
//   Periods/ — from when until when, and the account at both ends
//   Forms/ — the report as JSON, table, CSV and HTML page
